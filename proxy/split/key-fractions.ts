// HOT: bench proxy.
// The fractions of one slot's keys, remembered: an HMAC costs microseconds, and most requests come from a key that was seen
// just before. A fixed table; a key that finds its place taken takes it over.

import { CACHED_KEYS, CACHED_KEY_BYTES_MAX } from "./limits.ts";
import { SplitLine } from "./split-line.ts";

const FNV_OFFSET = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

export class KeyFractions {
  private readonly line: SplitLine;
  /** Made at the first key: most snapshots of most machines have slots that no stream asks. */
  private keys: Uint8Array | null = null;
  private readonly lengths = new Uint8Array(CACHED_KEYS);
  private readonly fractions = new Float64Array(CACHED_KEYS);

  constructor(secret: Uint8Array, slot: string, salt: string) {
    this.line = new SplitLine(secret, slot, salt);
  }

  /** The fraction of the key `bytes[start, start + length)`, at least one byte long. Allocates only for one not remembered. */
  of(bytes: Uint8Array, start: number, length: number): number {
    if (length > CACHED_KEY_BYTES_MAX) return this.made(bytes, start, length);
    const keys = (this.keys ??= new Uint8Array(CACHED_KEYS * CACHED_KEY_BYTES_MAX));
    const place = hashOf(bytes, start, length) & (CACHED_KEYS - 1);
    const at = place * CACHED_KEY_BYTES_MAX;
    if (this.lengths[place] === length && isSame(keys, at, bytes, start, length)) return this.fractions[place]!;
    const fraction = this.made(bytes, start, length);
    for (let i = 0; i < length; i++) keys[at + i] = bytes[start + i]!;
    this.lengths[place] = length;
    this.fractions[place] = fraction;
    return fraction;
  }

  private made(bytes: Uint8Array, start: number, length: number): number {
    return this.line.fractionOf(bytes.subarray(start, start + length));
  }
}

/** Only picks a place in the table: who finds keys that meet there gains nothing but the cost of an HMAC. */
function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < length; i++) hash = Math.imul(hash ^ bytes[start + i]!, FNV_PRIME);
  return hash ^ (hash >>> 15);
}

function isSame(keys: Uint8Array, at: number, bytes: Uint8Array, start: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (keys[at + i] !== bytes[start + i]) return false;
  return true;
}
