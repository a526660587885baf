// A header map as bytes: u32 count · count × (u32 key length, u32 value length) · count × (key NUL value NUL), little
// endian. Decoding is a door: lengths, terminators and the end are checked before anything is believed.

import type { Head } from "../head/head.ts";
import { PAIRS_BYTES_MAX, PAIRS_COUNT_MAX } from "./limits.ts";

const COUNT_BYTES = 4;
const LENGTHS_BYTES = 8;
const TERMINATORS = 2;

/** Views into the decoded bytes. */
export interface Pair {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** What pairs may be; by default a header map's bounds. */
interface PairsBounds {
  readonly bytesMax: number;
  readonly countMax: number;
}

const OF_A_MAP: PairsBounds = { bytesMax: PAIRS_BYTES_MAX, countMax: PAIRS_COUNT_MAX };

/** The pairs, or null when the bytes are malformed or over the limits. No bytes, and one NUL, are the empty map. */
export function decodePairs(bytes: Uint8Array, { bytesMax, countMax } = OF_A_MAP): Pair[] | null {
  if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === 0)) return [];
  if (bytes.length < COUNT_BYTES || bytes.length > bytesMax) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true);
  if (count > countMax) return null;
  let at = COUNT_BYTES + count * LENGTHS_BYTES;
  if (at > bytes.length) return null;
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i++) {
    const nameEnd = at + view.getUint32(COUNT_BYTES + i * LENGTHS_BYTES, true);
    const valueEnd = nameEnd + 1 + view.getUint32(COUNT_BYTES + i * LENGTHS_BYTES + 4, true);
    if (valueEnd >= bytes.length || bytes[nameEnd] !== 0 || bytes[valueEnd] !== 0) return null;
    pairs.push({ name: bytes.subarray(at, nameEnd), value: bytes.subarray(nameEnd + 1, valueEnd) });
    at = valueEnd + 1;
  }
  return at === bytes.length ? pairs : null;
}

/** The bytes of pairs; no pairs are four NULs (a whole count), never the one NUL that breaks SDKs. */
export function encodePairs(pairs: readonly Pair[]): Uint8Array {
  const length = pairs.reduce(
    (sum, { name, value }) => sum + LENGTHS_BYTES + TERMINATORS + name.length + value.length,
    COUNT_BYTES,
  );
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, pairs.length, true);
  let at = COUNT_BYTES + pairs.length * LENGTHS_BYTES;
  pairs.forEach(({ name, value }, i) => {
    view.setUint32(COUNT_BYTES + i * LENGTHS_BYTES, name.length, true);
    view.setUint32(COUNT_BYTES + i * LENGTHS_BYTES + 4, value.length, true);
    bytes.set(name, at);
    bytes.set(value, at + name.length + 1);
    at += name.length + value.length + TERMINATORS;
  });
  return bytes;
}

/** Bytes of all names and values of a head. */
export function headBytes(head: Head): number {
  let sum = 0;
  for (let field = 0; field < head.count; field++) sum += head.nameLength(field) + head.valueLength(field);
  return sum;
}

/** Length of a head's pairs; 0 for an empty one, which SDKs get as no bytes at all. */
export function pairsLength(head: Head): number {
  return head.count === 0 ? 0 : COUNT_BYTES + head.count * (LENGTHS_BYTES + TERMINATORS) + headBytes(head);
}

/** Writes a head's pairs to `target[at…]`, which has room for pairsLength. */
export function writePairs(head: Head, target: Uint8Array, at: number): void {
  const view = new DataView(target.buffer, target.byteOffset + at);
  view.setUint32(0, head.count, true);
  let to = at + COUNT_BYTES + head.count * LENGTHS_BYTES;
  for (let field = 0; field < head.count; field++) {
    const nameLength = head.nameLength(field);
    const valueLength = head.valueLength(field);
    view.setUint32(COUNT_BYTES + field * LENGTHS_BYTES, nameLength, true);
    view.setUint32(COUNT_BYTES + field * LENGTHS_BYTES + 4, valueLength, true);
    copyField(head, head.nameStart(field), nameLength, target, to);
    target[to + nameLength] = 0;
    copyField(head, head.valueStart(field), valueLength, target, to + nameLength + 1);
    target[to + nameLength + 1 + valueLength] = 0;
    to += nameLength + valueLength + TERMINATORS;
  }
}

function copyField(head: Head, start: number, length: number, target: Uint8Array, at: number): void {
  const source = head.bufferOf(start);
  const from = start < 0 ? ~start : start;
  for (let i = 0; i < length; i++) target[at + i] = source[from + i]!;
}
