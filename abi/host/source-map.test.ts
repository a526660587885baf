import { describe, expect, it } from "vitest";
import { readSourceMap } from "./source-map.ts";

const map = (mappings: string, sources = ["a.ts", "b.ts"]): string => JSON.stringify({ version: 3, sources, mappings });

describe("readSourceMap", () => {
  // 0 → a.ts:1, +16 → b.ts:11 (source +1, line +10), +5 → b.ts:9 (line -2)
  const place = readSourceMap(map("AAAA,gBCUA,KAFA"))!;

  it.each([
    { offset: 0, shown: "a.ts:1" },
    { offset: 15, shown: "a.ts:1" },
    { offset: 16, shown: "b.ts:11" },
    { offset: 20, shown: "b.ts:11" },
    { offset: 21, shown: "b.ts:9" },
    { offset: 99_999, shown: "b.ts:9" },
  ])("places offset $offset at $shown", ({ offset, shown }) => {
    expect(place(offset)).toBe(shown);
  });

  it("places nothing before the first segment", () => {
    expect(readSourceMap(map("gBAAA"))!(3)).toBeNull();
  });

  it.each(["", "{", "null", "[]", '{"mappings":7,"sources":[]}', '{"mappings":"AAAA"}'])("refuses %j", (text) => {
    expect(readSourceMap(text)).toBeNull();
  });

  it.each(["?!", "A,,A", "ACCA"])("places nothing by the mappings %j", (mappings) => {
    expect(readSourceMap(map(mappings, []))!(5)).toBeNull();
  });
});
