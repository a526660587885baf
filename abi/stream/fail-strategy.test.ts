import { describe, expect, it } from "vitest";
import { CAUSE, FAIL_OPEN_DEFAULT, causeMask } from "./cause.ts";
import type { CauseName } from "./cause.ts";
import { decideFailure } from "./fail-strategy.ts";

const CLOSE = 0;

describe("decideFailure", () => {
  const causes = Object.keys(CAUSE) as CauseName[];

  it.each(causes)("FAIL_CLOSE and %s: reply before headers were sent, reset after", (cause) => {
    const failure = { cause: CAUSE[cause], failOpen: CLOSE, dryRun: false, isNeeded: true };
    expect(decideFailure({ ...failure, isResponseHeadSent: false })).toBe("reply");
    expect(decideFailure({ ...failure, isResponseHeadSent: true })).toBe("reset");
  });

  it.each(causes)("FAIL_OPEN without failOpenOn and %s: only what a request cannot bring about is skipped", (cause) => {
    const decision = decideFailure({
      cause: CAUSE[cause],
      failOpen: FAIL_OPEN_DEFAULT,
      dryRun: false,
      isNeeded: true,
      isResponseHeadSent: false,
    });
    expect(decision).toBe(cause === "notLoaded" || cause === "backend" ? "skip" : "reply");
  });

  it.each(causes)("FAIL_OPEN on every cause and %s: skip, whatever was sent", (cause) => {
    const failure = { cause: CAUSE[cause], failOpen: causeMask(causes), dryRun: false, isNeeded: true };
    expect(decideFailure({ ...failure, isResponseHeadSent: false })).toBe("skip");
    expect(decideFailure({ ...failure, isResponseHeadSent: true })).toBe("skip");
  });

  it.each(causes)("dry run and %s: skip", (cause) => {
    const failure = { cause: CAUSE[cause], failOpen: CLOSE, dryRun: true, isNeeded: true, isResponseHeadSent: false };
    expect(decideFailure(failure)).toBe("skip");
  });

  it.each(causes)("nothing still to come and %s: only recorded", (cause) => {
    const failure = { cause: CAUSE[cause], failOpen: CLOSE, dryRun: false, isNeeded: false, isResponseHeadSent: true };
    expect(decideFailure(failure)).toBe("ignore");
  });
});
