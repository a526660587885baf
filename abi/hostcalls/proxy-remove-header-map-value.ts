// HOT: bench abi. proxy_remove_header_map_value: every field of the name; Ok when there was none.
import { caller } from "../host/caller.ts";
import { canonicalName, isName } from "../host/header-syntax.ts";
import { isMapType, writableHead } from "../host/stream-head.ts";
import { MapType, Status } from "../spec/enums.ts";

export function proxyRemoveHeaderMapValue(mapType: number, keyPtr: number, keySize: number): number {
  const guest = caller();
  if (!isMapType(mapType)) return Status.BadArgument;
  if (!guest.has(keyPtr, keySize)) return Status.InvalidMemoryAccess;
  if (mapType > MapType.HttpResponseTrailers) return Status.BadArgument;
  guest.charge(keySize >>> 0);
  const name = canonicalName(guest.borrow(keyPtr, keySize), mapType);
  if (!isName(mapType, name)) return Status.BadArgument;
  const head = writableHead(guest, mapType);
  if (head === null) return Status.BadArgument;
  head.remove(name);
  return Status.Ok;
}
