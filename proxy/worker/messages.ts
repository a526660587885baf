// What main and a worker say to each other. Plain values only; modules and buffers cross by structured clone.

import type { EndpointNews } from "../endpoints/endpoint-news.ts";
import type { MetricDefinition } from "../counters/filter-metrics.ts";
import type { DrainBounds } from "../exchange/drain-bounds.ts";
import type { ProfileKind } from "../profile/worker-profiler.ts";
import type { DrainBound } from "../snapshot/draining-snapshots.ts";
import type { OverloadChange, OverloadState } from "../overload/overload-manager.ts";
import type { NotLoaded, SnapshotPlan } from "../snapshot/plan.ts";
import type { StreamSpan } from "../tracing/stream-span.ts";

/** Where a worker listens: a descriptor that main was handed, or an address to bind itself. */
export interface WorkerListener {
  readonly name: string;
  /** Descriptors of its one socket, or the address of one to be opened. */
  readonly at: readonly number[] | { readonly host: string; readonly port: number; readonly reusePort: true };
}

/** `workerData` of a worker. */
export interface WorkerStart {
  /** Which of the workers it is: 0 is the one that runs `tickOn: one`. Its predecessor of the same number may still drain. */
  readonly index: number;
  /** Whose memory it writes to, and under which number it holds locks: nobody else's while it lives. */
  readonly place: number;
  readonly node: { readonly id: string; readonly labels: Readonly<Record<string, string>> };
  /** How many workers had this place before: tells its locks from theirs. */
  readonly epoch: number;
  /** This worker's counters, main's memory. */
  readonly slab: SharedArrayBuffer;
  /** Memory of its VitalSigns. */
  readonly vitalSigns: SharedArrayBuffer;
  /** Shared data of filters, all workers alike. */
  readonly sharedData: SharedArrayBuffer;
  /** Shared queues of filters, all workers alike, and for how many places they are. */
  readonly queues: SharedArrayBuffer;
  readonly places: number;
  /** Levels of quotas, all workers alike. */
  readonly quotas: SharedArrayBuffer;
  /** Metrics of filters that a predecessor at this place defined. */
  readonly metrics: readonly MetricDefinition[];
  /** How many workers serve side by side. */
  readonly workers: number;
  /** How many connections clients hold, all workers alike. */
  readonly connections: SharedArrayBuffer;
  /** Descriptors that the process may have. */
  readonly descriptors: number;
  /** What copies of this process are known by. */
  readonly mirrorOrigin: string;
  /** Clusters that a predecessor mirrored to, by row. */
  readonly mirrorClusters: readonly string[];
  /** Clusters whose requests a predecessor counted, by row. */
  readonly countedClusters: readonly string[];
  /** What is known of endpoints. */
  readonly endpoints: readonly EndpointNews[];
  /** Clusters that filters of a predecessor called, by row. */
  readonly calloutClusters: readonly string[];
  readonly logLevel: number;
  readonly recordsWanted: boolean;
}

export type ToWorker =
  | { readonly type: "prepare"; readonly plan: SnapshotPlan }
  | { readonly type: "commit"; readonly generation: number }
  | { readonly type: "abort"; readonly generation: number }
  | { readonly type: "listen"; readonly listeners: readonly WorkerListener[] }
  /** Whether lines of records are made from now on. */
  | { readonly type: "records"; readonly wanted: boolean }
  /** What is known of endpoints now, in place of all that was told before. */
  | { readonly type: "endpoints"; readonly news: readonly EndpointNews[] }
  | { readonly type: "inspect"; readonly ask: number }
  | { readonly type: "profile"; readonly kind: ProfileKind }
  | { readonly type: "profileEnd" }
  /** No connection is kept after its response from now on. */
  | { readonly type: "discourage" }
  | { readonly type: "drain"; readonly bounds: DrainBounds };

export type FromWorker =
  | { readonly type: "ready" }
  /** `pauseMs`: how long the worker did nothing else meanwhile. */
  | { readonly type: "prepared"; readonly generation: number; readonly pauseMs: number }
  | { readonly type: "vetoed"; readonly generation: number; readonly place: number; readonly why: NotLoaded }
  | { readonly type: "committed"; readonly generation: number }
  | { readonly type: "listening"; readonly ports: Readonly<Record<string, number>> }
  | { readonly type: "listenFailed"; readonly listener: string; readonly message: string }
  | { readonly type: "inspected"; readonly ask: number; readonly held: WorkerHoldings }
  | { readonly type: "records"; readonly lines: Uint8Array; readonly count: number }
  | { readonly type: "spans"; readonly spans: readonly StreamSpan[] }
  | { readonly type: "slotError"; readonly error: SlotErrorNotice }
  | { readonly type: "metric"; readonly definition: MetricDefinition }
  /** The next mirror row is this cluster's. */
  | { readonly type: "mirrorCluster"; readonly cluster: string }
  /** The next cluster row is this cluster's. */
  | { readonly type: "countedCluster"; readonly cluster: string }
  /** Requests to this address fail one after the other. */
  | { readonly type: "failing"; readonly cluster: string; readonly address: string }
  /** The next callout row is this cluster's. */
  | { readonly type: "calloutCluster"; readonly cluster: string }
  | { readonly type: "filterLog"; readonly entry: FilterLogNotice }
  | { readonly type: "overload"; readonly worker: number; readonly change: OverloadChange }
  | { readonly type: "drainBound"; readonly notice: DrainBoundNotice }
  | { readonly type: "profiling"; readonly isStarted: boolean }
  /** null: there is none. */
  | { readonly type: "profiled"; readonly profile: object | null }
  | { readonly type: "drained" };

/** A failure of a slot, for log and status; repeated ones are told at most once a second. */
export interface SlotErrorNotice {
  readonly slot: string;
  readonly filter: string;
  readonly revision: string;
  readonly cause: string;
  readonly message: string;
  readonly at: string | null;
  readonly timeMs: number;
  /** Alike ones since the last notice, this one included. */
  readonly count: number;
}

/** A snapshot that streams had to let go of. */
export interface DrainBoundNotice {
  readonly generation: number;
  readonly number: number;
  readonly bound: DrainBound;
  /** Streams that went on without it, and those that were cut. */
  readonly detached: number;
  readonly cut: number;
}

export interface FilterLogNotice {
  readonly level: number;
  readonly message: string;
  readonly source: "guest" | "host";
  readonly slot: string;
  readonly filter: string;
  readonly revision: string;
}

/** What a worker holds right now. */
export interface WorkerHoldings {
  readonly snapshots: readonly {
    readonly generation: number;
    readonly number: number;
    readonly pins: number;
    readonly instances: number;
    readonly memoryBytes: number;
  }[];
  readonly accountBytes: number;
  /** The most that its event loop was late in the last seconds. */
  readonly loopDelayMs: number;
  readonly overload: OverloadState;
}
