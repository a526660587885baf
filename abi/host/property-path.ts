// HOT: bench abi.
// A property's path as the guest sent it: segments joined by NUL. The C++ SDK puts one NUL behind the last segment too.

import type { Caller } from "./caller.ts";
import { NAME_BYTES_MAX } from "./limits.ts";

/** null: empty or too long, so it names nothing. The range was checked. */
export function propertyPath(guest: Caller, ptr: number, size: number): string | null {
  const length = size >>> 0;
  if (length === 0 || length > NAME_BYTES_MAX) return null;
  guest.charge(length);
  const isTerminated = guest.bytes[(ptr >>> 0) + length - 1] === 0;
  const path = guest.latin1(ptr, isTerminated ? length - 1 : length);
  return path === "" ? null : path;
}
