// The callout rows of all workers, summed by cluster.

import { rowsByCluster } from "./cluster-rows.ts";
import { CALLOUT_CELL, CALLOUT_FAILURES, calloutRowOf } from "./slab.ts";

/** What became of the callouts of filters to one cluster. Those under way are sent and nothing else. */
export interface CalloutCounters {
  readonly cluster: string;
  readonly sent: number;
  readonly answered: number;
  readonly cancelled: number;
  /** By cause. */
  readonly failed: Readonly<Record<string, number>>;
}

/** `clusters` and `slabs` by worker. */
export function sumCalloutRows(
  clusters: readonly (readonly string[])[],
  slabs: readonly SharedArrayBuffer[],
): CalloutCounters[] {
  return rowsByCluster(clusters, (worker, place) => calloutRowOf(slabs[worker]!, place)).map(({ cluster, cell }) => ({
    cluster,
    sent: cell(CALLOUT_CELL.sent),
    answered: cell(CALLOUT_CELL.answered),
    cancelled: cell(CALLOUT_CELL.cancelled),
    failed: Object.fromEntries(CALLOUT_FAILURES.map((cause, at) => [cause, cell(CALLOUT_CELL.failed + at)])),
  }));
}
