// The proxy's downstream face in one worker: accepts connections, drives one Exchange per request and tells the
// observer what became of it. It reads snapshots, it never makes them.

import type { StreamFlag } from "@sluice/abi";
import type { Endpoint, Route, Snapshot } from "../snapshot/runtime.ts";
import type { ByteAccount } from "./byte-account.ts";
import type { CoarseClock } from "./coarse-clock.ts";
import type { WorkerCounters } from "./exchange-counters.ts";

export interface HttpServerOptions {
  /** The snapshot that new streams take. Called once a stream; must be a plain read. */
  snapshot(): Snapshot;
  readonly observer: StreamObserver;
  readonly counters: WorkerCounters;
  readonly account: ByteAccount;
  readonly clock: CoarseClock;
}

/** Where a listener gets its socket: a descriptor handed over (already bound), or an address to bind. */
export type ListenAt = number | { readonly host: string; readonly port: number };

/** Told once for every stream, after `on_log` and before its objects are reused. */
export interface StreamObserver {
  /** `facts` is pooled: valid until this returns. Reads nothing that is not asked for, so sampling is free. */
  ended(facts: ExchangeFacts): void;
}

/** What the data path knows of one finished stream; the record is made of it. */
export interface ExchangeFacts {
  readonly snapshot: Snapshot;
  /** Reports per slot, null when no filter was asked. */
  readonly slots: SlotReports | null;
  /** Name of the listener. */
  readonly listener: string;
  readonly route: Route | null;
  /** The endpoint the request was sent to, null when none was. */
  readonly endpoint: Endpoint | null;
  /** Address and port of the client's side of the connection. */
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** Wall time of the head's arrival in ms. */
  readonly startedMs: number;
  readonly durationUs: number;
  /** Status sent to the client, 0 when none was. */
  readonly status: number;
  readonly flags: readonly StreamFlag[];
  /** Bytes of the request as read and of the response as written, heads and framing included. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** As x-request-id has it: 26 characters, sortable by time. */
  id(): string;
  /** As they arrived: before normalisation and filters. Latin1, empty when there was no valid head. */
  method(): string;
  authority(): string;
  path(): string;
}

/** The part of the engine's Stream that a record needs. */
export interface SlotReports {
  readonly slotCount: number;
  slotReport(slot: number): unknown;
}
