// How far the actions against overload have come. They begin and end in one order, each at its share of the fullest
// signal; an action ends only well below where it began and after a while, so that it does not flicker.

import { ACTION_SHARES, CALM_LOOKS, RELEASE_SHARE } from "./limits.ts";

/** The actions in their order; a level is how many of them are in force. */
export const ACTIONS = [
  "dropMirrors",
  "shrinkCaches",
  "closeConnections",
  "refuseStreams",
  "refuseConnections",
] as const;

export type OverloadAction = (typeof ACTIONS)[number];

/** The level from which an action is in force. */
export const LEVEL = {
  dropMirrors: 1,
  shrinkCaches: 2,
  closeConnections: 3,
  refuseStreams: 4,
  refuseConnections: 5,
} as const satisfies Record<OverloadAction, number>;

export class OverloadLevel {
  value = 0;
  private calmLooks = 0;

  /** `share` of the fullest signal now; true when the level has changed. */
  look(share: number): boolean {
    const reached = levelAt(share, 0);
    const kept = levelAt(share, RELEASE_SHARE);
    if (reached > this.value) return this.set(reached);
    if (kept >= this.value) {
      this.calmLooks = 0;
      return false;
    }
    return ++this.calmLooks >= CALM_LOOKS ? this.set(kept) : false;
  }

  private set(level: number): boolean {
    this.value = level;
    this.calmLooks = 0;
    return true;
  }
}

/** How many actions begin at `share` or, with `slack`, have not ended yet. */
function levelAt(share: number, slack: number): number {
  return ACTION_SHARES.filter((begin) => share >= begin - slack).length;
}
