import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOST, normaliseHost } from "./host.ts";

function normalised(host: string): string | null {
  const bytes = Buffer.from(`<${host}>`, "latin1");
  const out = new Uint8Array(bytes.length);
  const length = normaliseHost(bytes, 1, bytes.length - 1, out, 80);
  if (length === HOST.refused) return null;
  return length === HOST.unchanged ? host : Buffer.from(out.subarray(0, length)).toString("latin1");
}

describe("normaliseHost", () => {
  it.each([
    ["a.test", "a.test"],
    ["A.Test", "a.test"],
    ["a.test.", "a.test"],
    ["a.test:80", "a.test"],
    ["a.test.:80", "a.test"],
    ["a.test.:8080", "a.test:8080"],
    ["a.test:443", "a.test:443"],
    ["localhost", "localhost"],
    ["my_app", "my_app"],
    ["127.0.0.1:8080", "127.0.0.1:8080"],
    ["[::1]", "[::1]"],
    ["[::1]:80", "[::1]"],
    ["[2001:DB8::1]:8080", "[2001:db8::1]:8080"],
  ])("makes %s to %s", (host, wanted) => {
    expect(normalised(host)).toBe(wanted);
  });

  it.each([
    "",
    ".",
    "..",
    "a..b",
    ".a",
    "a.test..",
    "a.test:",
    "a.test:x",
    "a.test:080",
    "a.test:65536",
    "a.test:800000",
    "a.test:80:80",
    "u@a.test",
    "a.test/x",
    "a%2etest",
    "a b",
    "a.test\t",
    "\xe4.test",
    "[]",
    "[::1",
    "[::1]x",
    "[::g]",
    "a.test,b.test",
    `${"a".repeat(300)}`,
  ])("refuses %j", (host) => {
    expect(normalised(host)).toBeNull();
  });

  it("leaves nothing to normalise, and never reads past its ends", () => {
    const byte = fc.constantFrom("a", "B", "1", "-", ".", ":", "8", "0", "[", "]", "_", "@");
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 12 }), (bytes) => {
        const once = normalised(bytes.join(""));
        if (once !== null) expect(normalised(once)).toBe(once);
      }),
    );
  });
});
