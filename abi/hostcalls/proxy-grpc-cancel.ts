// proxy_grpc_cancel: nothing is told of the token any more, from now on.
import { HTTP_CALL } from "../host/callout-book.ts";
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { Status } from "../spec/enums.ts";

export function proxyGrpcCancel(token: number): number {
  const guest = caller();
  const callout = guest.callouts?.find(token) ?? null;
  if (callout === null || callout.kind === HTTP_CALL) return Status.NotFound;
  const run = (): void => callout.cancel();
  if (!queueEffect(guest, { kind: "outside", run })) return Status.InternalFailure;
  guest.callouts!.forget(callout);
  return Status.Ok;
}
