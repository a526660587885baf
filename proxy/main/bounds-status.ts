// What the bounds on clients did so far, for /stats. /metrics has the same counts.

import { ACTIONS } from "../overload/overload-level.ts";
import type { DescriptorBudget } from "../overload/descriptor-budget.ts";

export interface BoundsStatus {
  /** How many connections fit under the process's descriptors; lowered bounds hold instead of the configured ones. */
  readonly descriptors: DescriptorBudget;
  /** Connections closed as soon as they were accepted, by what was full. */
  readonly refusedConnections: Readonly<Record<"listener" | "source" | "overload", number>>;
  readonly refusedStreams: number;
  /** How often each action against overload was begun. */
  readonly actions: Readonly<Record<string, number>>;
}

/** `exchange` are the counters by name, summed over workers. */
export function boundsStatus(exchange: Readonly<Record<string, number>>, descriptors: DescriptorBudget): BoundsStatus {
  return {
    descriptors,
    refusedConnections: {
      listener: exchange["refusedByListener"]!,
      source: exchange["refusedBySource"]!,
      overload: exchange["refusedByOverload"]!,
    },
    refusedStreams: exchange["overloadRefusals"]!,
    actions: Object.fromEntries(ACTIONS.map((action) => [action, exchange[counterOf(action)]!])),
  };
}

function counterOf(action: string): string {
  return `action${action[0]!.toUpperCase()}${action.slice(1)}`;
}
