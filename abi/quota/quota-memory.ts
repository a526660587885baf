// The memory of quotas: one SharedArrayBuffer that the main thread makes and every worker opens. It outlives workers, so
// a replaced one goes on where the dead one stopped.
//
//   header    secret low | secret high | threads | table entries | entries brought in so far | …          16 words
//   versions  one word a quota: odd while its rates are written                                            256 words
//   locks     one word for each 1/256 of the table's buckets                                               256 words
//   rates     quota 0: window 0 … 7 | quota 1: …      window: count | per ms | burst | base µs | base ticks (Float64)
//   counts    thread 0 | thread 1 | …      thread: brought in | evicted | full | busy | by quota: granted | refused | overflow (Float64)
//   overflow  one entry a window: the bucket that keys without a place share
//   table     buckets of 16 entries
//
//   entry     fingerprint low | fingerprint high | word | meta       an entry whose low or high is 0 is free
//   word      the tick at which the bucket will be empty, modulo 2^32
//   meta      window + 1: 12 bits | tick exponent: 4 bits | epoch of the last change, 2^29 ticks each: 16 bits
//
// A word alone cannot tell a tick ahead from one that was 2^32 ticks ago. The epoch can: four epochs after its last
// change a bucket is empty, whatever its word says (a full one is empty after two).

import { randomFillSync } from "node:crypto";
import type { FingerprintSecret } from "./fingerprint.ts";
import { BUCKET_ENTRIES, QUOTA_WINDOWS_MAX, QUOTAS_MAX, TABLE_ENTRIES, TABLE_LOCKS } from "./limits.ts";

export const ENTRY_WORDS = 4;
/** Both halves of the fingerprint of an overflow entry. */
export const OVERFLOW_KEY = 1;
/** Words of an entry, from its place on. */
export const LOW = 0;
export const HIGH = 1;
export const WORD = 2;
export const META = 3;

/** Fields of a window's rate. */
export const RATE_FIELDS = 5;

/** Counts of a thread, and behind them of each quota. */
export const THREAD_COUNT = { broughtIn: 0, evicted: 1, full: 2, busy: 3 } as const;
export const QUOTA_COUNT = { granted: 0, refused: 1, overflow: 2 } as const;
const THREAD_COUNTS = 4;
const QUOTA_COUNTS = 3;
const THREAD_CELLS = THREAD_COUNTS + QUOTAS_MAX * QUOTA_COUNTS;

const HEADER_WORDS = 16;
const SECRET = 0;
const THREADS = 2;
const ENTRIES = 3;
const SEQUENCE = 4;
const VERSIONS = HEADER_WORDS;
const LOCKS = VERSIONS + QUOTAS_MAX;
const RATES = LOCKS + TABLE_LOCKS;
const COUNTS = RATES + QUOTAS_MAX * QUOTA_WINDOWS_MAX * RATE_FIELDS * 2;

/** Memory for the quotas of `threads` threads. `entries` is a power of two. */
export function createQuotaBuffer(threads: number, entries = TABLE_ENTRIES): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(tableAt(threads) * 4 + entries * ENTRY_WORDS * 4);
  const words = new Int32Array(buffer);
  const secret = randomFillSync(new Int32Array(2));
  words.set(secret, SECRET);
  words[THREADS] = threads;
  words[ENTRIES] = entries;
  for (let place = overflowAt(threads); place < tableAt(threads); place += ENTRY_WORDS) {
    words[place + LOW] = OVERFLOW_KEY;
    words[place + HIGH] = OVERFLOW_KEY;
  }
  return buffer;
}

function overflowAt(threads: number): number {
  return COUNTS + threads * THREAD_CELLS * 2;
}

function tableAt(threads: number): number {
  return overflowAt(threads) + QUOTAS_MAX * QUOTA_WINDOWS_MAX * ENTRY_WORDS;
}

/** Views of the memory's parts, and where in `words` they begin. */
export class QuotaMemory {
  readonly words: Int32Array;
  readonly rates: Float64Array;
  readonly secret: FingerprintSecret;
  readonly threads: number;
  readonly bucketMask: number;
  private readonly overflow: number;
  private readonly table: number;
  private readonly counts: Float64Array;

  constructor(buffer: SharedArrayBuffer) {
    const words = new Int32Array(buffer);
    this.words = words;
    this.secret = { low: words[SECRET]!, high: words[SECRET + 1]! };
    this.threads = words[THREADS]!;
    this.bucketMask = words[ENTRIES]! / BUCKET_ENTRIES - 1;
    this.overflow = overflowAt(this.threads);
    this.table = tableAt(this.threads);
    this.rates = new Float64Array(buffer, RATES * 4, QUOTAS_MAX * QUOTA_WINDOWS_MAX * RATE_FIELDS);
    this.counts = new Float64Array(buffer, COUNTS * 4, this.threads * THREAD_CELLS);
  }

  versionAt(quota: number): number {
    return VERSIONS + quota;
  }

  /** Place of the first entry of a fingerprint's bucket. */
  bucketAt(low: number): number {
    return this.table + (low & this.bucketMask) * BUCKET_ENTRIES * ENTRY_WORDS;
  }

  lockAt(low: number): number {
    return LOCKS + ((low & this.bucketMask) % TABLE_LOCKS);
  }

  get locks(): readonly number[] {
    return Array.from({ length: TABLE_LOCKS }, (_, i) => LOCKS + i);
  }

  /** Place of the entry that keys without one share. */
  overflowAt(window: number): number {
    return this.overflow + window * ENTRY_WORDS;
  }

  /** After the death of a thread that may have hidden one of them: keys without a place must always find it. */
  showOverflow(): void {
    for (let place = this.overflow; place < this.table; place += ENTRY_WORDS)
      Atomics.store(this.words, place + HIGH, OVERFLOW_KEY);
  }

  /** Another word each time, for entries that change hands: who still holds the old one sees that. */
  nextWord(): number {
    return Atomics.add(this.words, SEQUENCE, 1) + 1;
  }

  /** A thread's own counts: nobody else writes there. */
  threadCounts(thread: number): Float64Array {
    return this.counts.subarray(thread * THREAD_CELLS, thread * THREAD_CELLS + THREAD_COUNTS);
  }

  quotaCounts(thread: number, quota: number): Float64Array {
    const at = thread * THREAD_CELLS + THREAD_COUNTS + quota * QUOTA_COUNTS;
    return this.counts.subarray(at, at + QUOTA_COUNTS);
  }
}
