// proxy_grpc_stream: opened after the callback has returned; what is sent in the same callback follows it.
import { calloutBook, GRPC_STREAM } from "../host/callout-book.ts";
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { readGrpcRequest } from "../host/grpc-callout.ts";
import { Status } from "../spec/enums.ts";

// Nine parameters because the wire has nine.
export function proxyGrpcStream(
  upstreamPtr: number,
  upstreamSize: number,
  servicePtr: number,
  serviceSize: number,
  methodPtr: number,
  methodSize: number,
  metadataPtr: number,
  metadataSize: number,
  tokenOut: number,
): number {
  const guest = caller();
  if (!guest.has(tokenOut, 4)) return Status.InvalidMemoryAccess;
  const names = { upstreamPtr, upstreamSize, servicePtr, serviceSize, methodPtr, methodSize };
  const request = readGrpcRequest(guest, { ...names, metadataPtr, metadataSize });
  if (typeof request === "number") return request;
  const callout = calloutBook(guest).add(GRPC_STREAM);
  if (callout === null) return Status.InternalFailure;
  const { callouts } = guest.scope.services;
  const run = (): void => callout.begin(() => callouts.grpcStream(request, callout));
  if (!queueEffect(guest, { kind: "outside", run })) {
    callout.detach();
    return Status.InternalFailure;
  }
  guest.setU32(tokenOut, callout.id);
  return Status.Ok;
}
