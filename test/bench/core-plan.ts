// Which cores the proxy under test has and which the load and the origin have. They never share one: a proxy that waits for
// the load's time slice would be measured by the scheduler.

import { availableParallelism } from "node:os";

export interface CorePlan {
  readonly proxy: readonly number[];
  /** Load and origin. */
  readonly load: readonly number[];
}

/** One core for the proxy, two where four are at hand; a proxy has as many workers as cores. */
export function planCores(available = availableParallelism()): CorePlan {
  if (available < 2) throw new Error("this benchmark needs two cores: one for the proxy, one for load and origin");
  return available < 4 ? { proxy: [0], load: [1] } : { proxy: [0, 1], load: [2, 3] };
}

/** How it was measured, in a line. */
export function describeCores({ proxy, load }: CorePlan): string {
  const workers = proxy.length === 1 ? "one worker" : `${proxy.length} workers`;
  return `${workers} on core ${proxy.join(" and ")}, load and origin on core ${load.join(" and ")}`;
}
