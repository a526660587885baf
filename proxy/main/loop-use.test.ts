import { describe, expect, it } from "vitest";
import { LOOP_SAMPLES_KEPT, LOOP_SAMPLE_MS } from "./limits.ts";
import { LoopUse } from "./loop-use.ts";

describe("LoopUse", () => {
  it("tells the share of the last samples, not of the thread's whole life", () => {
    let times = { idle: 0, active: 1_000_000 };
    const use = new LoopUse(() => times);
    expect(use.share).toBeNull();
    for (let sample = 0; sample <= LOOP_SAMPLES_KEPT; sample++) {
      use.look(sample * LOOP_SAMPLE_MS);
      use.look(sample * LOOP_SAMPLE_MS + 1);
      times = { idle: times.idle + 300, active: times.active + 100 };
    }
    expect(use.share).toBe(0.25);
    times = { idle: times.idle, active: times.active + 400 * LOOP_SAMPLES_KEPT };
    expect(use.share).toBe(0.625);
  });
});
