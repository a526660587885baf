import { describe, expect, it } from "vitest";
import { ACTION_SHARES, CALM_LOOKS, RELEASE_SHARE } from "./limits.ts";
import { ACTIONS, OverloadLevel } from "./overload-level.ts";

/** The levels after each look. */
function levels(...shares: number[]): number[] {
  const level = new OverloadLevel();
  return shares.map((share) => (level.look(share), level.value));
}

const calm = (share: number): number[] => Array.from({ length: CALM_LOOKS }, () => share);

describe("OverloadLevel", () => {
  it("has a share for every action, in their order", () => {
    expect(ACTION_SHARES).toHaveLength(ACTIONS.length);
    expect(ACTION_SHARES.toSorted()).toEqual(ACTION_SHARES);
  });

  it("begins one action after the other, at each one's share", () => {
    expect(levels(0.79, ...ACTION_SHARES)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("begins all of them at once when a signal jumps", () => {
    expect(levels(0, 3)).toEqual([0, 5]);
  });

  it("keeps an action until the signal is well below its share, for some looks in a row", () => {
    const share = ACTION_SHARES[3];
    const slightlyLess = share - RELEASE_SHARE;
    expect(levels(share, ...calm(slightlyLess), slightlyLess)).toEqual([4, ...calm(4), 4]);
    expect(levels(share, ...calm(0)).at(-2)).toBe(4);
    expect(levels(share, ...calm(0)).at(-1)).toBe(0);
  });

  it("counts anew when the signal comes back meanwhile", () => {
    const looks = calm(0).slice(1);
    expect(levels(1, ...looks, 1, ...looks).at(-1)).toBe(5);
    expect(levels(1, ...looks, 1, ...looks, 0).at(-1)).toBe(0);
  });

  it("goes back only as far as the signal does", () => {
    expect(levels(1, ...calm(ACTION_SHARES[2] - RELEASE_SHARE - 0.01)).at(-1)).toBe(2);
  });
});
