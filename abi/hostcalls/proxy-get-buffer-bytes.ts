// HOT: bench abi. proxy_get_buffer_bytes: what there is from `start` on, up to `maxSize`; SDKs ask for 2³¹-1 and mean all.
import { caller } from "../host/caller.ts";
import { bodyOf, configurationOf, isBufferType } from "../host/guest-buffer.ts";
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
  const configuration = body === null ? configurationOf(guest, bufferType) : null;
  if (body === null && configuration === null) return Status.NotFound;
  const total = body === null ? configuration!.length : body.length;
  const from = Math.min(start >>> 0, total);
  const length = Math.min(maxSize >>> 0, total - from);
  if (body === null) return guest.returnBytes(configuration!, from, length, dataPtrOut, dataSizeOut);
  const block = guest.returnBlock(length, dataPtrOut, dataSizeOut);
  if (block < 0) return Status.InvalidMemoryAccess;
  body.copyInto(guest.bytes, block, from, length);
  return Status.Ok;
}
