// HOT: bench abi. proxy_get_header_map_pairs: a map that is empty or not available is no bytes at all, which every SDK
// reads as empty.
import { caller } from "../host/caller.ts";
import { pairsLength, writePairs } from "../host/pairs.ts";
import { isMapType, readableHead } from "../host/stream-head.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetHeaderMapPairs(mapType: number, pairsPtrOut: number, pairsSizeOut: number): number {
  const guest = caller();
  if (!isMapType(mapType)) return Status.BadArgument;
  const head = readableHead(guest, mapType);
  if (head !== null && head.reads !== null) head.reads.addAll();
  const length = head === null ? 0 : pairsLength(head);
  const block = guest.returnBlock(length, pairsPtrOut, pairsSizeOut);
  if (block < 0) return Status.InvalidMemoryAccess;
  if (length > 0) writePairs(head!, guest.bytes, block);
  return Status.Ok;
}
