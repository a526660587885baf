// Main's book of which revision in which slot has which row of every worker's slab, with the last error of each.

import type { Digest, RevisionCounters } from "../contract/index.ts";
import { ERROR_CHARS_MAX, REVISION_ROWS_MAX } from "./limits.ts";
import { CAUSES, REVISION_CELL, RPC_CODES, revisionRowOf } from "./slab.ts";

export interface RevisionName {
  readonly slot: string;
  readonly filter: string;
  readonly version: Digest;
  readonly revision: Digest;
}

export interface SlotErrorSeen {
  readonly cause: string;
  readonly message: string;
  readonly at: string | null;
  readonly time: string;
}

interface Row {
  readonly name: RevisionName;
  /** Counts up with every publication that serves it; rows of the least recent are given away when all are used. */
  servedAt: number;
  lastError: SlotErrorSeen | null;
}

export class RevisionRows {
  private readonly rows: (Row | undefined)[] = [];
  private readonly slabs: readonly SharedArrayBuffer[];
  private current: ReadonlyMap<number, number> = new Map();
  private publications = 0;

  constructor(slabs: readonly SharedArrayBuffer[]) {
    this.slabs = slabs;
  }

  /** The row of a revision in a slot; its counts go on when it served before. */
  rowOf(name: RevisionName): number {
    const known = this.rows.findIndex((row) => row?.name.slot === name.slot && row.name.revision === name.revision);
    if (known >= 0) return known;
    const at = this.freeRow();
    for (const slab of this.slabs) revisionRowOf(slab, at).fill(0);
    this.rows[at] = { name, servedAt: this.publications, lastError: null };
    return at;
  }

  /** Says which rows the snapshot in charge has, and with which share of their slot. */
  serve(weights: ReadonlyMap<number, number>): void {
    this.publications++;
    this.current = weights;
    for (const row of weights.keys()) this.rows[row]!.servedAt = this.publications;
  }

  noteError(slot: string, revision: string, error: SlotErrorSeen): void {
    const row = this.rows.find((candidate) => candidate?.name.slot === slot && candidate.name.revision === revision);
    if (row !== undefined) row.lastError = { ...error, message: error.message.slice(0, ERROR_CHARS_MAX) };
  }

  /** The sums over all workers. */
  counters(): RevisionCounters[] {
    return this.rows.flatMap((row, at) => (row === undefined ? [] : [this.sum(row, at)]));
  }

  private sum(row: Row, at: number): RevisionCounters {
    const views = this.slabs.map((slab) => revisionRowOf(slab, at));
    const cell = (index: number): number => views.reduce((total, view) => total + view[index]!, 0);
    return {
      ...row.name,
      current: this.current.has(at),
      weight: this.current.get(at) ?? null,
      noOpinion: cell(REVISION_CELL.noOpinion),
      allowed: cell(REVISION_CELL.allowed),
      denied: nonZero(RPC_CODES, (index) => cell(REVISION_CELL.denied + index)),
      errors: nonZero(CAUSES, (index) => cell(REVISION_CELL.errors + index)),
      fuel: cell(REVISION_CELL.fuel),
      fuelPerStream: { p50: 0, p90: 0, p99: 0 },
      timeUs: { count: 0, p50: 0, p90: 0, p99: 0 },
      instances: 0,
      memoryBytes: 0,
      lastError: row.lastError,
    };
  }

  private freeRow(): number {
    if (this.rows.length < REVISION_ROWS_MAX) return this.rows.length;
    let oldest = 0;
    this.rows.forEach((row, at) => {
      if (row!.servedAt < this.rows[oldest]!.servedAt) oldest = at;
    });
    return oldest;
  }
}

function nonZero(names: readonly string[], count: (index: number) => number): Record<string, number> {
  const counted = names.map((name, index) => [name, count(index)] as const);
  return Object.fromEntries(counted.filter(([, value]) => value > 0));
}
