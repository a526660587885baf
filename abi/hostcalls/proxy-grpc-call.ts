// proxy_grpc_call: a unary call. Its answer is proxy_on_grpc_receive or proxy_on_grpc_close, never both.
import { calloutBook, GRPC_CALL } from "../host/callout-book.ts";
import { calloutMs } from "../host/callout-request.ts";
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { readGrpcRequest } from "../host/grpc-callout.ts";
import { CALLOUT_MS_MAX } from "../host/limits.ts";
import { Status } from "../spec/enums.ts";

// Twelve parameters because the wire has twelve.
export function proxyGrpcCall(
  upstreamPtr: number,
  upstreamSize: number,
  servicePtr: number,
  serviceSize: number,
  methodPtr: number,
  methodSize: number,
  metadataPtr: number,
  metadataSize: number,
  messagePtr: number,
  messageSize: number,
  timeout: number,
  tokenOut: number,
): number {
  const guest = caller();
  if (!guest.has(messagePtr, messageSize) || !guest.has(tokenOut, 4)) return Status.InvalidMemoryAccess;
  const names = { upstreamPtr, upstreamSize, servicePtr, serviceSize, methodPtr, methodSize };
  const asked = readGrpcRequest(guest, { ...names, metadataPtr, metadataSize });
  if (typeof asked === "number") return asked;
  if (!guest.hold(messageSize >>> 0)) return Status.InternalFailure;
  const callout = calloutBook(guest).add(GRPC_CALL);
  if (callout === null) return Status.InternalFailure;
  const { callouts } = guest.scope.services;
  // No status of this call says that a time is bad: a negative one is the longest.
  const request = {
    ...asked,
    message: guest.copy(messagePtr, messageSize),
    timeoutMs: calloutMs(timeout) ?? CALLOUT_MS_MAX,
  };
  const run = (): void => callout.begin(() => callouts.grpcCall(request, callout));
  if (!queueEffect(guest, { kind: "outside", run })) {
    callout.detach();
    return Status.InternalFailure;
  }
  guest.setU32(tokenOut, callout.id);
  return Status.Ok;
}
