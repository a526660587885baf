// HOT: bench abi. policy_get_values: the list encoding, pairs whose keys are the values. A scalar is a list of one. The list
// is built in the guest's block: as pairs encoded before and copied then, it was a tenth of a check.
import { caller, type Caller } from "../host/caller.ts";
import { readableHead } from "../host/stream-head.ts";
import type { Head } from "../head/head.ts";
import { Status } from "../spec/enums.ts";

const COUNT_BYTES = 4;
/** Both lengths of an entry, and the NULs behind its key and its value. */
const ENTRY_BYTES = 8 + 2;

export function policyGetValues(attributeId: number, valuesPtrOut: number, valuesSizeOut: number): number {
  const guest = caller();
  const attribute = guest.scope.attributes.get(attributeId);
  if (attribute === null || attribute.type === "map") return Status.BadArgument;
  const { header, path } = attribute;
  if (header !== null) {
    const head = readableHead(guest, header.mapType);
    return head === null ? Status.NotFound : returnFields(guest, head, header.name, valuesPtrOut, valuesSizeOut);
  }
  const value = guest.property(path);
  if (value === null) return Status.NotFound;
  const block = guest.returnBlock(COUNT_BYTES + ENTRY_BYTES + value.length, valuesPtrOut, valuesSizeOut);
  if (block < 0) return Status.InvalidMemoryAccess;
  guest.view.setUint32(block, 1, true);
  writeEntry(guest, block + COUNT_BYTES, block + COUNT_BYTES + 8, value, 0, value.length);
  return Status.Ok;
}

function returnFields(guest: Caller, head: Head, name: Uint8Array, ptrOut: number, sizeOut: number): number {
  const first = head.find(name, 0, name.length);
  if (first < 0) return Status.NotFound;
  let count = 0;
  let length = COUNT_BYTES;
  for (let field = first; field >= 0; field = head.find(name, 0, name.length, field + 1)) {
    count++;
    length += ENTRY_BYTES + head.valueLength(field);
  }
  const block = guest.returnBlock(length, ptrOut, sizeOut);
  if (block < 0) return Status.InvalidMemoryAccess;
  guest.view.setUint32(block, count, true);
  let lengthsAt = block + COUNT_BYTES;
  let at = lengthsAt + count * 8;
  // Most fields have one value: no second look for a next one.
  for (let field = first, left = count; left > 0; left--) {
    const start = head.valueStart(field);
    at = writeEntry(guest, lengthsAt, at, head.bufferOf(start), start < 0 ? ~start : start, head.valueLength(field));
    lengthsAt += 8;
    if (left > 1) field = head.find(name, 0, name.length, field + 1);
  }
  return Status.Ok;
}

/** One value as a key with an empty value; returns where the next one goes. */
function writeEntry(
  guest: Caller,
  lengthsAt: number,
  at: number,
  source: Uint8Array,
  start: number,
  length: number,
): number {
  const { bytes, view } = guest;
  view.setUint32(lengthsAt, length, true);
  view.setUint32(lengthsAt + 4, 0, true);
  for (let i = 0; i < length; i++) bytes[at + i] = source[start + i]!;
  bytes[at + length] = 0;
  bytes[at + length + 1] = 0;
  return at + length + 2;
}
