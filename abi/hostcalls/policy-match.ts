// HOT: bench abi. policy_match: the class of an attribute's value, so that a verdict depends on that and not on the value.
import { caller } from "../host/caller.ts";
import { readableHead } from "../host/stream-head.ts";
import { MATCH_FUEL } from "../matcher/limits.ts";
import { Status } from "../spec/enums.ts";

const ABSENT = -1;
const SEVERAL = -2;

export function policyMatch(matcherId: number, attributeId: number, classOut: number): number {
  const guest = caller();
  if (!guest.has(classOut, 4)) return Status.InvalidMemoryAccess;
  const matcher = guest.scope.matchers.get(matcherId);
  const attribute = guest.scope.attributes.get(attributeId);
  if (matcher === null || attribute === null || attribute.type !== "string") return Status.BadArgument;
  const { header, path } = attribute;
  let found = ABSENT;
  if (header === null) {
    const value = guest.property(path);
    guest.spend(MATCH_FUEL + (value?.length ?? 0));
    if (value !== null) found = matcher.classOf(value, 0, value.length);
  } else {
    const head = readableHead(guest, header.mapType);
    const field = head === null ? -1 : head.find(header.name, 0, header.name.length);
    if (field >= 0) {
      const start = head!.valueStart(field);
      const length = head!.valueLength(field);
      guest.spend(MATCH_FUEL + length);
      const hasMore = head!.find(header.name, 0, header.name.length, field + 1) >= 0;
      found = hasMore ? SEVERAL : matcher.classOf(head!.bufferOf(start), start < 0 ? ~start : start, length);
    }
  }
  guest.setU32(classOut, found);
  return Status.Ok;
}
