// policy_get_values: the list encoding, pairs whose keys are the values. A scalar is a list of one.
import type { Attribute } from "../host/attributes.ts";
import { caller, type Caller } from "../host/caller.ts";
import { encodePairs, type Pair } from "../host/pairs.ts";
import { readableHead } from "../host/stream-head.ts";
import { Status } from "../spec/enums.ts";

const NO_BYTES = new Uint8Array(0);

export function policyGetValues(attributeId: number, valuesPtrOut: number, valuesSizeOut: number): number {
  const guest = caller();
  const attribute = guest.scope.attributes.get(attributeId);
  if (attribute === null || attribute.type === "map") return Status.BadArgument;
  const values = valuesOf(guest, attribute);
  if (values.length === 0) return Status.NotFound;
  const bytes = encodePairs(values);
  return guest.returnBytes(bytes, 0, bytes.length, valuesPtrOut, valuesSizeOut);
}

function valuesOf(guest: Caller, { header, path }: Attribute): Pair[] {
  if (header === null) {
    const value = guest.property(path);
    return value === null ? [] : [{ name: value, value: NO_BYTES }];
  }
  const head = readableHead(guest, header.mapType);
  if (head === null) return [];
  const { name } = header;
  const values: Pair[] = [];
  for (let field = head.find(name, 0, name.length); field >= 0; field = head.find(name, 0, name.length, field + 1)) {
    values.push({ name: head.value(field), value: NO_BYTES });
  }
  return values;
}
