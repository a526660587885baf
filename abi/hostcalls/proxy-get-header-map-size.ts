// HOT: bench abi. proxy_get_header_map_size: bytes of names and values, as Envoy has it; cpp-host's comment says entries.
import { caller } from "../host/caller.ts";
import { headBytes } from "../host/pairs.ts";
import { isMapType, readableHead } from "../host/stream-head.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetHeaderMapSize(mapType: number, sizeOut: number): number {
  const guest = caller();
  if (!isMapType(mapType)) return Status.BadArgument;
  const head = readableHead(guest, mapType);
  if (head === null) return Status.BadArgument;
  if (!guest.has(sizeOut, 4)) return Status.InvalidMemoryAccess;
  if (head.reads !== null) head.reads.addAll();
  guest.setU32(sizeOut, headBytes(head));
  return Status.Ok;
}
