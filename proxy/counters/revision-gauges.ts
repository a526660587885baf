// How many instances of each revision live on this worker, and what memory they have: put into the slab now and then,
// so that main can tell them without asking a busy worker.

import { REVISION_ROWS_MAX } from "./limits.ts";
import { REVISION_CELL, revisionRowOf } from "./slab.ts";

/** A revision in a snapshot: the row it counts in, and its plugin when it has one. */
export interface GaugedRevision {
  readonly row: Float64Array;
  readonly plugin: { readonly instancesLive: number; readonly memoryBytes: number } | null;
}

interface Sum {
  readonly row: Float64Array;
  instances: number;
  memoryBytes: number;
}

export class RevisionGauges {
  /** What was written last, by the place of the row in the slab. */
  private written: ReadonlyMap<number, Sum> = new Map();

  /** `revisions` of all snapshots that live; several may have one row. */
  write(revisions: Iterable<GaugedRevision>): void {
    const sums = new Map<number, Sum>();
    for (const { row } of this.written.values()) sums.set(row.byteOffset, { row, instances: 0, memoryBytes: 0 });
    for (const { row, plugin } of revisions) {
      const sum = sums.get(row.byteOffset) ?? { row, instances: 0, memoryBytes: 0 };
      sum.instances += plugin?.instancesLive ?? 0;
      sum.memoryBytes += plugin?.memoryBytes ?? 0;
      sums.set(row.byteOffset, sum);
    }
    for (const { row, instances, memoryBytes } of sums.values()) {
      row[REVISION_CELL.instances] = instances;
      row[REVISION_CELL.memoryBytes] = memoryBytes;
    }
    this.written = new Map([...sums].filter(([, { instances }]) => instances > 0));
  }
}

/** Of a worker that is dead: nothing of it lives. */
export function clearGauges(slab: SharedArrayBuffer): void {
  for (let at = 0; at < REVISION_ROWS_MAX; at++) {
    const row = revisionRowOf(slab, at);
    row[REVISION_CELL.instances] = 0;
    row[REVISION_CELL.memoryBytes] = 0;
  }
}
