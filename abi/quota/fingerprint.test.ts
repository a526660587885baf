import { describe, expect, it } from "vitest";
import { fingerprint, takeFingerprint } from "./fingerprint.ts";

const SECRET = { low: 0x03020100, high: 0x07060504 };

function hexOf(length: number): string {
  takeFingerprint(
    Uint8Array.from({ length }, (_, i) => i),
    SECRET,
  );
  const bytes = Buffer.alloc(8);
  bytes.writeInt32LE(fingerprint.low, 0);
  bytes.writeInt32LE(fingerprint.high, 4);
  return bytes.toString("hex");
}

describe("takeFingerprint", () => {
  // The first of the algorithm's published vectors for 64 bits: the bytes 0, 1, 2, … under the key 0, 1, … 7.
  it.each([
    [0, "218d1f59b9b83cc8"],
    [1, "be552412f8387315"],
    [2, "064f39ef7c50eb57"],
    [3, "ce0f1a45f7060679"],
    [4, "d5e78a175be52ea1"],
    [5, "cb9d7c3f2f3db580"],
  ])("of %d bytes is what the reference says", (length, hex) => {
    expect(hexOf(length)).toBe(hex);
  });
});
