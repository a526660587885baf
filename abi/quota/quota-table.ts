// HOT: bench abi.
// The table of buckets in shared memory: finds the entry of a key, and brings in keys that are new. Finding takes no lock.
// Who changes an entry's word does so by compare-and-swap after a look at the fingerprint; who gives an entry to another
// key hides the fingerprint first and changes the word then, so that a swap that began before fails. New keys come in
// under the lock of their bucket, so that a key has one entry; a lock whose holder died is freed by the main thread.
//
// Only a bucket that is empty may be given away: its key loses nothing. With none to give away the key has no place.

import { acquireLock, lockWord, releaseLock, takeOverLock, type Owner } from "../shared/shard-lock.ts";
import { BUCKET_ENTRIES } from "./limits.ts";
import { ENTRY_WORDS, HIGH, LOW, META, OVERFLOW_KEY, THREAD_COUNT, WORD, type QuotaMemory } from "./quota-memory.ts";
import type { Lane, QuotaRates } from "./quota-rates.ts";
import { debtOf, exponentOf, isIdle, metaOf, windowOf } from "./quota-words.ts";

/** Answers of `bring` that are no place. */
export const NO_ROOM = -1;
export const LOCKED = -2;

const ABSENT = -1;
const BUCKET_WORDS = BUCKET_ENTRIES * ENTRY_WORDS;

export class QuotaTable {
  private readonly memory: QuotaMemory;
  private readonly words: Int32Array;
  private readonly rates: QuotaRates;
  private readonly own: number;
  private readonly counts: Float64Array;

  constructor(memory: QuotaMemory, rates: QuotaRates, owner: Owner, counts: Float64Array) {
    this.memory = memory;
    this.words = memory.words;
    this.rates = rates;
    this.own = lockWord(owner);
    this.counts = counts;
  }

  /** Place of the key's entry; -1 when it has none. */
  find(low: number, high: number): number {
    const { words } = this;
    const start = this.memory.bucketAt(low);
    for (let place = start; place < start + BUCKET_WORDS; place += ENTRY_WORDS) {
      if (words[place + LOW] === low && words[place + HIGH] === high) return place;
    }
    return ABSENT;
  }

  /** Is the entry still this key's? Asked after its word was read. */
  holds(place: number, low: number, high: number): boolean {
    return Atomics.load(this.words, place + LOW) === low && Atomics.load(this.words, place + HIGH) === high;
  }

  /** Place of the key's entry, made when it has none: NO_ROOM or LOCKED when that cannot be now. */
  bring(low: number, high: number, lane: Lane, nowUs: number): number {
    const lockAt = this.memory.lockAt(low);
    if (acquireLock(this.words, lockAt, this.own) === "busy") {
      this.counts[THREAD_COUNT.busy]! += 1;
      return LOCKED;
    }
    const place = this.bringLocked(low, high, lane, nowUs);
    releaseLock(this.words, lockAt);
    if (place === NO_ROOM) this.counts[THREAD_COUNT.full]! += 1;
    return place;
  }

  /** Could a new key come in? */
  hasRoom(low: number, nowUs: number): boolean {
    const start = this.memory.bucketAt(low);
    for (let place = start; place < start + BUCKET_WORDS; place += ENTRY_WORDS) {
      if (this.isFree(place) || this.isIdleAt(place, Atomics.load(this.words, place + WORD), nowUs)) return true;
    }
    return false;
  }

  /**
   * Counts the entry's word in the lane's own ticks, because a burst grew too large for the old ones. Hidden meanwhile:
   * who looks for the key waits for the lock.
   */
  rescale(place: number, low: number, high: number, lane: Lane, nowUs: number): void {
    const lockAt = this.memory.lockAt(low);
    if (acquireLock(this.words, lockAt, this.own) === "busy") return;
    if (this.holds(place, low, high)) this.rescaleLocked(place, high, lane, nowUs);
    releaseLock(this.words, lockAt);
  }

  /** Frees what a dead thread held. What it was doing is undone or done by whoever comes next: hidden entries count as free. */
  freeLocksOf(dead: Owner): number {
    const deadWord = lockWord(dead);
    let freed = 0;
    for (const lockAt of this.memory.locks) {
      if (!takeOverLock(this.words, lockAt, deadWord, this.own)) continue;
      if (lockAt === this.memory.lockAt(OVERFLOW_KEY)) this.memory.showOverflow();
      freed++;
      releaseLock(this.words, lockAt);
    }
    return freed;
  }

  private bringLocked(low: number, high: number, lane: Lane, nowUs: number): number {
    const known = this.find(low, high);
    if (known !== ABSENT) return known;
    const start = this.memory.bucketAt(low);
    for (let place = start; place < start + BUCKET_WORDS; place += ENTRY_WORDS) {
      if (!this.isFree(place)) continue;
      this.counts[THREAD_COUNT.broughtIn]! += 1;
      return this.take(place, low, high, lane, nowUs);
    }
    for (let place = start; place < start + BUCKET_WORDS; place += ENTRY_WORDS) {
      if (!this.evict(place, nowUs)) continue;
      this.counts[THREAD_COUNT.evicted]! += 1;
      return this.take(place, low, high, lane, nowUs);
    }
    return NO_ROOM;
  }

  private isFree(place: number): boolean {
    return this.words[place + LOW] === 0 || this.words[place + HIGH] === 0;
  }

  private isIdleAt(place: number, word: number, nowUs: number): boolean {
    const meta = Atomics.load(this.words, place + META);
    const lane = this.rates.laneAt(windowOf(meta));
    return lane === null || isIdle(word, meta, lane.ticks(nowUs, exponentOf(meta)));
  }

  /** Takes the entry from its key when its bucket is empty. False: it is not, or is just being used. */
  private evict(place: number, nowUs: number): boolean {
    const { words } = this;
    const word = Atomics.load(words, place + WORD);
    if (!this.isIdleAt(place, word, nowUs)) return false;
    const high = Atomics.exchange(words, place + HIGH, 0);
    if (Atomics.compareExchange(words, place + WORD, word, this.memory.nextWord()) === word) return true;
    Atomics.store(words, place + HIGH, high);
    return false;
  }

  /** Gives a free entry to a key. The fingerprint's second half is written last: only then it can be found. */
  private take(place: number, low: number, high: number, lane: Lane, nowUs: number): number {
    const { words } = this;
    const ticks = lane.ticks(nowUs);
    Atomics.store(words, place + META, metaOf(lane.number, lane.exponent, ticks));
    Atomics.store(words, place + WORD, ticks | 0);
    Atomics.store(words, place + LOW, low);
    Atomics.store(words, place + HIGH, high);
    return place;
  }

  private rescaleLocked(place: number, high: number, lane: Lane, nowUs: number): void {
    const { words } = this;
    const meta = Atomics.load(words, place + META);
    if (exponentOf(meta) === lane.exponent) return;
    Atomics.store(words, place + HIGH, 0);
    const word = Atomics.exchange(words, place + WORD, this.memory.nextWord());
    const debt = debtOf(word, meta, lane.ticks(nowUs, exponentOf(meta)));
    const ticks = lane.ticks(nowUs);
    Atomics.store(words, place + WORD, (ticks + Math.ceil((debt * lane.unitTicks) / 2 ** exponentOf(meta))) | 0);
    Atomics.store(words, place + META, metaOf(lane.number, lane.exponent, ticks));
    Atomics.store(words, place + HIGH, high);
  }
}
