// HOT: bench abi.
// Metrics that filters define, in cells of this worker's slab. A slot's metric keeps its cells for the slot's life, for
// every revision in it and when the worker is replaced; main learns each definition and sums cells over workers.

import type { MetricStore, MetricType } from "@sluice/abi";
import { FILTER_METRIC_CELLS, HISTOGRAM_BUCKETS, METRICS_PER_SLOT } from "./limits.ts";

/** Where a metric's cells start. A histogram has count, sum and HISTOGRAM_BUCKETS buckets; others one cell. */
export interface MetricDefinition {
  readonly slot: string;
  readonly type: MetricType;
  readonly name: string;
  readonly cell: number;
}

const HISTOGRAM: MetricType = 2;
const NOT_DEFINED = -1;

export class SlabMetrics implements MetricStore {
  /** Definitions refused because a bound was reached. */
  refused = 0;
  private readonly cells: Float64Array;
  private readonly definitions: MetricDefinition[];
  private readonly defined: (definition: MetricDefinition) => void;
  private nextCell: number;

  /** `known` are the definitions that a dead predecessor of this worker made; `defined` is told of new ones. */
  constructor(
    cells: Float64Array,
    known: readonly MetricDefinition[],
    defined: (definition: MetricDefinition) => void,
  ) {
    this.cells = cells;
    this.definitions = [...known];
    this.defined = defined;
    this.nextCell = known.reduce((end, { cell, type }) => Math.max(end, cell + cellsOf(type)), 0);
  }

  define(slot: string, type: MetricType, name: string): number {
    const known = this.definitions.findIndex((one) => one.slot === slot && one.name === name && one.type === type);
    if (known >= 0) return known;
    const inSlot = this.definitions.filter((one) => one.slot === slot).length;
    if (inSlot >= METRICS_PER_SLOT || this.nextCell + cellsOf(type) > FILTER_METRIC_CELLS) {
      this.refused++;
      return NOT_DEFINED;
    }
    const definition = { slot, type, name, cell: this.nextCell };
    this.nextCell += cellsOf(type);
    this.definitions.push(definition);
    this.defined(definition);
    return this.definitions.length - 1;
  }

  add(index: number, delta: number): void {
    this.cells[this.definitions[index]!.cell]! += delta;
  }

  set(index: number, value: number): void {
    this.cells[this.definitions[index]!.cell] = value;
  }

  observe(index: number, value: number): void {
    const { cell } = this.definitions[index]!;
    this.cells[cell]! += 1;
    this.cells[cell + 1]! += value;
    this.cells[cell + 2 + bucketOf(value)]! += 1;
  }

  read(index: number): number {
    const { cell, type } = this.definitions[index]!;
    return type === HISTOGRAM ? this.cells[cell + 1]! : this.cells[cell]!;
  }
}

export function cellsOf(type: MetricType): number {
  return type === HISTOGRAM ? 2 + HISTOGRAM_BUCKETS : 1;
}

/** Bucket i holds values up to 2^i; the last one all above. */
export function bucketOf(value: number): number {
  if (value <= 1) return 0;
  return Math.min(HISTOGRAM_BUCKETS - 1, Math.ceil(Math.log2(value)));
}
