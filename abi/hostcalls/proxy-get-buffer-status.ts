// HOT: bench abi. proxy_get_buffer_status
import { caller } from "../host/caller.ts";
import { bodyOf, readOnlyBytesOf, isBufferType } from "../host/guest-buffer.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetBufferStatus(bufferType: number, sizeOut: number, flagsOut: number): number {
  const guest = caller();
  if (!isBufferType(bufferType)) return Status.BadArgument;
  const buffer = bodyOf(guest, bufferType) ?? readOnlyBytesOf(guest, bufferType);
  if (buffer === null) return Status.NotFound;
  if (!guest.has(sizeOut, 4) || !guest.has(flagsOut, 4)) return Status.InvalidMemoryAccess;
  guest.setU32(sizeOut, buffer.length);
  guest.setU32(flagsOut, 0);
  return Status.Ok;
}
