import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalisePath, PATH } from "./path.ts";

/** The normalised path, or null when it is refused. */
function normalised(path: string): string | null {
  const bytes = Buffer.from(`<${path}>`, "latin1");
  const out = new Uint8Array(bytes.length);
  const length = normalisePath(bytes, 1, bytes.length - 1, out);
  if (length === PATH.refused) return null;
  return length === PATH.unchanged ? path : Buffer.from(out.subarray(0, length)).toString("latin1");
}

describe("normalisePath", () => {
  it.each([
    ["/", "/"],
    ["/a/b", "/a/b"],
    ["/a/./b", "/a/b"],
    ["/a/../b", "/b"],
    ["/a/..", "/"],
    ["/a/.", "/a/"],
    ["/a/b/..", "/a/"],
    ["/..", "/"],
    ["/../../a", "/a"],
    ["//a///b//", "/a/b/"],
    ["//..//a", "/a"],
    ["/a//../b", "/b"],
    ["/%61%2D%2e%5F%7E", "/a-._~"],
    ["/a/%2e%2E/b", "/b"],
    ["/a/.%2e/b", "/b"],
    ["/%252e%252e/a", "/%252e%252e/a"],
    ["/%c3%a4", "/%C3%A4"],
    ["/%f0%9f%98%80", "/%F0%9F%98%80"],
    ["/...", "/..."],
    ["/.a/..b", "/.a/..b"],
    ["/a.", "/a."],
    ["/a..;/b", "/a..;/b"],
    ["/...;/b", "/...;/b"],
    ["/a;../b", "/a;../b"],
    ["/a?b", "/a?b"],
    ["/a/../b?x=/../y//%2F%zz", "/b?x=/../y//%2F%zz"],
    ["/?", "/?"],
    ["/a|b", "/a|b"],
  ])("makes %s to %s", (path, wanted) => {
    expect(normalised(path)).toBe(wanted);
  });

  it.each([
    ["", "nothing"],
    ["a", "no slash first"],
    ["/a%2Fb", "an encoded slash"],
    ["/a%2fb", "an encoded slash"],
    ["/a%5Cb", "an encoded backslash"],
    ["/a/..;/b", "a dot segment with a parameter"],
    ["/a/.;x=y/b", "a dot with one"],
    ["/a/%2e.;/b", "the same in codes"],
    ["/a/..%3Bx", "the same with an encoded semicolon"],
    ["/..;", "the same at the end"],
    ["/a\\b", "a backslash"],
    ["/a%00", "an encoded NUL"],
    ["/a\0", "NUL"],
    ["/a#b", "a fragment"],
    ["/a?b#c", "a fragment behind the query"],
    ["/a%", "half a code"],
    ["/a%4", "half a code"],
    ["/a%4?1", "a code that the query cuts"],
    ["/a%zz", "no hex"],
    ["/a%-1", "no hex"],
    ["/%c3(", "half a character"],
    ["/%c3", "half a character at the end"],
    ["/%c3?x", "half a character before the query"],
    ["/%80", "a character without a beginning"],
    ["/%c0%af", "an overlong slash"],
    ["/%e0%80%af", "a longer overlong slash"],
    ["/%ed%a0%80", "a surrogate"],
    ["/%f4%90%80%80", "a character past the last"],
    ["/\xe4", "a raw byte beyond ASCII"],
    ["/a b", "a space"],
    ["/a?b c", "a space in the query"],
  ])("refuses %j: %s", (path) => {
    expect(normalised(path)).toBeNull();
  });

  const piece = fc.constantFrom(
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2E",
    "a",
    "b",
    "%41",
    "%7e",
    "%c3%a4",
    "%25",
    ";",
    "~",
    "x.y",
  );
  const anyPath = fc.array(piece, { maxLength: 24 }).map((pieces) => `/${pieces.join("")}`);

  it("leaves nothing to normalise", () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        const once = normalised(path);
        if (once === null) return;
        expect(normalised(once)).toBe(once);
        expect(once).not.toMatch(/\/\/|\/\.\.?(\/|$)|%2e|%41|%7e/i);
        expect(once.length).toBeLessThanOrEqual(path.length);
      }),
    );
  });

  it("agrees with decoding first and resolving segments afterwards", () => {
    fc.assert(
      fc.property(anyPath, (path) => {
        expect(normalised(path)).toBe(naive(path));
      }),
    );
  });

  it("passes a query byte for byte", () => {
    fc.assert(
      fc.property(anyPath, fc.stringMatching(/^[!$-~]{0,20}$/), (path, query) => {
        const wanted = naive(path);
        expect(normalised(`${path}?${query}`)).toBe(wanted === null ? null : `${wanted}?${query}`);
      }),
    );
  });

  it("never reads or writes past its ends, whatever it is given", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (raw) => {
        const path = `/${Buffer.from(raw).toString("latin1")}`;
        const result = normalised(path);
        if (result !== null) expect(normalised(result)).toBe(result);
      }),
    );
  });
});

function naive(path: string): string | null {
  const decoded = path
    .replace(/%([0-9a-f]{2})/gi, (code: string, hex: string) => {
      const char = String.fromCharCode(Number.parseInt(hex, 16));
      return /[\w.~-]/.test(char) ? char : code.toUpperCase();
    })
    .replace(/\/+/g, "/");
  const segments: string[] = [];
  const parts = decoded.slice(1).split("/");
  if (parts.some((part) => /^\.\.?(;|%3B)/.test(part))) return null;
  parts.forEach((part, i) => {
    const isLast = i === parts.length - 1;
    if (part === "..") segments.pop();
    else if (part !== ".") segments.push(part);
    if (isLast && (part === "." || part === "..")) segments.push("");
  });
  return `/${segments.join("/")}`.replace(/\/+/g, "/");
}
