// One shard of shared data: a hash table in shared memory. Entries never change once they can be reached; a writer prepares
// an entry aside and commits it by one store, so that a thread may die between any two stores and readers still find the old
// value or the new one. The caller holds the shard's lock.
//
//   shard:  lock | active half | half 0 | half 1
//   half:   bytes used | first entry of each bucket (offset in the half, 0 none) … | entries …
//   entry:  next | hash | cas | name length | value length | name | value        (4-byte aligned)
//
// A full half is compacted into the other one, the new entry included; the commit is the store of the active half.

import { BUCKETS } from "./limits.ts";
import type { SharedValue } from "../host/services.ts";

const LOCK = 0;
const ACTIVE = 1;
const SHARD_HEADER_BYTES = 8;
const USED = 0;
const FIRST_BUCKET = 1;
/** Where entries begin in a half; also its `used` when empty. */
const ENTRIES_AT = (FIRST_BUCKET + BUCKETS) * 4;
const NEXT = 0;
const HASH = 1;
const CAS = 2;
const NAME_LENGTH = 3;
const VALUE_LENGTH = 4;
const ENTRY_HEADER_BYTES = 20;

/** Bytes of a shard with halves of this size. */
export function shardBytes(halfBytes: number): number {
  return SHARD_HEADER_BYTES + 2 * halfBytes;
}

/** What one `set` is about. */
export interface Entry {
  readonly name: Uint8Array;
  readonly hash: number;
  readonly value: Uint8Array;
}

export class Shard {
  /** Bytes that the last `set` went through to make room. */
  roomMadeBytes = 0;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly base: number;
  private readonly halfBytes: number;

  constructor(words: Int32Array, bytes: Uint8Array, base: number, halfBytes: number) {
    this.words = words;
    this.bytes = bytes;
    this.base = base;
    this.halfBytes = halfBytes;
  }

  /** Index of the lock's word. */
  get lockAt(): number {
    return this.base / 4 + LOCK;
  }

  get(name: Uint8Array, hash: number): SharedValue | null {
    const half = this.activeHalf();
    const link = this.linkTo(half, name, hash);
    const entry = this.words[link]!;
    if (entry === 0) return null;
    const at = half + entry;
    const from = at + ENTRY_HEADER_BYTES + this.field(at, NAME_LENGTH);
    return { value: this.bytes.slice(from, from + this.field(at, VALUE_LENGTH)), cas: this.field(at, CAS) >>> 0 };
  }

  /** `nextCas` is called once, when the entry will be stored. */
  set(entry: Entry, cas: number, nextCas: () => number): "ok" | "casMismatch" | "full" {
    this.roomMadeBytes = 0;
    const half = this.activeHalf();
    const link = this.linkTo(half, entry.name, entry.hash);
    const old = this.words[link]!;
    if (cas !== 0 && old !== 0 && this.field(half + old, CAS) >>> 0 !== cas) return "casMismatch";
    if (this.used(half) + entryBytes(entry) > this.halfBytes) return this.compact(half, old, entry, nextCas);
    const next = old === 0 ? 0 : this.field(half + old, NEXT);
    const at = this.write(half, entry, next, nextCas());
    Atomics.store(this.words, link, at - half);
    return "ok";
  }

  /** Walks everything that can be reached. False: it is damaged, and was emptied. */
  check(): boolean {
    const active = this.words[this.base / 4 + ACTIVE]!;
    if ((active === 0 || active === 1) && this.isSound(this.activeHalf())) return true;
    this.empty(this.halfAt(0));
    Atomics.store(this.words, this.base / 4 + ACTIVE, 0);
    return false;
  }

  private isSound(half: number): boolean {
    const used = this.used(half);
    if (used > this.halfBytes) return false;
    // A chain that runs in a circle has more links than the half has room for entries.
    let linksLeft = Math.floor(this.halfBytes / ENTRY_HEADER_BYTES);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      let entry = this.words[half / 4 + FIRST_BUCKET + bucket]!;
      for (; entry !== 0; entry = this.field(half + entry, NEXT)) {
        if (linksLeft-- === 0 || !this.isEntry(half, entry, used)) return false;
      }
    }
    return true;
  }

  private isEntry(half: number, entry: number, used: number): boolean {
    if (entry < ENTRIES_AT || entry % 4 !== 0 || entry + ENTRY_HEADER_BYTES > used) return false;
    const nameLength = this.field(half + entry, NAME_LENGTH);
    const valueLength = this.field(half + entry, VALUE_LENGTH);
    return nameLength >= 0 && valueLength >= 0 && entry + ENTRY_HEADER_BYTES + nameLength + valueLength <= used;
  }

  /** Copies what lives, without `old`, and the new entry into the other half, and makes that one active. */
  private compact(half: number, old: number, entry: Entry, nextCas: () => number): "ok" | "full" {
    this.roomMadeBytes = this.halfBytes;
    if (this.liveBytes(half, old) + entryBytes(entry) > this.halfBytes) return "full";
    const other = half === this.halfAt(0) ? this.halfAt(1) : this.halfAt(0);
    this.empty(other);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const first = this.words[half / 4 + FIRST_BUCKET + bucket]!;
      for (let each = first; each !== 0; each = this.field(half + each, NEXT)) {
        if (each !== old) this.insert(other, this.entryAt(half + each), this.field(half + each, CAS));
      }
    }
    this.insert(other, entry, nextCas());
    Atomics.store(this.words, this.base / 4 + ACTIVE, other === this.halfAt(0) ? 0 : 1);
    return "ok";
  }

  private insert(half: number, entry: Entry, cas: number): void {
    const bucket = bucketAt(half, entry.hash);
    const at = this.write(half, entry, this.words[bucket]!, cas);
    this.words[bucket] = at - half;
  }

  /** Writes an entry behind the last one; it cannot be reached until a link is stored. Returns where it stands. */
  private write(half: number, { name, hash, value }: Entry, next: number, cas: number): number {
    const at = half + this.used(half);
    const word = at / 4;
    this.words[half / 4 + USED] = this.used(half) + entryBytes({ name, hash, value });
    this.words[word + NEXT] = next;
    this.words[word + HASH] = hash;
    this.words[word + CAS] = cas | 0;
    this.words[word + NAME_LENGTH] = name.length;
    this.words[word + VALUE_LENGTH] = value.length;
    this.bytes.set(name, at + ENTRY_HEADER_BYTES);
    this.bytes.set(value, at + ENTRY_HEADER_BYTES + name.length);
    return at;
  }

  private liveBytes(half: number, without: number): number {
    let sum = ENTRIES_AT;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const first = this.words[half / 4 + FIRST_BUCKET + bucket]!;
      for (let each = first; each !== 0; each = this.field(half + each, NEXT)) {
        if (each !== without) sum += entryBytes(this.entryAt(half + each));
      }
    }
    return sum;
  }

  private entryAt(at: number): Entry {
    const nameAt = at + ENTRY_HEADER_BYTES;
    const valueAt = nameAt + this.field(at, NAME_LENGTH);
    return {
      name: this.bytes.subarray(nameAt, valueAt),
      hash: this.field(at, HASH),
      value: this.bytes.subarray(valueAt, valueAt + this.field(at, VALUE_LENGTH)),
    };
  }

  /** Index of the word that links to the entry of this name, or of the last word of its chain, which holds 0. */
  private linkTo(half: number, name: Uint8Array, hash: number): number {
    let link = bucketAt(half, hash);
    for (let entry = this.words[link]!; entry !== 0; entry = this.words[link]!) {
      const at = half + entry;
      const isSame = this.field(at, HASH) === hash && this.field(at, NAME_LENGTH) === name.length;
      if (isSame && this.nameStartsWith(at, name)) return link;
      link = at / 4 + NEXT;
    }
    return link;
  }

  private nameStartsWith(at: number, prefix: Uint8Array): boolean {
    if (this.field(at, NAME_LENGTH) < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) if (this.bytes[at + ENTRY_HEADER_BYTES + i] !== prefix[i]) return false;
    return true;
  }

  private empty(half: number): void {
    this.words.fill(0, half / 4 + FIRST_BUCKET, half / 4 + FIRST_BUCKET + BUCKETS);
    this.words[half / 4 + USED] = ENTRIES_AT;
  }

  private activeHalf(): number {
    return this.halfAt(Atomics.load(this.words, this.base / 4 + ACTIVE));
  }

  private halfAt(index: number): number {
    return this.base + SHARD_HEADER_BYTES + index * this.halfBytes;
  }

  /** A half nobody has used yet is all zeros. */
  private used(half: number): number {
    return this.words[half / 4 + USED]! || ENTRIES_AT;
  }

  private field(at: number, field: number): number {
    return this.words[at / 4 + field]!;
  }
}

function bucketAt(half: number, hash: number): number {
  return half / 4 + FIRST_BUCKET + ((hash >>> 0) % BUCKETS);
}

function entryBytes({ name, value }: Entry): number {
  return (ENTRY_HEADER_BYTES + name.length + value.length + 3) & ~3;
}
