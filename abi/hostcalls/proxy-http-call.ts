// proxy_http_call: everything is checked and copied now; the request goes out after the callback has returned, so a callback
// that fails has asked nobody.
import { calloutBook, HTTP_CALL } from "../host/callout-book.ts";
import { calloutMs, calloutName, plainFields, requestHeaders } from "../host/callout-request.ts";
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { PAIRS_BYTES_MAX } from "../host/limits.ts";
import { Status } from "../spec/enums.ts";

// Ten parameters because the wire has ten.
export function proxyHttpCall(
  upstreamPtr: number,
  upstreamSize: number,
  headersPtr: number,
  headersSize: number,
  bodyPtr: number,
  bodySize: number,
  trailersPtr: number,
  trailersSize: number,
  timeout: number,
  callIdOut: number,
): number {
  const guest = caller();
  const isInRange =
    guest.has(upstreamPtr, upstreamSize) &&
    guest.has(headersPtr, headersSize) &&
    guest.has(bodyPtr, bodySize) &&
    guest.has(trailersPtr, trailersSize) &&
    guest.has(callIdOut, 4);
  if (!isInRange) return Status.InvalidMemoryAccess;
  const { callouts } = guest.scope.services;
  const cluster = calloutName(guest, upstreamPtr, upstreamSize);
  const timeoutMs = calloutMs(timeout);
  if (cluster === null || timeoutMs === null || !callouts.hasCluster(cluster)) return Status.BadArgument;
  if (headersSize >>> 0 > PAIRS_BYTES_MAX || trailersSize >>> 0 > PAIRS_BYTES_MAX) return Status.BadArgument;
  if (!guest.hold((headersSize >>> 0) + (bodySize >>> 0) + (trailersSize >>> 0))) return Status.InternalFailure;
  const headers = requestHeaders(guest.slice(headersPtr, headersSize));
  const trailers = plainFields(guest.slice(trailersPtr, trailersSize));
  if (headers === null || trailers === null) return Status.BadArgument;
  const callout = calloutBook(guest).add(HTTP_CALL);
  if (callout === null) return Status.InternalFailure;
  const request = {
    cluster,
    headers,
    body: guest.copy(bodyPtr, bodySize),
    trailers: trailers.count === 0 ? null : trailers,
    timeoutMs,
  };
  const run = (): void => callout.begin(() => callouts.http(request, callout));
  if (!queueEffect(guest, { kind: "outside", run })) {
    callout.detach();
    return Status.InternalFailure;
  }
  guest.setU32(callIdOut, callout.id);
  return Status.Ok;
}
