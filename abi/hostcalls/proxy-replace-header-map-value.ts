// HOT: bench abi. proxy_replace_header_map_value
import { caller } from "../host/caller.ts";
import { appendField, canonicalName, mayWrite } from "../host/header-syntax.ts";
import { PAIRS_COUNT_MAX } from "../host/limits.ts";
import { isMapType, writableHead } from "../host/stream-head.ts";
import { MapType, Status } from "../spec/enums.ts";

export function proxyReplaceHeaderMapValue(
  mapType: number,
  keyPtr: number,
  keySize: number,
  valuePtr: number,
  valueSize: number,
): number {
  const guest = caller();
  if (!isMapType(mapType)) return Status.BadArgument;
  if (!guest.has(keyPtr, keySize) || !guest.has(valuePtr, valueSize)) return Status.InvalidMemoryAccess;
  if (mapType > MapType.HttpResponseTrailers) return Status.BadArgument;
  if (!guest.hold((keySize >>> 0) + (valueSize >>> 0))) return Status.InternalFailure;
  const name = canonicalName(guest.borrow(keyPtr, keySize), mapType);
  const value = guest.slice(valuePtr, valueSize);
  if (!mayWrite(mapType, name, value)) return Status.BadArgument;
  const head = writableHead(guest, mapType);
  if (head === null) return Status.BadArgument;
  const isThere = head.find(name, 0, name.length) >= 0;
  if (!isThere && head.count >= PAIRS_COUNT_MAX) return Status.BadArgument;
  if (isThere) head.replace(name, value);
  else appendField(head, name, value);
  return Status.Ok;
}
