// HOT: bench abi.
// The header map a hostcall means: 0 to 3 through the context it acts on, 4 to 7 of the callout whose answer is being told.

import type { Head } from "../head/head.ts";
import { MapType } from "../spec/enums.ts";
import { HEAD_EDITS_BYTES_MAX } from "./limits.ts";
import type { Caller } from "./caller.ts";
import { isCreating } from "./moment.ts";
import type { StreamMapType } from "./stream-context.ts";

const LAST_OF_STREAM = MapType.HttpResponseTrailers;
const LAST = MapType.HttpCallResponseTrailers;

export function isMapType(mapType: number): boolean {
  return mapType >>> 0 <= LAST;
}

/** null: the map is not available to this context now. */
export function readableHead(guest: Caller, mapType: number): Head | null {
  if (mapType > LAST_OF_STREAM) return guest.arrival?.maps[mapType] ?? null;
  const { stream, slot } = guest.acting;
  if (stream === null || isCreating(guest)) return null;
  return stream.head(slot, mapType as StreamMapType);
}

/** null: the map may not be changed by this context now, or was changed too much. */
export function writableHead(guest: Caller, mapType: number): Head | null {
  const { stream, slot } = guest.acting;
  if (stream === null || mapType > LAST_OF_STREAM || isCreating(guest)) return null;
  const head = stream.headForWrite(slot, mapType as StreamMapType);
  // What an edit replaces stays in the head until its end: a tick could make it grow for as long as a stream is paused.
  return head === null || head.editsLength > HEAD_EDITS_BYTES_MAX ? null : head;
}
