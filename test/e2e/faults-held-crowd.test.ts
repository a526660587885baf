// Many connections through reloads: `npm run load -- held-crowd` is the same with 10,000 for a minute.

import { describe, expect, it } from "vitest";
import { holdCrowd } from "../load/held-crowd-run.ts";

describe("A thousand kept connections", () => {
  it("outlive reloads and are served by the last revision", async () => {
    const { lost, reloads, spread } = await holdCrowd({ connections: 1_000, seconds: 2, workers: 2 });
    expect(lost).toBe(0);
    expect(reloads).toBeGreaterThan(0);
    expect(spread.reduce((sum, count) => sum + count, 0)).toBe(1_000);
  });
});
