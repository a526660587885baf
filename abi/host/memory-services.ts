// HostServices in memory, for the harness, the request-file runner and tests: time stands until it is advanced by hand,
// randomness comes from a seed, logs and metrics can be read back. Same calls, same answers, on every run.

import type { ForeignFunction, ForeignFunctions } from "../foreign/foreign-function.ts";
import { foreignFunctions } from "../foreign/index.ts";
import { MemoryQuotas } from "../quota/memory-quotas.ts";
import type { QuotaBackend, QuotaDefinition } from "../quota/quota-backend.ts";
import { MemoryQueues } from "../shared/memory-queues.ts";
import type { CalloutClient } from "./callouts.ts";
import { METRICS_PER_SLOT } from "./limits.ts";
import { MemoryCallouts } from "./memory-callouts.ts";
import type { CalloutScript } from "./memory-callouts.ts";
import type {
  Clock,
  FilterLog,
  HostServices,
  LogLevel,
  MetricStore,
  MetricType,
  SharedDataStore,
  SharedValue,
  TickScheduler,
  TickTarget,
} from "./services.ts";

const NS_PER_MS = 1_000_000n;
/** Not 0: the Go runtime takes a monotonic clock of 0 for a broken one. */
const MONOTONIC_START_MS = 1000;
const DEFAULT_NOW_MS = Date.UTC(2026, 0, 1);

/** What MemoryServices begins with; all of it has a default. */
export interface MemoryServicesOptions {
  /** Wall clock at the start, milliseconds since the Unix epoch. Default 2026-01-01T00:00:00Z. */
  readonly nowMs?: number;
  readonly seed?: number;
  readonly logLevel?: LogLevel;
  /** By path, segments joined by NUL. */
  readonly nodeProperties?: Readonly<Record<string, Uint8Array>>;
  /** As a deployment's `quotas`, with every window's burst. */
  readonly quotas?: readonly QuotaDefinition[];
  /** Functions that filters may call by name, besides the built-in ones. */
  readonly foreign?: Readonly<Record<string, ForeignFunction>>;
  /** In place of one that has `quotas`. */
  readonly quotaBackend?: QuotaBackend;
  /** What clusters answer to callouts; default: nobody listens. */
  readonly calloutScript?: CalloutScript;
  /** Clusters that callouts may go to. Absent: every name is one where there is a script, none where not. */
  readonly clusters?: readonly string[] | undefined;
  /** In place of one that has `calloutScript`. */
  readonly calloutClient?: CalloutClient;
}

/** HostServices of one thread whose time stands until `clock.advance`, with logs and metrics to read back. */
export class MemoryServices implements HostServices {
  readonly clock: ManualClock;
  readonly logLevel: LogLevel;
  readonly sharedData: SharedDataStore = new MemorySharedData();
  readonly queues: MemoryQueues;
  readonly foreign: ForeignFunctions;
  readonly metrics: MemoryMetrics = new MemoryMetrics();
  readonly quotas: QuotaBackend;
  readonly callouts: CalloutClient;
  /** What filters asked of clusters. Of a `calloutClient` of one's own it knows nothing. */
  readonly memoryCallouts: MemoryCallouts;
  readonly timers: TickScheduler;
  /** Everything logged so far. */
  readonly logs: FilterLog[] = [];
  private readonly nodeProperties: Readonly<Record<string, Uint8Array>>;
  private randomState: number;

  constructor(options: MemoryServicesOptions = {}) {
    this.clock = new ManualClock(options.nowMs ?? DEFAULT_NOW_MS);
    this.timers = this.clock;
    this.queues = new MemoryQueues(this.clock);
    this.foreign = foreignFunctions(options.foreign);
    this.quotas =
      options.quotaBackend ?? new MemoryQuotas(() => Math.floor(this.clock.monotonicMs() * 1000), options.quotas ?? []);
    this.memoryCallouts = memoryCallouts(this.clock, options);
    this.callouts = options.calloutClient ?? this.memoryCallouts;
    this.logLevel = options.logLevel ?? 0;
    this.nodeProperties = options.nodeProperties ?? {};
    this.randomState = (options.seed ?? 1) >>> 0 || 1;
  }

  /** xorshift32: enough to be repeatable, not to be secret. */
  random(into: Uint8Array): void {
    for (let i = 0; i < into.length; i++) {
      let state = this.randomState;
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      this.randomState = state >>> 0;
      into[i] = state & 0xff;
    }
  }

  log(entry: FilterLog): void {
    this.logs.push(entry);
  }

  nodeProperty(path: string): Uint8Array | null {
    return this.nodeProperties[path] ?? null;
  }
}

function memoryCallouts(timers: TickScheduler, { calloutScript, clusters }: MemoryServicesOptions): MemoryCallouts {
  if (calloutScript === undefined) return new MemoryCallouts({ timers, script: () => null, clusters: clusters ?? [] });
  return new MemoryCallouts({ timers, script: calloutScript, clusters });
}

/** Time that only `advance` moves; the ticks that fall due on the way are called in order. */
export class ManualClock implements Clock, TickScheduler {
  private readonly startMs: number;
  private readonly pending = new Map<TickTarget, number>();
  private elapsedMs = 0;

  constructor(startMs: number) {
    this.startMs = startMs;
  }

  advance(byMs: number): void {
    const untilMs = this.elapsedMs + byMs;
    for (let next = this.nextDue(untilMs); next !== null; next = this.nextDue(untilMs)) {
      this.elapsedMs = Math.max(this.elapsedMs, next.dueMs);
      this.pending.delete(next.target);
      next.target.tick();
    }
    this.elapsedMs = untilMs;
  }

  nowMs(): number {
    return this.startMs + this.elapsedMs;
  }
  monotonicMs(): number {
    return MONOTONIC_START_MS + this.elapsedMs;
  }
  nowNs(): bigint {
    return BigInt(Math.round(this.nowMs())) * NS_PER_MS;
  }
  monotonicNs(): bigint {
    return BigInt(Math.round(this.monotonicMs())) * NS_PER_MS;
  }

  schedule(target: TickTarget, delayMs: number): void {
    this.pending.set(target, this.elapsedMs + delayMs);
  }
  cancel(target: TickTarget): void {
    this.pending.delete(target);
  }

  private nextDue(untilMs: number): { target: TickTarget; dueMs: number } | null {
    let next: { target: TickTarget; dueMs: number } | null = null;
    for (const [target, dueMs] of this.pending) {
      if (dueMs <= untilMs && (next === null || dueMs < next.dueMs)) next = { target, dueMs };
    }
    return next;
  }
}

interface Metric {
  readonly slot: string;
  readonly type: MetricType;
  readonly name: string;
  value: number;
  readonly observed: number[];
}

/** Metrics that can be read back by name. */
export class MemoryMetrics implements MetricStore {
  private readonly all: Metric[] = [];
  /** Definitions refused because a slot's metrics were used up. */
  overflows = 0;

  define(slot: string, type: MetricType, name: string): number {
    const known = this.all.findIndex((metric) => metric.slot === slot && metric.type === type && metric.name === name);
    if (known >= 0) return known;
    if (this.all.filter((metric) => metric.slot === slot).length >= METRICS_PER_SLOT) {
      this.overflows++;
      return -1;
    }
    return this.all.push({ slot, type, name, value: 0, observed: [] }) - 1;
  }
  add(index: number, delta: number): void {
    this.all[index]!.value += delta;
  }
  set(index: number, value: number): void {
    this.all[index]!.value = value;
  }
  observe(index: number, value: number): void {
    this.all[index]!.observed.push(value);
  }
  read(index: number): number {
    return this.all[index]!.value;
  }

  /** A counter's or gauge's value by name; null when nobody defined it. */
  valueOf(name: string): number | null {
    return this.all.find((metric) => metric.name === name)?.value ?? null;
  }
  /** What a histogram was told, in order. */
  observedOf(name: string): readonly number[] {
    return this.all.find((metric) => metric.name === name)?.observed ?? [];
  }
}

/** One thread's shared data: the rules of the shared store without its memory. */
export class MemorySharedData implements SharedDataStore {
  readonly roomMadeBytes = 0;
  private readonly entries = new Map<string, SharedValue>();
  private lastCas = 0;

  get(vmId: string, key: Uint8Array): SharedValue | "absent" {
    return this.entries.get(entryName(vmId, key)) ?? "absent";
  }

  set(vmId: string, key: Uint8Array, value: Uint8Array, cas: number): "ok" | "casMismatch" {
    const name = entryName(vmId, key);
    const known = this.entries.get(name);
    if (cas !== 0 && known !== undefined && known.cas !== cas) return "casMismatch";
    this.lastCas++;
    this.entries.set(name, { value: value.slice(), cas: this.lastCas });
    return "ok";
  }
}

function entryName(vmId: string, key: Uint8Array): string {
  return `${vmId}\0${Buffer.from(key).toString("latin1")}`;
}
