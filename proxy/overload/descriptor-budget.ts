// Descriptors are counted before the first client comes: connections of clients and to upstreams must fit under the
// process's limit with room for the rest, else their bounds are lowered, in proportion.

import { readFileSync } from "node:fs";
import type { StreamLimitsConfig } from "../contract/index.ts";
import { CONNECTIONS_LEFT_MIN, OTHER_DESCRIPTORS } from "./limits.ts";

/** What became of the bounds; `descriptors` is the process's limit. */
export interface DescriptorBudget {
  readonly descriptors: number;
  readonly isLowered: boolean;
  /** Of each listener. */
  readonly connections: number;
  readonly upstreamConnections: number;
}

/** How many descriptors this process may have open; Node has raised the soft limit to the hard one by then. */
export function descriptorLimit(): number {
  const line = /^Max open files\s+(\S+)/m.exec(systemLimits());
  return line === null || line[1] === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(line[1]);
}

function systemLimits(): string {
  try {
    return readFileSync("/proc/self/limits", "utf8");
  } catch {
    // Not Linux: there the limit is not known, and only the signal of an exhausted one is left.
    return "";
  }
}

/** What a process has descriptors for, besides connections. */
export interface DescriptorNeeds {
  readonly listeners: number;
  /** Taken by the listeners themselves. */
  readonly listening: number;
}

export function descriptorBudget(
  limits: StreamLimitsConfig,
  { listeners, listening }: DescriptorNeeds,
  descriptors: number,
): DescriptorBudget {
  const { connectionsMax, upstreamConnectionsMax } = limits;
  const wanted = connectionsMax * listeners + upstreamConnectionsMax;
  const free = Math.max(0, descriptors - listening - OTHER_DESCRIPTORS);
  const isLowered = wanted > free;
  const lowered = (bound: number): number =>
    isLowered ? Math.min(bound, Math.max(CONNECTIONS_LEFT_MIN, Math.floor((bound * free) / wanted))) : bound;
  return {
    descriptors,
    isLowered,
    connections: lowered(connectionsMax),
    upstreamConnections: lowered(upstreamConnectionsMax),
  };
}

/** The limits that hold under a budget. */
export function withinBudget(limits: StreamLimitsConfig, budget: DescriptorBudget): StreamLimitsConfig {
  return { ...limits, connectionsMax: budget.connections, upstreamConnectionsMax: budget.upstreamConnections };
}
