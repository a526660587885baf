// proxy_grpc_send: a message on a stream. What the peer does not take in time ends the stream (ResourceExhausted).
import { GRPC_STREAM } from "../host/callout-book.ts";
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { Status } from "../spec/enums.ts";

export function proxyGrpcSend(token: number, messagePtr: number, messageSize: number, endOfStream: number): number {
  const guest = caller();
  if (!guest.has(messagePtr, messageSize)) return Status.InvalidMemoryAccess;
  const callout = guest.callouts?.find(token) ?? null;
  if (callout === null) return Status.NotFound;
  if (callout.kind !== GRPC_STREAM) return Status.BadArgument;
  if (!guest.hold(messageSize >>> 0)) return Status.InternalFailure;
  const message = guest.copy(messagePtr, messageSize);
  const run = (): void => callout.send(message, endOfStream !== 0);
  return queueEffect(guest, { kind: "outside", run }) ? Status.Ok : Status.InternalFailure;
}
