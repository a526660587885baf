// The memory that main owns and workers write: counters, heartbeats, filters' shared data and queues. It outlives every worker, so
// a replaced one goes on where the dead one stopped.

import { randomInt } from "node:crypto";
import { clearConnectionBoard, createConnectionBoard } from "../overload/connection-board.ts";
import { createSlab, exchangeCountersOf, filterMetricsOf } from "../counters/slab.ts";
import { clearClusterGauges, sumClusterRows } from "../counters/cluster-counters.ts";
import type { ClusterCounters } from "../counters/cluster-counters.ts";
import { clearGauges } from "../counters/revision-gauges.ts";
import { sumCalloutRows } from "../counters/callout-rows.ts";
import type { CalloutCounters } from "../counters/callout-rows.ts";
import { sumMirrorRows } from "../counters/mirror-rows.ts";
import { cellsOf } from "../counters/filter-metrics.ts";
import type { MetricDefinition } from "../counters/filter-metrics.ts";
import { VitalSigns, createVitalSigns } from "../worker/vital-signs.ts";
import { EXCHANGE_COUNTER } from "../exchange/exchange-counters.ts";
import type { MirrorCounters } from "../contract/index.ts";
import type { FilterMetric } from "../admin/metrics-text.ts";
import {
  QuotaBook,
  SharedData,
  SharedQueues,
  SharedQuotas,
  createQueuesBuffer,
  createQuotaBuffer,
  createSharedDataBuffer,
  monotonicUs,
} from "@sluice/abi";
import type { FreedLocks } from "@sluice/abi";

export class WorkerMemory {
  readonly slabs: readonly SharedArrayBuffer[];
  readonly vitalSigns: readonly SharedArrayBuffer[];
  readonly sharedData = createSharedDataBuffer();
  readonly queues: SharedArrayBuffer;
  /** How many connections clients hold. */
  readonly connections: SharedArrayBuffer;
  /** Levels of quotas; what main knows of them. */
  readonly quotas: SharedArrayBuffer;
  readonly quotaBook: QuotaBook;
  private readonly sharedQuotas: SharedQuotas;
  private readonly sharedQueues: SharedQueues;
  private readonly shared = new SharedData(this.sharedData, MAIN);
  private readonly epochs: number[];
  private readonly metrics: MetricDefinition[][];
  private readonly mirrorClusters: string[][];
  private readonly calloutClusters: string[][];
  private readonly countedClusters: string[][];

  constructor(workers: number) {
    this.slabs = Array.from({ length: workers }, createSlab);
    this.vitalSigns = this.slabs.map(createVitalSigns);
    this.connections = createConnectionBoard(this.slabs.length, randomInt(2 ** 32));
    this.queues = createQueuesBuffer(workers);
    this.sharedQueues = new SharedQueues(this.queues, { owner: MAIN, workers });
    this.quotas = createQuotaBuffer(workers);
    this.quotaBook = new QuotaBook(this.quotas, monotonicUs);
    this.sharedQuotas = new SharedQuotas(this.quotas, { owner: MAIN, thread: 0, nowUs: monotonicUs });
    this.metrics = this.slabs.map(() => []);
    this.mirrorClusters = this.slabs.map(() => []);
    this.calloutClusters = this.slabs.map(() => []);
    this.countedClusters = this.slabs.map(() => []);
    this.epochs = this.slabs.map(() => 0);
  }

  /** How many workers had this place before the one there now. */
  epochOf(worker: number): number {
    return this.epochs[worker]!;
  }

  metricsOf(worker: number): readonly MetricDefinition[] {
    return this.metrics[worker]!;
  }

  mirrorClustersOf(worker: number): readonly string[] {
    return this.mirrorClusters[worker]!;
  }

  noteMirrorCluster(worker: number, cluster: string): void {
    this.mirrorClusters[worker]!.push(cluster);
  }

  /** What became of copies for mirrors, summed over workers. */
  mirrors(): MirrorCounters[] {
    return sumMirrorRows(this.mirrorClusters, this.slabs);
  }

  calloutClustersOf(worker: number): readonly string[] {
    return this.calloutClusters[worker]!;
  }

  noteCalloutCluster(worker: number, cluster: string): void {
    this.calloutClusters[worker]!.push(cluster);
  }

  countedClustersOf(worker: number): readonly string[] {
    return this.countedClusters[worker]!;
  }

  noteCountedCluster(worker: number, cluster: string): void {
    this.countedClusters[worker]!.push(cluster);
  }

  /** What became of requests to each cluster, summed over workers. */
  clusters(): ClusterCounters[] {
    return sumClusterRows(this.countedClusters, this.slabs);
  }

  /** What became of callouts of filters, summed over workers. */
  callouts(): CalloutCounters[] {
    return sumCalloutRows(this.calloutClusters, this.slabs);
  }

  noteMetric(worker: number, definition: MetricDefinition): void {
    this.metrics[worker]!.push(definition);
  }

  /** Exchange counters by name, summed over workers. */
  exchange(): Record<string, number> {
    const views = this.slabs.map(exchangeCountersOf);
    const sums = Object.entries(EXCHANGE_COUNTER).map(([name, at]) => [
      name,
      views.reduce((sum, view) => sum + view[at]!, 0),
    ]);
    return Object.fromEntries(sums) as Record<string, number>;
  }

  /** Filters' metrics, the same metric of several workers as one. */
  filterMetrics(): FilterMetric[] {
    const merged = new Map<string, { definition: MetricDefinition; cells: number[] }>();
    this.metrics.forEach((definitions, worker) => {
      const cells = filterMetricsOf(this.slabs[worker]!);
      for (const definition of definitions) {
        const { slot, type, name, cell } = definition;
        const key = JSON.stringify([slot, type, name]);
        const one = merged.get(key) ?? { definition, cells: Array.from({ length: cellsOf(type) }, () => 0) };
        one.cells.forEach((_, at) => (one.cells[at]! += cells[cell + at]!));
        merged.set(key, one);
      }
    });
    return [...merged.values()];
  }

  /** The slot that the worker at this place entered last. */
  lastEntered(worker: number): VitalSigns["last"] {
    return new VitalSigns(this.vitalSigns[worker]!).last;
  }

  /** Gives back what a dead worker held: its locks, and what it counted as live. Its successor has the next epoch. */
  reclaim(index: number): FreedLocks {
    const counters = exchangeCountersOf(this.slabs[index]!);
    for (const [name, at] of Object.entries(EXCHANGE_COUNTER)) if (/(Live|Idle)$/.test(name)) counters[at] = 0;
    clearGauges(this.slabs[index]!);
    clearClusterGauges(this.slabs[index]!);
    clearConnectionBoard(this.connections, index);
    this.clearFilterGauges(index);
    const epoch = this.epochs[index]!++;
    const data = this.shared.freeLocksOf({ index, epoch });
    const queues = this.sharedQueues.forgetThread({ index, epoch });
    const quotas = this.sharedQuotas.freeLocksOf({ index, epoch });
    return { freed: data.freed + queues.freed + quotas, damaged: data.damaged + queues.damaged };
  }

  /** A gauge is the sum of what workers have now, and a dead one has nothing; counters and histograms stay. */
  private clearFilterGauges(worker: number): void {
    const cells = filterMetricsOf(this.slabs[worker]!);
    for (const { type, cell } of this.metrics[worker]!) if (type === GAUGE) cells[cell] = 0;
  }
}

const GAUGE = 1;

/** Main as a holder of locks; workers have their numbers from 0 on. */
const MAIN = { index: 32_000, epoch: 0 };
