import { describe, expect, it } from "vitest";
import { Chain } from "./chain.ts";
import type { ChainSlot } from "./chain.ts";
import { SLOTS_MAX } from "./limits.ts";

function slot(index: number): ChainSlot {
  return {
    name: `s${index}`,
    index,
    revisions: [
      { plugin: null, filter: "f", version: "v", revision: "r", notLoaded: "not there", requiresCheck: false },
    ],
    split: null,
    failOpen: 0,
    dryRun: false,
    bodyWhilePaused: false,
  };
}

const slots = (count: number): ChainSlot[] => Array.from({ length: count }, (_, index) => slot(index));

describe("Chain", () => {
  it("masks slots by name", () => {
    const chain = new Chain(slots(3));
    expect(chain.maskOf(["s2", "s0", "unknown"])).toBe(0b101);
    expect(chain.all).toBe(0b111);
  });

  it(`takes ${SLOTS_MAX} slots and not one more`, () => {
    expect(new Chain(slots(SLOTS_MAX)).all).toBe(2 ** SLOTS_MAX - 1);
    expect(() => new Chain(slots(SLOTS_MAX + 1))).toThrow(/a chain has 32 slots; 31 are possible/);
  });

  it("refuses slots that are not at their index", () => {
    expect(() => new Chain([slot(1)])).toThrow(/slot s1 at place 0/);
  });
});
