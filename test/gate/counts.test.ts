import { describe, expect, it } from "vitest";
import { addCounts, countsLine, parseCounts } from "./counts.ts";

describe("counts", () => {
  it("names the skipped only when there are some", () => {
    expect(countsLine({ passed: 3, failed: 0, skipped: 0 })).toBe("3 passed, 0 failed");
    expect(countsLine({ passed: 3, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped");
  });

  it("takes the last line of a run and nothing that only looks like one", () => {
    const output = "1 passed, 0 failed\nTests  9 passed, 9 failed (18)\n\n4 passed, 2 failed, 1 skipped\n";
    expect(parseCounts(output)).toEqual({ passed: 4, failed: 2, skipped: 1 });
  });

  it("is null for a run that ended without a line", () => {
    expect(parseCounts("Segmentation fault")).toBeNull();
  });

  it("adds up field by field", () => {
    const sum = addCounts({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 });
    expect(sum).toEqual({ passed: 11, failed: 22, skipped: 33 });
  });
});
