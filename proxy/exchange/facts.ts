// What the data path tells of a finished stream. The record (and all its views) is made of this by the observer.

import type { Stream, StreamFlag } from "@sluice/abi";
import type { MirrorFacts } from "../mirror/mirror-facts.ts";
import type { Cluster, Endpoint, Route, Snapshot } from "../snapshot/runtime.ts";
import type { TraceContext } from "./trace-context.ts";

/** Told once for every stream, after `on_log` and before its objects are reused. */
export interface StreamObserver {
  /** A tunnel goes on without its filters, whose part is over: `facts.slots` are to be counted now. `ended` follows. */
  detached(facts: ExchangeFacts): void;
  /** `facts` is pooled: valid until this returns. Reads nothing that is not asked for, so sampling is free. */
  ended(facts: ExchangeFacts): void;
  /** A copy that was to be compared and its primary are both over. */
  mirrored(facts: MirrorFacts): void;
}

export interface ExchangeFacts {
  readonly snapshot: Snapshot;
  /** Reports per slot, null when no filter was asked. */
  readonly slots: Pick<Stream, "slotCount" | "slotReport"> | null;
  /** The same as long as nobody was told of them; null when a tunnel has outlived its filters, which were told of then. */
  readonly uncounted: Pick<Stream, "slotCount" | "slotReport" | "slotFigures"> | null;
  /** Name of the listener. */
  readonly listener: string;
  readonly route: Route | null;
  /** Where the route leads for this request; null without a route, and where the route answers itself. */
  readonly cluster: Cluster | null;
  /** The request's place in a trace; null without `tracing`. */
  readonly trace: TraceContext | null;
  /** `trace` is sampled, and somebody wants its spans. */
  readonly isTraced: boolean;
  /** The endpoint the request was sent to last, null when none was. */
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
  /** Of the request as it was routed: normalised, with filters' edits. Latin1, empty when there was no valid head. */
  method(): string;
  authority(): string;
  path(): string;
}
