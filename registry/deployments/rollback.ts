// Where a slot goes when it is rolled back. Decides from documents alone.

import { isDeepStrictEqual } from "node:util";
import { sortedSlots } from "@sluice/proxy/contract";
import type { Deployment, Slot } from "@sluice/proxy/contract";
import type { StoredDeployment } from "../store/deployment-table.ts";

export interface EarlierEntry {
  readonly slot: Slot;
  /** The deployment it was found in. */
  readonly number: number;
}

/**
 * The slot's entry at number `to`, or the latest one that differs from today's. Null when there is none, or when the entry
 * at `to` is today's. `historyBefore` gives numbers below its argument, newest first, a page at a time.
 */
export function earlierEntry(
  name: string,
  to: number | null,
  current: StoredDeployment,
  historyBefore: (number: number) => readonly StoredDeployment[],
): EarlierEntry | null {
  const now = slotOf(current, name);
  let page = historyBefore(to === null ? current.number : to + 1);
  while (page.length > 0) {
    for (const deployment of page) {
      if (to !== null && deployment.number !== to) return null;
      const slot = slotOf(deployment, name);
      if (slot !== undefined && !isDeepStrictEqual(slot, now)) return { slot, number: deployment.number };
      if (to !== null) return null;
    }
    page = historyBefore(page.at(-1)!.number);
  }
  return null;
}

/** The document with that slot's entry in the place of today's; at the end of its phase when the slot is gone today. */
export function withEntry(deployment: Deployment, entry: Slot): Deployment {
  const isThere = deployment.slots.some(({ name }) => name === entry.name);
  const slots = isThere
    ? deployment.slots.map((slot) => (slot.name === entry.name ? entry : slot))
    : [...deployment.slots, entry];
  return { ...deployment, slots: sortedSlots(slots) };
}

function slotOf(deployment: Deployment, name: string): Slot | undefined {
  return deployment.slots.find((slot) => slot.name === name);
}
