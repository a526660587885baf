// HOT: bench abi. proxy_add_header_map_value. A pseudo header exists once: adding a second is refused.
import { caller } from "../host/caller.ts";
import { appendField, canonicalName, isPseudo, mayWrite } from "../host/header-syntax.ts";
import { PAIRS_COUNT_MAX } from "../host/limits.ts";
import { isMapType, writableHead } from "../host/stream-head.ts";
import { MapType, Status } from "../spec/enums.ts";

export function proxyAddHeaderMapValue(
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
  if (head === null || head.count >= PAIRS_COUNT_MAX) return Status.BadArgument;
  if (isPseudo(name) && head.find(name, 0, name.length) >= 0) return Status.BadArgument;
  appendField(head, name, value);
  return Status.Ok;
}
