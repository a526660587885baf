// What the exchanges of a server share.

import type { Mirrors } from "../mirror/mirrors.ts";
import type { Snapshot } from "../snapshot/runtime.ts";
import type { UpstreamPool } from "../upstream/upstream-pool.ts";
import type { ByteAccount } from "./byte-account.ts";
import type { CoarseClock } from "./coarse-clock.ts";
import type { WorkerCounters } from "./exchange-counters.ts";
import type { Exchange } from "./exchange.ts";
import type { StreamObserver } from "./facts.ts";
import type { RequestIds } from "./own-fields.ts";

export interface ExchangeHost {
  readonly upstreams: UpstreamPool;
  readonly mirrors: Mirrors;
  readonly observer: StreamObserver;
  readonly counters: WorkerCounters;
  readonly account: ByteAccount;
  readonly clock: CoarseClock;
  readonly ids: RequestIds;
  /** Too much to do for new streams. */
  readonly refusesStreams: boolean;
  snapshot(): Snapshot;
  /** Whether the callbacks of the stream that begins now are to be timed. */
  timesNext(): boolean;
  releaseExchange(exchange: Exchange): void;
}
