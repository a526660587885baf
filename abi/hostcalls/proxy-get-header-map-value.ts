// HOT: bench abi. proxy_get_header_map_value: the guest's name is compared with the head's bytes and the value copied over;
// no string is made.
import { caller, type Caller } from "../host/caller.ts";
import { AUTHORITY, isHost } from "../host/header-syntax.ts";
import { isMapType, readableHead } from "../host/stream-head.ts";
import { MapType, Status } from "../spec/enums.ts";

const NO_BYTES = new Uint8Array(0);

export function proxyGetHeaderMapValue(
  mapType: number,
  keyPtr: number,
  keySize: number,
  valuePtrOut: number,
  valueSizeOut: number,
): number {
  const guest = caller();
  if (!isMapType(mapType)) return Status.BadArgument;
  if (!guest.has(keyPtr, keySize)) return Status.InvalidMemoryAccess;
  const at = keyPtr >>> 0;
  const length = keySize >>> 0;
  guest.charge(length);
  const head = readableHead(guest, mapType);
  if (head === null || length === 0) return Status.BadArgument;
  const { bytes } = guest;
  let field = head.find(bytes, at, length);
  if (field < 0 && mapType === MapType.HttpRequestHeaders && isHost(bytes, at, length)) {
    field = head.find(AUTHORITY, 0, AUTHORITY.length);
  }
  if (field < 0) return absent(guest, valuePtrOut, valueSizeOut);
  const start = head.valueStart(field);
  const source = head.bufferOf(start);
  return guest.returnBytes(source, start < 0 ? ~start : start, head.valueLength(field), valuePtrOut, valueSizeOut);
}

function absent(guest: Caller, valuePtrOut: number, valueSizeOut: number): number {
  return guest.scope.absentIsEmpty ? guest.returnBytes(NO_BYTES, 0, 0, valuePtrOut, valueSizeOut) : Status.NotFound;
}
