// proxy_set_header_map_pairs: the whole map or nothing. cpp-host decodes malformed bytes as an empty list and so wipes the
// map with Ok; here they are BadArgument and the map stays.
import { caller } from "../host/caller.ts";
import { canonicalName, isPseudo, mayWrite } from "../host/header-syntax.ts";
import { PAIRS_BYTES_MAX } from "../host/limits.ts";
import { decodePairs, type Pair } from "../host/pairs.ts";
import { isMapType, writableHead } from "../host/stream-head.ts";
import { MapType, Status } from "../spec/enums.ts";

export function proxySetHeaderMapPairs(mapType: number, pairsPtr: number, pairsSize: number): number {
  const guest = caller();
  if (!isMapType(mapType)) return Status.BadArgument;
  if (!guest.has(pairsPtr, pairsSize)) return Status.InvalidMemoryAccess;
  if (mapType > MapType.HttpResponseTrailers || pairsSize >>> 0 > PAIRS_BYTES_MAX) return Status.BadArgument;
  if (!guest.hold(pairsSize >>> 0)) return Status.InternalFailure;
  const decoded = decodePairs(guest.slice(pairsPtr, pairsSize));
  const fields = decoded === null ? null : wholeMap(decoded, mapType);
  if (fields === null) return Status.BadArgument;
  const head = writableHead(guest, mapType);
  if (head === null) return Status.BadArgument;
  head.clear();
  for (const { name, value } of fields) head.append(name, value);
  return Status.Ok;
}

/** The fields with pseudo headers first; null when one may not stand in this map or a pseudo header is there twice. */
function wholeMap(pairs: readonly Pair[], mapType: number): Pair[] | null {
  const fields = pairs.map(({ name, value }) => ({ name: canonicalName(name, mapType), value }));
  if (!fields.every(({ name, value }) => mayWrite(mapType, name, value))) return null;
  const pseudo = fields.filter(({ name }) => isPseudo(name));
  const names = new Set(pseudo.map(({ name }) => Buffer.from(name).toString("latin1").toLowerCase()));
  if (names.size !== pseudo.length) return null;
  return [...pseudo, ...fields.filter(({ name }) => !isPseudo(name))];
}
