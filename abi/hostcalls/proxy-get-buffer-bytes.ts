// HOT: bench abi. proxy_get_buffer_bytes: what there is from `start` on, up to `maxSize`; SDKs ask for 2³¹-1 and mean all.
import { caller } from "../host/caller.ts";
import { bodyOf, readOnlyBytesOf, isBufferType } from "../host/guest-buffer.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetBufferBytes(
  bufferType: number,
  start: number,
  maxSize: number,
  dataPtrOut: number,
  dataSizeOut: number,
): number {
  const guest = caller();
  if (!isBufferType(bufferType)) return Status.BadArgument;
  const body = bodyOf(guest, bufferType);
  const fixed = body === null ? readOnlyBytesOf(guest, bufferType) : null;
  if (body === null && fixed === null) return Status.NotFound;
  const total = body === null ? fixed!.length : body.length;
  const from = Math.min(start >>> 0, total);
  const length = Math.min(maxSize >>> 0, total - from);
  if (body === null) return guest.returnBytes(fixed!, from, length, dataPtrOut, dataSizeOut);
  const block = guest.returnBlock(length, dataPtrOut, dataSizeOut);
  if (block < 0) return Status.InvalidMemoryAccess;
  body.copyInto(guest.bytes, block, from, length);
  return Status.Ok;
}
