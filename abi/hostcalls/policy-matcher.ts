// policy_matcher: a table from strings to classes, prepared while the plugin configures.
import { caller } from "../host/caller.ts";
import { isConfiguring } from "../host/moment.ts";
import { decodePairs, type Pair } from "../host/pairs.ts";
import { TABLE_BYTES_MAX, TABLE_ENTRIES_MAX, TABLE_FUEL_PER_BYTE } from "../matcher/limits.ts";
import type { TableEntry } from "../matcher/matcher.ts";
import { MatcherKind, Status } from "../spec/enums.ts";

const CLASS_MAX = 0x7fff_ffff;
const WARN = 3;

export function policyMatcher(kind: number, tablePtr: number, tableSize: number, matcherIdOut: number): number {
  const guest = caller();
  if (kind >>> 0 > MatcherKind.Cidr) return Status.BadArgument;
  if (!guest.has(tablePtr, tableSize) || !guest.has(matcherIdOut, 4)) return Status.InvalidMemoryAccess;
  if (!isConfiguring(guest) || tableSize >>> 0 > TABLE_BYTES_MAX) return Status.BadArgument;
  guest.spend((tableSize >>> 0) * TABLE_FUEL_PER_BYTE);
  const table = guest.slice(tablePtr, tableSize);
  const pairs = decodePairs(table, { bytesMax: TABLE_BYTES_MAX, countMax: TABLE_ENTRIES_MAX });
  const entries = pairs === null ? null : entriesOf(pairs);
  if (entries === null) return Status.BadArgument;
  const id = guest.scope.matchers.add(kind, table, entries);
  if (id === null) return Status.InternalFailure;
  if (typeof id === "string") {
    guest.scope.logHost(WARN, guest.acting.id, `policy_matcher: ${JSON.stringify(id.slice(0, 200))}`);
    return Status.BadArgument;
  }
  guest.setU32(matcherIdOut, id);
  return Status.Ok;
}

/** null: a class that is no number from 1 to 2³¹ − 1 in decimal. */
function entriesOf(pairs: readonly Pair[]): TableEntry[] | null {
  const entries = pairs.map(({ name, value }) => ({ text: name, class: classOf(value) }));
  return entries.every((entry) => entry.class > 0) ? entries : null;
}

function classOf(value: Uint8Array): number {
  const text = Buffer.from(value).toString("latin1");
  if (!/^[1-9]\d{0,9}$/.test(text)) return 0;
  return Number(text) <= CLASS_MAX ? Number(text) : 0;
}
