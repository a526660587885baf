import { describe, expect, it } from "vitest";
import { markBytes, MarkedReader, strayByte } from "./marked-bytes.ts";

describe("Marked bytes", () => {
  it("are the same however they are cut", () => {
    const whole = new Uint8Array(1_000);
    markBytes(whole, 7, 0);
    for (const cut of [1, 2, 3, 4, 5, 499]) {
      const rest = new Uint8Array(1_000 - cut);
      markBytes(rest, 7, cut);
      expect(Buffer.from(rest).equals(whole.subarray(cut))).toBe(true);
      expect(strayByte(whole.subarray(cut), 7, cut)).toBe(-1);
    }
  });

  it("are told from those of another owner and of another place", () => {
    const bytes = new Uint8Array(64);
    markBytes(bytes, 7, 0);
    expect(strayByte(bytes, 8, 0)).toBe(0);
    expect(strayByte(bytes, 7, 64)).toBe(64);
  });

  it("show a single changed byte to who reads them in pieces", () => {
    const bytes = new Uint8Array(300);
    markBytes(bytes, 3, 0);
    bytes[217]! ^= 1;
    const reader = new MarkedReader(3);
    for (let at = 0; at < 300; at += 50) reader.read(bytes.subarray(at, at + 50));
    expect([reader.length, reader.stray]).toEqual([300, 217]);
  });
});
