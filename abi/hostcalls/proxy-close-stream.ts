// proxy_close_stream: resets the stream after the callback has returned; a TCP connection once it is flushed.
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { isChecking, maySteer } from "../host/moment.ts";
import type { StreamType as AnyStreamType } from "../host/stream-context.ts";
import { Status, StreamType } from "../spec/enums.ts";

export function proxyCloseStream(streamType: number): number {
  const guest = caller();
  if (streamType >>> 0 > StreamType.Upstream || isChecking(guest)) return Status.BadArgument;
  if (guest.acting.stream === null || !maySteer(guest)) return Status.Ok;
  const isQueued = queueEffect(guest, { kind: "close", context: guest.acting, type: streamType as AnyStreamType });
  return isQueued ? Status.Ok : Status.InternalFailure;
}
