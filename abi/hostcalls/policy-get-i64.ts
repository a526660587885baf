// HOT: bench abi. policy_get_i64: a scalar without a block of guest memory.
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function policyGetI64(attributeId: number, valueOut: number): number {
  const guest = caller();
  const attribute = guest.scope.attributes.get(attributeId);
  if (attribute === null || !isScalar(attribute.type)) return Status.BadArgument;
  if (!guest.has(valueOut, 8)) return Status.InvalidMemoryAccess;
  const value = guest.property(attribute.path);
  if (value === null) return Status.NotFound;
  const { view } = guest;
  const at = valueOut >>> 0;
  guest.noteWord(at);
  const isBool = value.length === 1;
  view.setInt32(at, isBool ? value[0]! : word(value, 0), true);
  view.setInt32(at + 4, isBool ? 0 : word(value, 4), true);
  return Status.Ok;
}

function isScalar(type: string): boolean {
  return type !== "string" && type !== "map" && type !== "message";
}

/** A u32 of an 8-byte value: two of them are cheaper than one BigInt. */
function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
