// HOT: bench abi.
// One wasm instance and the contexts in it. Each callback method runs the guest's export when there is one, drains the
// effects it queued, and returns its result normalised; without the export it returns what "continue" is. A callback
// that does not return throws GuestFailure, and the instance is never called again.

import type { StreamContext } from "./stream-context.ts";

export class Instance {
  /** True after a GuestFailure: nothing of it may be called. */
  failed = false;
  /** Fuel spent by the last callback, also when it failed. */
  fuelUsed = 0;
  /** Streams with a context in this instance. */
  streamsLive = 0;

  /** Makes a stream context and calls proxy_on_context_create; returns its id. `slot` is handed back in every call on `stream`. */
  createStream(stream: StreamContext, slot: number): number {
    void [stream, slot];
    return 0;
  }

  /** policy_on_check: a CheckKind; what is none of them is `Error`. */
  onCheck(contextId: number): number {
    void contextId;
    return 0;
  }
  /** A HeadersStatus, 0…4. */
  requestHeaders(contextId: number, count: number, endOfStream: boolean): number {
    void [contextId, count, endOfStream];
    return 0;
  }
  /** A DataStatus, 0…3. `bodySize` counts all that is buffered for this slot. */
  requestBody(contextId: number, bodySize: number, endOfStream: boolean): number {
    void [contextId, bodySize, endOfStream];
    return 0;
  }
  /** A TrailersStatus, 0…1. */
  requestTrailers(contextId: number, count: number): number {
    void [contextId, count];
    return 0;
  }
  responseHeaders(contextId: number, count: number, endOfStream: boolean): number {
    void [contextId, count, endOfStream];
    return 0;
  }
  responseBody(contextId: number, bodySize: number, endOfStream: boolean): number {
    void [contextId, bodySize, endOfStream];
    return 0;
  }
  responseTrailers(contextId: number, count: number): number {
    void [contextId, count];
    return 0;
  }

  onReport(contextId: number): void {
    void contextId;
  }
  log(contextId: number): void {
    void contextId;
  }
  done(contextId: number): void {
    void contextId;
  }
  /** proxy_on_delete; then the id is void. Call it once for every createStream that returned, unless the instance failed. */
  delete(contextId: number): void {
    void contextId;
  }
}
