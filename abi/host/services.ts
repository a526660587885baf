// What the embedding gives the host: time, randomness, logs, shared data, metrics, timers, and what the node knows of
// itself. The proxy's worker has the real ones; memory-services.ts has one that a test advances by hand.

import type { ForeignFunctions } from "../foreign/foreign-function.ts";
import type { QuotaBackend } from "../quota/quota-backend.ts";
import type { QueueStore } from "../shared/queue-store.ts";
import type { CalloutClient } from "./callouts.ts";

/** Time. `nowMs` may be coarse; `nowNs` and `monotonicNs` are what a guest reads and are exact. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Never goes back; milliseconds since an arbitrary start. */
  monotonicMs(): number;
  /** Wall clock, nanoseconds since the Unix epoch. */
  nowNs(): bigint;
  monotonicNs(): bigint;
}

/** `LogLevel` of abi/spec/enums.ts: 0 trace … 5 critical. */
export type LogLevel = 0 | 1 | 2 | 3 | 4 | 5;

/** One line by a filter (`guest`) or by the host about a filter (`host`). */
export interface FilterLog {
  readonly level: LogLevel;
  /** Decoded lossily, control characters escaped, at most LOG_LINE_BYTES_MAX: safe to print. */
  readonly message: string;
  readonly source: "guest" | "host";
  readonly slot: string;
  readonly filter: string;
  readonly revision: string;
  /** The context that logged: the root's or a stream's id, 0 while the module starts. */
  readonly contextId: number;
}

/** What `SharedDataStore.get` found. */
export interface SharedValue {
  readonly value: Uint8Array;
  readonly cas: number;
}

/** Key and value pairs per vm id, exact over worker threads. `busy`: a lock was not to be had in bounded time. */
export interface SharedDataStore {
  /** Bytes that the last `set` went through to make room, also in vain. The guest that filled the store pays for it. */
  readonly roomMadeBytes: number;
  get(vmId: string, key: Uint8Array): SharedValue | "absent" | "busy";
  /** `cas` 0 is unconditional. `full`: a bound of the store. */
  set(vmId: string, key: Uint8Array, value: Uint8Array, cas: number): "ok" | "casMismatch" | "full" | "busy";
}

/** 0 counter, 1 gauge, 2 histogram. */
export type MetricType = 0 | 1 | 2;

/** Metrics of filters. An index is valid for the slot's life and for every revision in it. */
export interface MetricStore {
  /** The index of a slot's metric, made when new; -1 when the slot's METRICS_PER_SLOT are used up (and counts that). */
  define(slot: string, type: MetricType, name: string): number;
  /** Counter or gauge. */
  add(index: number, delta: number): void;
  /** Gauge. */
  set(index: number, value: number): void;
  /** Histogram. */
  observe(index: number, value: number): void;
  read(index: number): number;
}

/** Something that wants to be called once after a delay. */
export interface TickTarget {
  tick(): void;
}

/** Timers for ticks. A target has at most one pending tick; timers must not keep the process alive. */
export interface TickScheduler {
  /** Replaces a pending tick of the same target. */
  schedule(target: TickTarget, delayMs: number): void;
  cancel(target: TickTarget): void;
}

/** Everything the host asks of its embedding. */
export interface HostServices {
  readonly clock: Clock;
  /** Fills `into` with random bytes. */
  random(into: Uint8Array): void;
  log(entry: FilterLog): void;
  /** Lines below it are dropped before they are decoded; guests read it with `proxy_get_log_level`. */
  readonly logLevel: LogLevel;
  readonly sharedData: SharedDataStore;
  readonly queues: QueueStore;
  readonly metrics: MetricStore;
  /** The quotas of the deployment that the plugin is in. */
  readonly quotas: QuotaBackend;
  readonly callouts: CalloutClient;
  /** What filters may call by name. */
  readonly foreign: ForeignFunctions;
  readonly timers: TickScheduler;
  /** Properties that need no stream (`xds.node`, `xds.listener_direction`, …); path segments joined by NUL; null when absent. */
  nodeProperty(path: string): Uint8Array | null;
}
