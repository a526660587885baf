// HOT: bench abi.
// One quota on shared memory, exact over threads: a grant is one compare-and-swap on the word of each window.

import { fingerprint, takeFingerprint, type FingerprintSecret } from "./fingerprint.ts";
import { cutDebt, grantOf, refillMs, refundOf, retryAfterMs, tightestWindow } from "./gcra.ts";
import type { Quota, QuotaAnswer, QuotaReservation, QuotaWindow } from "./quota-backend.ts";
import { META, OVERFLOW_KEY, QUOTA_COUNT, WORD, type QuotaMemory } from "./quota-memory.ts";
import type { Lane, QuotaRates } from "./quota-rates.ts";
import type { QuotaTable } from "./quota-table.ts";
import { ageOf, debtOf, exponentOf, metaOf, windowOf } from "./quota-words.ts";

/** What a thread's quotas share. */
export interface QuotaParts {
  readonly memory: QuotaMemory;
  readonly rates: QuotaRates;
  readonly table: QuotaTable;
  /** Whole microseconds of a clock that never goes back and is the same for all threads. */
  readonly nowUs: () => number;
}

const ABSENT = -1;
/** What an attempt at an entry answers when the entry is no longer the key's: look for it again. */
const MOVED = -1;

/** Windows have keys of their own: the fingerprint's halves move on by these. */
const LOW_STEP = 0x85ebca6b | 0;
const HIGH_STEP = 0x9e3779b1 | 0;

export class SharedQuota implements Quota {
  readonly name: string;
  readonly burst: number;
  readonly windowMs: number;
  private readonly index: number;
  private readonly parts: QuotaParts;
  private readonly words: Int32Array;
  private readonly secret: FingerprintSecret;
  private readonly counts: Float64Array;
  /** Of the question that is being answered: the key, the time, and what the last look or attempt at a window found. */
  private low = 0;
  private high = 0;
  private nowUs = 0;
  private debt = 0;
  private isOverflow = false;
  private hasMetOverflow = false;

  /**
   * `windows` are what its snapshot says of it; what it grants goes by the rates in shared memory, which change with the
   * snapshot in charge. `counts` are this thread's of this quota.
   */
  constructor(name: string, index: number, windows: readonly QuotaWindow[], parts: QuotaParts, counts: Float64Array) {
    const tightest = tightestWindow(windows);
    this.name = name;
    this.burst = tightest.burst;
    this.windowMs = refillMs(tightest);
    this.index = index;
    this.parts = parts;
    this.words = parts.memory.words;
    this.counts = counts;
    takeFingerprint(Buffer.from(name), parts.memory.secret);
    this.secret = { ...fingerprint };
  }

  peek(key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer {
    const { lanes } = this.parts.rates.of(this.index);
    this.begin(key);
    let granted = amount;
    let retryMs = 0;
    for (const lane of lanes) {
      this.look(lane);
      granted = Math.min(granted, grantOf(this.debt, lane.burstTicks, lane.unitTicks, amount, isBestEffort));
      retryMs = Math.max(retryMs, this.retryMs(lane, amount));
    }
    return { granted, retryAfterMs: retryMs };
  }

  reserve(
    key: Uint8Array,
    amount: number,
    isBestEffort: boolean,
    used: QuotaReservation | null = null,
  ): QuotaReservation {
    const { lanes } = this.parts.rates.of(this.index);
    this.begin(key);
    const reservation = used instanceof SharedReservation ? used : new SharedReservation();
    reservation.open(this, this.low, this.high);
    // All or none: with several windows what the others would give is looked at before the first is touched.
    const wanted = lanes.length === 1 ? amount : this.lookAtAll(lanes, amount, isBestEffort, reservation);
    if (wanted > 0) this.takeFromAll(lanes, amount, wanted, isBestEffort, reservation);
    this.counts[reservation.granted > 0 ? QUOTA_COUNT.granted : QUOTA_COUNT.refused]! += 1;
    if (this.hasMetOverflow) this.counts[QUOTA_COUNT.overflow]! += 1;
    return reservation;
  }

  /** SharedReservation's. */
  giveBack(reservation: SharedReservation): void {
    this.low = reservation.low;
    this.high = reservation.high;
    this.nowUs = this.parts.nowUs();
    this.giveBackPart(reservation, reservation.granted);
  }

  private giveBackPart({ places, levels, windows, overflow }: SharedReservation, units: number): void {
    const rates = this.parts.rates.of(this.index);
    for (let i = 0; i < windows; i++) {
      const lane = rates.places[places[i]!]!;
      this.refund(lane, refundOf(units, levels[i]!, lane.units(this.nowUs)), (overflow & (1 << i)) !== 0);
      levels[i]! -= units;
    }
  }

  private begin(key: Uint8Array): void {
    takeFingerprint(key, this.secret);
    this.low = fingerprint.low;
    this.high = fingerprint.high;
    this.nowUs = this.parts.nowUs();
    this.hasMetOverflow = false;
  }

  private lookAtAll(
    lanes: readonly Lane[],
    amount: number,
    isBestEffort: boolean,
    reservation: SharedReservation,
  ): number {
    let granted = amount;
    for (const lane of lanes) {
      this.look(lane);
      granted = Math.min(granted, grantOf(this.debt, lane.burstTicks, lane.unitTicks, amount, isBestEffort));
      reservation.retryAfterMs = Math.max(reservation.retryAfterMs, this.retryMs(lane, amount));
    }
    return granted;
  }

  private takeFromAll(
    lanes: readonly Lane[],
    amount: number,
    wanted: number,
    isBestEffort: boolean,
    reservation: SharedReservation,
  ): void {
    let granted = wanted;
    reservation.retryAfterMs = 0;
    for (const lane of lanes) {
      const taken = this.take(lane, granted, isBestEffort);
      reservation.retryAfterMs = Math.max(reservation.retryAfterMs, this.retryMs(lane, amount));
      // Another thread was faster at this window: the windows before it get back what it does not give.
      if (taken < granted) {
        this.giveBackPart(reservation, granted - taken);
        granted = taken;
      }
      if (granted === 0) break;
      reservation.add(lane, (lane.ticks(this.nowUs) + this.debt) / lane.unitTicks + taken, this.isOverflow);
    }
    reservation.granted = granted;
  }

  private retryMs(lane: Lane, amount: number): number {
    return retryAfterMs(this.debt, lane.burstTicks, lane.unitTicks, amount, lane.window);
  }

  /** Sets `debt`, and changes nothing. */
  private look(lane: Lane): void {
    const low = this.lowOf(lane);
    const high = this.highOf(lane);
    const { table, memory } = this.parts;
    for (;;) {
      let place = table.find(low, high);
      const isThere = place !== ABSENT;
      if (!isThere && table.hasRoom(low, this.nowUs)) {
        this.debt = 0;
        return;
      }
      if (!isThere) {
        place = memory.overflowAt(lane.number);
        this.hasMetOverflow = true;
      }
      const word = Atomics.load(this.words, place + WORD);
      if (isThere && !table.holds(place, low, high)) continue;
      this.debt = this.debtIn(lane, word, Atomics.load(this.words, place + META));
      if (Atomics.load(this.words, place + WORD) === word) return;
    }
  }

  /** Units taken from one window; `debt` is the bucket's before that. */
  private take(lane: Lane, amount: number, isBestEffort: boolean): number {
    const low = this.lowOf(lane);
    const high = this.highOf(lane);
    const { table, memory } = this.parts;
    for (;;) {
      let place = table.find(low, high);
      if (place === ABSENT) place = table.bring(low, high, lane, this.nowUs);
      this.isOverflow = place < 0;
      this.hasMetOverflow ||= this.isOverflow;
      const taken = this.isOverflow
        ? this.takeAt(memory.overflowAt(lane.number), OVERFLOW_KEY, OVERFLOW_KEY, lane, amount, isBestEffort)
        : this.takeAt(place, low, high, lane, amount, isBestEffort);
      if (taken !== MOVED) return taken;
    }
  }

  private takeAt(place: number, low: number, high: number, lane: Lane, amount: number, isBestEffort: boolean): number {
    for (;;) {
      const word = Atomics.load(this.words, place + WORD);
      const meta = Atomics.load(this.words, place + META);
      if (!this.isUsable(place, low, high, lane, meta)) return MOVED;
      const debt = this.debtIn(lane, word, meta);
      const taken = grantOf(debt, lane.burstTicks, lane.unitTicks, amount, isBestEffort);
      this.debt = debt;
      if (taken === 0) {
        // Word and meta are two loads: what they said together counts when the word is still the same.
        if (Atomics.load(this.words, place + WORD) === word) return 0;
      } else if (this.change(place, lane, word, meta, debt + taken * lane.unitTicks)) return taken;
    }
  }

  /** Puts units back; what is not there any more is empty already. */
  private refund(lane: Lane, units: number, isOverflow: boolean): void {
    const refundTicks = Math.floor(units * lane.unitTicks);
    if (refundTicks === 0) return;
    const low = isOverflow ? OVERFLOW_KEY : this.lowOf(lane);
    const high = isOverflow ? OVERFLOW_KEY : this.highOf(lane);
    for (;;) {
      const place = isOverflow ? this.parts.memory.overflowAt(lane.number) : this.parts.table.find(low, high);
      if (place === ABSENT) return;
      const word = Atomics.load(this.words, place + WORD);
      const meta = Atomics.load(this.words, place + META);
      if (!this.isUsable(place, low, high, lane, meta)) continue;
      const debt = this.debtIn(lane, word, meta);
      if (this.change(place, lane, word, meta, Math.max(0, debt - refundTicks))) return;
    }
  }

  /** False: the entry is another key's now, or was counted in other ticks, which is put right first. */
  private isUsable(place: number, low: number, high: number, lane: Lane, meta: number): boolean {
    if (!this.parts.table.holds(place, low, high)) return false;
    if (windowOf(meta) !== lane.number || exponentOf(meta) === lane.exponent) return true;
    this.parts.table.rescale(place, low, high, lane, this.nowUs);
    return false;
  }

  /** The bucket's debt in the lane's ticks; never more than a full bucket. */
  private debtIn(lane: Lane, word: number, meta: number): number {
    if (windowOf(meta) !== lane.number) return 0;
    const exponent = exponentOf(meta);
    // Changed after we looked at the clock: look again.
    if (ageOf(meta, lane.ticks(this.nowUs, exponent)) < 0) this.nowUs = Math.max(this.nowUs, this.parts.nowUs());
    const debt = debtOf(word, meta, lane.ticks(this.nowUs, exponent));
    const own = exponent === lane.exponent ? debt : Math.ceil((debt * lane.unitTicks) / 2 ** exponent);
    return cutDebt(own, lane.burstTicks, lane.changedTicks, lane.ticks(this.nowUs));
  }

  /**
   * Swaps the word for one with `debt`. An entry of an older epoch is first brought up to date, word before meta, and false
   * is answered: its word alone must never look as if it were ahead.
   */
  private change(place: number, lane: Lane, word: number, meta: number, debt: number): boolean {
    const ticks = lane.ticks(this.nowUs);
    if (windowOf(meta) === lane.number && ageOf(meta, ticks) <= 0) {
      return Atomics.compareExchange(this.words, place + WORD, word, (ticks + debt) | 0) === word;
    }
    const present = (ticks + this.debtIn(lane, word, meta)) | 0;
    if (Atomics.compareExchange(this.words, place + WORD, word, present) === word)
      Atomics.compareExchange(this.words, place + META, meta, metaOf(lane.number, lane.exponent, ticks));
    return false;
  }

  // 0 marks a free entry.
  private lowOf({ place }: Lane): number {
    return (this.low + Math.imul(place, LOW_STEP)) | 0 || 1;
  }

  private highOf({ place }: Lane): number {
    return (this.high + Math.imul(place, HIGH_STEP)) | 0 || 1;
  }
}

class SharedReservation implements QuotaReservation {
  granted = 0;
  retryAfterMs = 0;
  low = 0;
  high = 0;
  /** The first `windows` are places of the windows it was taken from, and their levels just after it, in units of their clocks. */
  readonly places: number[] = [];
  readonly levels: number[] = [];
  windows = 0;
  /** A bit for each of them that had no place of its own. */
  overflow = 0;
  private quota: SharedQuota | null = null;

  open(quota: SharedQuota, low: number, high: number): void {
    this.quota = quota;
    this.low = low;
    this.high = high;
    this.granted = this.retryAfterMs = this.windows = this.overflow = 0;
  }

  add(lane: Lane, level: number, isOverflow: boolean): void {
    if (isOverflow) this.overflow |= 1 << this.windows;
    this.places[this.windows] = lane.place;
    this.levels[this.windows] = level;
    this.windows++;
  }

  giveBack(): void {
    if (this.granted > 0) this.quota!.giveBack(this);
  }
}
