// policy_attribute: a name becomes an id once, so that the data path looks nothing up by name.
import { caller } from "../host/caller.ts";
import { NAME_BYTES_MAX } from "../host/limits.ts";
import { Status } from "../spec/enums.ts";

export function policyAttribute(namePtr: number, nameSize: number, attributeIdOut: number): number {
  const guest = caller();
  if (!guest.has(namePtr, nameSize) || !guest.has(attributeIdOut, 4)) return Status.InvalidMemoryAccess;
  if (nameSize >>> 0 > NAME_BYTES_MAX) return Status.NotFound;
  guest.charge(nameSize);
  const id = guest.scope.attributes.resolve(guest.latin1(namePtr, nameSize));
  if (id === 0) return Status.NotFound;
  guest.setU32(attributeIdOut, id);
  return Status.Ok;
}
