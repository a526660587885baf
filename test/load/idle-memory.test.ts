import { describe, expect, it } from "vitest";
import { idleCost } from "./idle-memory.ts";

describe("An idle connection", () => {
  it("costs at most 8 KB, also after a request", async () => {
    const { connections, heapBytes } = await idleCost(1_000);
    expect(connections).toBe(1_000);
    expect(heapBytes).toBeLessThan(8_192);
  });
});
