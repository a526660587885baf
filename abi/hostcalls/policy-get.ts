// HOT: bench abi. policy_get: an attribute's value; absent is NotFound. Of a header that is there several times the first.
import { caller } from "../host/caller.ts";
import { readableHead } from "../host/stream-head.ts";
import { Status } from "../spec/enums.ts";

export function policyGet(attributeId: number, valuePtrOut: number, valueSizeOut: number): number {
  const guest = caller();
  const attribute = guest.scope.attributes.get(attributeId);
  if (attribute === null) return Status.BadArgument;
  const { header } = attribute;
  if (header === null) {
    const value = guest.property(attribute.path);
    return value === null ? Status.NotFound : guest.returnBytes(value, 0, value.length, valuePtrOut, valueSizeOut);
  }
  const head = readableHead(guest, header.mapType);
  const field = head === null ? -1 : head.find(header.name, 0, header.name.length);
  if (field < 0) return Status.NotFound;
  const start = head!.valueStart(field);
  const source = head!.bufferOf(start);
  return guest.returnBytes(source, start < 0 ? ~start : start, head!.valueLength(field), valuePtrOut, valueSizeOut);
}
