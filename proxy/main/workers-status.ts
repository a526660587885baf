// What `/stats` says of the workers, each by itself: how busy, with how much, and what its filters cost it.

import type { RevisionUse } from "../counters/revision-rows.ts";
import { EXCHANGE_COUNTER } from "../exchange/exchange-counters.ts";
import { exchangeCountersOf } from "../counters/slab.ts";
import type { WorkerHoldings } from "../worker/messages.ts";
import type { ProxyProcess } from "./proxy-process.ts";
import type { ReplacementProgress } from "./rolling-replacement.ts";
import type { InspectedWorker } from "./worker-pool.ts";

export interface WorkersStatus {
  readonly serving: number;
  /** Workers that died and were replaced. */
  readonly replaced: number;
  /** The rolling replacement under way, or the last one. */
  readonly replacement: ReplacementProgress | null;
  readonly each: readonly WorkerStatus[];
  /** By worker; null for one that does not answer. */
  readonly holdings: readonly (WorkerHoldings | null)[];
}

export interface WorkerStatus {
  readonly worker: number;
  readonly state: InspectedWorker["state"];
  /** Of the snapshot it serves. */
  readonly generation: number;
  readonly upSeconds: number;
  readonly loop: {
    /** Share of the last seconds that the event loop was busy, from 0 to 1. */
    readonly use: number | null;
    /** The most that it was late in them. */
    readonly delayMs: number | null;
  };
  readonly connections: number;
  readonly streams: number;
  readonly bytesHeld: number | null;
  /** By slot and revision in charge, since the proxy started; `time` of the streams that were timed. */
  readonly slots: readonly RevisionUse[];
}

type Parts = Pick<ProxyProcess, "pool" | "memory" | "rows" | "replacement">;

export async function workersStatus(proxy: Parts): Promise<WorkersStatus> {
  const { pool, replacement } = proxy;
  const inspected = await pool.inspect();
  const holdings = Array.from({ length: pool.count }, (_, index) => {
    return inspected.find(({ worker, state }) => worker.index === index && state !== "finishing")?.held ?? null;
  });
  return {
    serving: pool.servingCount,
    replaced: pool.replacedCount,
    replacement: replacement.progress,
    each: inspected.map((one) => workerStatus(proxy, one)),
    holdings,
  };
}

function workerStatus({ memory, rows }: Parts, { worker, state, held }: InspectedWorker): WorkerStatus {
  const slab = memory.slabs[worker.place]!;
  const counters = exchangeCountersOf(slab);
  return {
    worker: worker.index,
    state,
    generation: worker.generation,
    upSeconds: Math.round((performance.now() - worker.startedMs) / 1000),
    loop: { use: worker.loop.share, delayMs: held?.loopDelayMs ?? null },
    connections: counters[EXCHANGE_COUNTER.connectionsLive]!,
    streams: counters[EXCHANGE_COUNTER.streamsLive]!,
    bytesHeld: held?.accountBytes ?? null,
    slots: rows.useIn(slab),
  };
}
