// proxy_close_stream: resets the stream after the callback has returned. Types 2 and 3 are TCP's: accepted, without effect.
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { isChecking, maySteer } from "../host/moment.ts";
import type { StreamType as HttpStreamType } from "../host/stream-context.ts";
import { Status, StreamType } from "../spec/enums.ts";

export function proxyCloseStream(streamType: number): number {
  const guest = caller();
  if (streamType >>> 0 > StreamType.Upstream || isChecking(guest)) return Status.BadArgument;
  if (guest.acting.stream === null || streamType > StreamType.Response || !maySteer(guest)) return Status.Ok;
  const isQueued = queueEffect(guest, { kind: "close", context: guest.acting, type: streamType as HttpStreamType });
  return isQueued ? Status.Ok : Status.InternalFailure;
}
