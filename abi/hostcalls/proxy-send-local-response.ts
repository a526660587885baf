// proxy_send_local_response: copied now, sent after the callback has returned; the stream's first one wins. Without a stream,
// or when there is nothing left to answer, it is Ok and logged, as in Envoy: some SDKs trap on anything else.
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { NAME_BYTES_MAX, PAIRS_BYTES_MAX } from "../host/limits.ts";
import { isChecking, mayAnswer } from "../host/moment.ts";
import { isReplyStatus, replyHeaders } from "../host/reply-headers.ts";
import { GrpcStatus, LogLevel, Status } from "../spec/enums.ts";

// Eight parameters because the wire has eight.
export function proxySendLocalResponse(
  status: number,
  detailsPtr: number,
  detailsSize: number,
  bodyPtr: number,
  bodySize: number,
  headersPtr: number,
  headersSize: number,
  grpcStatus: number,
): number {
  const guest = caller();
  const isInRange =
    guest.has(detailsPtr, detailsSize) && guest.has(bodyPtr, bodySize) && guest.has(headersPtr, headersSize);
  if (!isInRange) return Status.InvalidMemoryAccess;
  if (!isReplyStatus(status >>> 0) || headersSize >>> 0 > PAIRS_BYTES_MAX || isChecking(guest))
    return Status.BadArgument;
  if (guest.acting.stream === null || !mayAnswer(guest)) {
    guest.scope.logHost(
      LogLevel.Error,
      guest.acting.id,
      `proxy_send_local_response in ${guest.callback}: nothing is sent`,
    );
    return Status.Ok;
  }
  if (!guest.hold((bodySize >>> 0) + (headersSize >>> 0))) return Status.InternalFailure;
  const headers = replyHeaders(guest.slice(headersPtr, headersSize));
  if (headers === null) return Status.BadArgument;
  const details = guest.text(detailsPtr, detailsSize, NAME_BYTES_MAX).replaceAll(/\s/g, "_");
  const reply = {
    status,
    headers,
    body: guest.copy(bodyPtr, bodySize),
    details,
    grpcStatus: grpcStatus >>> 0 <= GrpcStatus.Unauthenticated ? grpcStatus : -1,
  };
  return queueEffect(guest, { kind: "localResponse", context: guest.acting, reply })
    ? Status.Ok
    : Status.InternalFailure;
}
