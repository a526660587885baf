import { describe, expect, it } from "vitest";
import { NEVER_EJECTED, ejectedOnce, isEjected, mayEject } from "./ejection.ts";

const CONFIG = {
  consecutive5xx: 5,
  consecutiveGatewayFailures: 5,
  ejectionTimeMs: 1_000,
  ejectionTimeMaxMs: 2_500,
  ejectedPercentMax: 50,
};

describe("an ejection", () => {
  it("lasts longer each time, up to the bound", () => {
    let ejection = NEVER_EJECTED;
    const lasted = Array.from({ length: 4 }, () => {
      const nowMs = Number.isFinite(ejection.untilMs) ? ejection.untilMs : 0;
      ejection = ejectedOnce(ejection, CONFIG, nowMs);
      return ejection.untilMs - nowMs;
    });
    expect(lasted).toEqual([1_000, 2_000, 2_500, 2_500]);
    expect(ejection.total).toBe(4);
  });

  it("is over at its time", () => {
    const ejection = ejectedOnce(NEVER_EJECTED, CONFIG, 5_000);
    expect([isEjected(NEVER_EJECTED, 0), isEjected(ejection, 5_999), isEjected(ejection, 6_000)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it("is forgotten as long as it lasted in calm", () => {
    const second = ejectedOnce(ejectedOnce(NEVER_EJECTED, CONFIG, 0), CONFIG, 1_000);
    expect(second.inRow).toBe(2);
    expect(ejectedOnce(second, CONFIG, second.untilMs + 999).inRow).toBe(3);
    expect(ejectedOnce(second, CONFIG, second.untilMs + 1_000).inRow).toBe(2);
    expect(ejectedOnce(second, CONFIG, second.untilMs + 60_000).inRow).toBe(1);
  });

  it("never takes the last endpoint, nor more than a share of them, but one at least", () => {
    const ejectable = (all: number, percent: number): number => {
      let ejected = 0;
      while (mayEject(ejected, all, percent)) ejected++;
      return ejected;
    };
    expect([1, 2, 3, 4, 10].map((all) => ejectable(all, 50))).toEqual([0, 1, 1, 2, 5]);
    expect([1, 2, 3, 4, 10].map((all) => ejectable(all, 100))).toEqual([0, 1, 2, 3, 9]);
    expect([2, 10, 20].map((all) => ejectable(all, 10))).toEqual([1, 1, 2]);
    expect(ejectable(10, 0)).toBe(0);
  });
});
