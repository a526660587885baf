// proxy_grpc_close: a stream is half-closed, the peer's messages still arrive; a call is cancelled.
import { GRPC_CALL, HTTP_CALL } from "../host/callout-book.ts";
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { Status } from "../spec/enums.ts";
import { proxyGrpcCancel } from "./proxy-grpc-cancel.ts";

export function proxyGrpcClose(token: number): number {
  const guest = caller();
  const callout = guest.callouts?.find(token) ?? null;
  if (callout === null || callout.kind === HTTP_CALL) return Status.NotFound;
  if (callout.kind === GRPC_CALL) return proxyGrpcCancel(token);
  const run = (): void => callout.halfClose();
  return queueEffect(guest, { kind: "outside", run }) ? Status.Ok : Status.InternalFailure;
}
