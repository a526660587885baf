// The host's services on a worker: real clocks and randomness, the worker's slab for metrics, the shared store, logs by
// way of main.

import { getRandomValues } from "node:crypto";
import { Plugin, foreignFunctions } from "@sluice/abi/data-path";
import type {
  CalloutClient,
  Clock,
  FilterLog,
  HostServices,
  LogLevel,
  MetricStore,
  QuotaBackend,
  QueueStore,
  SharedDataStore,
  TickScheduler,
  TickTarget,
} from "@sluice/abi";

export interface ServicesParts {
  readonly nodeId: string;
  readonly logLevel: LogLevel;
  readonly metrics: MetricStore;
  readonly sharedData: SharedDataStore;
  readonly queues: QueueStore;
  /** Of the deployment that the plugin is in. */
  readonly quotas: QuotaBackend;
  readonly callouts: CalloutClient;
  readonly log: (entry: FilterLog) => void;
  /** False: the plugin's ticks run on another worker. */
  readonly ticks: boolean;
}

export function pluginServices(parts: ServicesParts): HostServices {
  const node = new TextEncoder().encode(parts.nodeId);
  return {
    clock: systemClock,
    random: (into) => void getRandomValues(into as Uint8Array<ArrayBuffer>),
    log: parts.log,
    logLevel: parts.logLevel,
    sharedData: parts.sharedData,
    queues: parts.queues,
    metrics: parts.metrics,
    quotas: parts.quotas,
    callouts: parts.callouts,
    foreign: FUNCTIONS,
    timers: parts.ticks ? new TimeoutTicks() : new NoPluginTicks(),
    // xds.node is a message in Envoy; its id is the part that guests ask for.
    nodeProperty: (path) => (path === "xds\0node\0id" || path === "node\0id" ? node : null),
  };
}

/** Those that every embedding has; the proxy adds none. */
const FUNCTIONS = foreignFunctions();

const originNs = BigInt(Math.round(performance.timeOrigin * 1e6));

const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  nowNs: () => originNs + BigInt(Math.round(performance.now() * 1e6)),
  monotonicNs: () => process.hrtime.bigint(),
};

class TimeoutTicks implements TickScheduler {
  private readonly pending = new Map<TickTarget, NodeJS.Timeout>();

  schedule(target: TickTarget, delayMs: number): void {
    this.cancel(target);
    const fire = (): void => {
      this.pending.delete(target);
      target.tick();
    };
    this.pending.set(target, setTimeout(fire, delayMs).unref());
  }

  cancel(target: TickTarget): void {
    clearTimeout(this.pending.get(target));
    this.pending.delete(target);
  }
}

/** A plugin's own ticks run elsewhere; what waits for it here (a stream for an instance, a root for its end) still does. */
class NoPluginTicks extends TimeoutTicks {
  override schedule(target: TickTarget, delayMs: number): void {
    if (!(target instanceof Plugin)) super.schedule(target, delayMs);
  }
}
