import { describe, expect, it } from "vitest";

import { describeCores, planCores } from "./core-plan.ts";

describe("planCores", () => {
  it.each([
    { available: 2, proxy: [0], load: [1] },
    { available: 3, proxy: [0], load: [1] },
    { available: 4, proxy: [0, 1], load: [2, 3] },
    { available: 64, proxy: [0, 1], load: [2, 3] },
  ])("keeps proxy and load apart on $available cores", ({ available, proxy, load }) => {
    expect(planCores(available)).toEqual({ proxy, load });
  });

  it("refuses one core, where the load would measure itself", () => {
    expect(() => planCores(1)).toThrow("needs two cores");
  });

  it("says in words what was measured", () => {
    expect(describeCores(planCores(2))).toBe("one worker on core 0, load and origin on core 1");
    expect(describeCores(planCores(4))).toBe("2 workers on core 0 and 1, load and origin on core 2 and 3");
  });
});
