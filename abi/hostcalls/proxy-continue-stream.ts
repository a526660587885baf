// proxy_continue_stream: done after the callback has returned; without effect when nothing is paused or no stream is meant.
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { isChecking, maySteer } from "../host/moment.ts";
import type { StreamType as AnyStreamType } from "../host/stream-context.ts";
import { Status, StreamType } from "../spec/enums.ts";

export function proxyContinueStream(streamType: number): number {
  const guest = caller();
  if (streamType >>> 0 > StreamType.Upstream || isChecking(guest)) return Status.BadArgument;
  if (guest.acting.stream === null || !maySteer(guest)) return Status.Ok;
  const isQueued = queueEffect(guest, { kind: "continue", context: guest.acting, type: streamType as AnyStreamType });
  return isQueued ? Status.Ok : Status.InternalFailure;
}
