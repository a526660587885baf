// HOT: bench abi. proxy_set_buffer_bytes
import { caller } from "../host/caller.ts";
import { bodyOf, isBufferType, isReadOnlyBuffer } from "../host/guest-buffer.ts";
import { mayWriteBody } from "../host/moment.ts";
import { Status } from "../spec/enums.ts";

export function proxySetBufferBytes(
  bufferType: number,
  start: number,
  size: number,
  dataPtr: number,
  dataSize: number,
): number {
  const guest = caller();
  if (!isBufferType(bufferType) || isReadOnlyBuffer(bufferType)) return Status.BadArgument;
  if (!guest.has(dataPtr, dataSize)) return Status.InvalidMemoryAccess;
  const body = mayWriteBody(guest) ? bodyOf(guest, bufferType) : null;
  if (body === null) return Status.NotFound;
  if (!guest.hold(dataSize >>> 0)) return Status.InternalFailure;
  // What stands behind the edit is moved too.
  guest.charge(body.length);
  const from = Math.min(start >>> 0, body.length);
  const length = Math.min(size >>> 0, body.length - from);
  return body.replace(from, length, guest.slice(dataPtr, dataSize)) ? Status.Ok : Status.InternalFailure;
}
