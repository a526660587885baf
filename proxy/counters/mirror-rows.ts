// The mirror rows of all workers, summed by cluster.

import type { MirrorCounters } from "../contract/index.ts";
import { rowsByCluster } from "./cluster-rows.ts";
import { MIRROR_CELL, MIRROR_DROPS, mirrorRowOf } from "./slab.ts";

/** `clusters` and `slabs` by worker. */
export function sumMirrorRows(
  clusters: readonly (readonly string[])[],
  slabs: readonly SharedArrayBuffer[],
): MirrorCounters[] {
  return rowsByCluster(clusters, (worker, place) => mirrorRowOf(slabs[worker]!, place)).map(({ cluster, cell }) => ({
    cluster,
    sent: cell(MIRROR_CELL.sent),
    answered: cell(MIRROR_CELL.answered),
    failed: cell(MIRROR_CELL.failed),
    cut: cell(MIRROR_CELL.cut),
    dropped: Object.fromEntries(
      MIRROR_DROPS.flatMap((cause, at) => {
        const count = cell(MIRROR_CELL.dropped + at);
        return count === 0 ? [] : [[cause, count] as const];
      }),
    ),
  }));
}
