// HOT: bench proxy, bench abi.
// One HTTP stream on its way through a filter chain. A driver opens it, feeds it what arrived and is told through
// StreamDriver what may go on.

import type { Head } from "../head/head.ts";
import type { Chain } from "./chain.ts";
import type { StreamDriver, StreamFlag } from "./driver.ts";

export type VerdictKind = "noOpinion" | "allow" | "deny" | "error";

/** What the record says of one slot. */
export interface SlotReport {
  readonly slot: string;
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  readonly verdict: VerdictKind;
  /** google.rpc code name of a deny or error, else null. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly cached: boolean;
  /** Fuel spent by this stream's callbacks so far. */
  readonly fuel: number;
  readonly durationUs: number | null;
  readonly dryRun: boolean;
  readonly error: { readonly cause: string; readonly message: string; readonly at: string | null } | null;
  readonly additions: Readonly<Record<string, unknown>>;
}

export class Stream {
  /** Counts uses of this pooled object: who keeps a stream for later compares it before touching the stream. */
  generation = 0;
  /** Slots asked so far, by place in the chain; `slotReport(i)` for i below it. */
  slotCount = 0;
  /** Status of the response head that was handed to the driver last, 0 before. */
  status = 0;
  /** Why the stream ended otherwise than well, as far as the engine decided it. */
  flag: StreamFlag | null = null;
  /** False: no filter wants request body bytes; the driver may move them without the engine. Valid from the first sendRequestHead on. */
  needsRequestData = false;
  /** False: response body bytes may move without the engine. Valid from sendResponseHead on. */
  needsResponseData = false;

  /** Takes the stream into use. `requestHead` stays the driver's, and valid until `end()`. */
  open(chain: Chain, slotMask: number, driver: StreamDriver, requestHead: Head): void {
    void [chain, slotMask, driver, requestHead];
  }
  requestHeaders(endOfStream: boolean): void {
    void endOfStream;
  }
  requestData(chunk: Uint8Array, endOfStream: boolean): void {
    void [chunk, endOfStream];
  }
  requestTrailers(trailers: Head): void {
    void trailers;
  }
  responseHeaders(head: Head, endOfStream: boolean): void {
    void [head, endOfStream];
  }
  responseData(chunk: Uint8Array, endOfStream: boolean): void {
    void [chunk, endOfStream];
  }
  responseTrailers(trailers: Head): void {
    void trailers;
  }
  /** A reply made by the proxy (404, 502, 504 …): passes no filter; resets when a response head was already sent. */
  replyFromDriver(status: number, body: string, flag: StreamFlag): void {
    void [status, body, flag];
  }
  /** The client is gone: nothing more is sent, callbacks at the end still run once. Then the driver calls `end()`. */
  downstreamClosed(): void {}
  /** The stream's idle time is over: 504 before a response head was sent, reset after. */
  idleTimeout(): void {}
  /** policy_on_report and proxy_on_log, once; after it the driver writes the record from `slotReport`. */
  report(): void {}
  /** `report()` if that is still to come, on_done, on_delete, instances given back; the object is the pool's again. */
  end(): void {}
  slotReport(slot: number): SlotReport {
    throw new RangeError(`slot ${slot}`);
  }
}

/** A stream from this thread's pool. */
export function takeStream(): Stream {
  return new Stream();
}
