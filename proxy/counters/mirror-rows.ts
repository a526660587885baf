// Which cluster has which mirror row of this worker's slab. Rows are given out when a cluster is first mirrored to, kept for
// the life of the process, and told to main, which sums them by name.

import { MIRROR_ROWS_MAX } from "./limits.ts";
import { MIRROR_CELL, MIRROR_DROPS, mirrorRowOf } from "./slab.ts";
import type { MirrorCounters } from "../contract/index.ts";

/** Name of the row that clusters share when there are too many of them. No cluster can be called so. */
export const OTHER_CLUSTERS = "*";

export class MirrorRows {
  private readonly slab: SharedArrayBuffer;
  private readonly clusters: string[];
  private readonly defined: (cluster: string) => void;

  /** `known` are the clusters of a dead predecessor of this worker, by row; `defined` is told of each new one. */
  constructor(slab: SharedArrayBuffer, known: readonly string[], defined: (cluster: string) => void) {
    this.slab = slab;
    this.clusters = [...known];
    this.defined = defined;
  }

  rowOf(cluster: string): Float64Array {
    const known = this.clusters.indexOf(cluster);
    if (known >= 0) return mirrorRowOf(this.slab, known);
    const name = this.clusters.length < MIRROR_ROWS_MAX - 1 ? cluster : OTHER_CLUSTERS;
    if (this.clusters.length < MIRROR_ROWS_MAX) {
      this.clusters.push(name);
      this.defined(name);
    }
    return mirrorRowOf(this.slab, this.clusters.indexOf(name));
  }
}

/** The sums over workers: `clusters` and `slabs` by worker. */
export function sumMirrorRows(
  clusters: readonly (readonly string[])[],
  slabs: readonly SharedArrayBuffer[],
): MirrorCounters[] {
  const names = [...new Set(clusters.flat())].toSorted();
  return names.map((cluster) => {
    const rows = clusters.flatMap((known, worker) => {
      const row = known.indexOf(cluster);
      return row < 0 ? [] : [mirrorRowOf(slabs[worker]!, row)];
    });
    const cell = (at: number): number => rows.reduce((sum, row) => sum + row[at]!, 0);
    return {
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
    };
  });
}
