// Main's book of which revision in which slot has which row of every worker's slab, with the last error of each.

import type { Digest, RevisionCounters } from "../contract/index.ts";
import { BUCKETS, quantile } from "./histogram.ts";
import { ERROR_CHARS_MAX, REVISION_ROWS_MAX } from "./limits.ts";
import { CAUSES, REVISION_CELL, RPC_CODES, revisionRowOf } from "./slab.ts";

export interface RevisionName {
  readonly slot: string;
  readonly filter: string;
  readonly version: Digest;
  readonly revision: Digest;
}

/** What is counted in buckets, as histogram.ts has them. */
export interface Histogram {
  readonly buckets: readonly number[];
  readonly sum: number;
}

export interface RevisionHistograms extends RevisionName {
  readonly fuel: Histogram;
  readonly timeNs: Histogram;
}

/** What a revision took on one worker. */
export interface RevisionUse extends Omit<RevisionName, "version"> {
  readonly fuel: number;
  /** One stream in some is timed; their time, and how many they were. */
  readonly timeUs: number;
  readonly timedStreams: number;
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

  /** What the revisions in charge took on the worker of this slab. */
  useIn(slab: SharedArrayBuffer): RevisionUse[] {
    return [...this.current.keys()].map((at) => {
      const { slot, filter, revision } = this.rows[at]!.name;
      const row = revisionRowOf(slab, at);
      const time = bucketsFrom((index) => row[index]!, REVISION_CELL.timeBuckets);
      return {
        slot,
        filter,
        revision,
        fuel: row[REVISION_CELL.fuel]!,
        timeUs: row[REVISION_CELL.timeNs]! / NS_PER_US,
        timedStreams: total(time),
      };
    });
  }

  /** The same of the histograms. */
  histograms(): RevisionHistograms[] {
    return this.rows.flatMap((row, at) => {
      if (row === undefined) return [];
      const cell = this.cellsOf(at);
      const { fuelBuckets, timeBuckets } = REVISION_CELL;
      const fuel = { buckets: bucketsFrom(cell, fuelBuckets), sum: cell(REVISION_CELL.fuel) };
      return [
        { ...row.name, fuel, timeNs: { buckets: bucketsFrom(cell, timeBuckets), sum: cell(REVISION_CELL.timeNs) } },
      ];
    });
  }

  /** By slot: streams that its split sent to the first revision because they had no key. */
  keyless(): Record<string, number> {
    const counts: Record<string, number> = {};
    this.rows.forEach((row, at) => {
      const count = row === undefined ? 0 : this.cellsOf(at)(REVISION_CELL.keyless);
      if (count > 0) counts[row!.name.slot] = (counts[row!.name.slot] ?? 0) + count;
    });
    return counts;
  }

  /** Reads a cell of a row, summed over workers. */
  private cellsOf(at: number): (index: number) => number {
    const views = this.slabs.map((slab) => revisionRowOf(slab, at));
    return (index) => views.reduce((total, view) => total + view[index]!, 0);
  }

  private sum(row: Row, at: number): RevisionCounters {
    const cell = this.cellsOf(at);
    const time = bucketsFrom(cell, REVISION_CELL.timeBuckets);
    return {
      ...row.name,
      current: this.current.has(at),
      weight: this.current.get(at) ?? null,
      noOpinion: cell(REVISION_CELL.noOpinion),
      allowed: cell(REVISION_CELL.allowed),
      denied: nonZero(RPC_CODES, (index) => cell(REVISION_CELL.denied + index)),
      errors: nonZero(CAUSES, (index) => cell(REVISION_CELL.errors + index)),
      fuel: cell(REVISION_CELL.fuel),
      fuelPerStream: percentiles(bucketsFrom(cell, REVISION_CELL.fuelBuckets), 1),
      timeUs: { count: total(time), ...percentiles(time, NS_PER_US) },
      instances: cell(REVISION_CELL.instances),
      memoryBytes: cell(REVISION_CELL.memoryBytes),
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

const NS_PER_US = 1000;

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

function bucketsFrom(cell: (index: number) => number, start: number): number[] {
  return Array.from({ length: BUCKETS }, (_, bucket) => cell(start + bucket));
}

function percentiles(buckets: readonly number[], unit: number): { p50: number; p90: number; p99: number } {
  const at = (share: number): number => quantile(buckets, share) / unit;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

function nonZero(names: readonly string[], count: (index: number) => number): Record<string, number> {
  const counted = names.map((name, index) => [name, count(index)] as const);
  return Object.fromEntries(counted.filter(([, value]) => value > 0));
}
