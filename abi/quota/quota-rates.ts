// HOT: bench abi.
// The rates of quotas in shared memory. Only the main thread writes them, when a deployment has become the one in charge;
// so every thread and every older snapshot goes by the new rate at once. A quota's version is odd meanwhile.

import { CLOCK_START_TICKS, RateClock, tickExponent } from "./gcra.ts";
import { QUOTA_WINDOWS_MAX, TICK_EXPONENT_MAX } from "./limits.ts";
import type { QuotaWindow } from "./quota-backend.ts";
import { RATE_FIELDS, type QuotaMemory } from "./quota-memory.ts";

const FINE_TICKS = 2 ** TICK_EXPONENT_MAX;
const COUNT = 0;
const PER_MS = 1;
const BURST = 2;
const BASE_US = 3;
const BASE_TICKS = 4;

/** One window as its clock and its bounds in ticks. */
export class Lane {
  /** Among all windows of the memory, and among the quota's. */
  readonly number: number;
  readonly place: number;
  /** Burst 0: the quota does not have this window any more, but entries of it may still be there. */
  readonly window: QuotaWindow;
  readonly exponent: number;
  readonly unitTicks: number;
  readonly burstTicks: number;
  private readonly clock: RateClock;

  constructor(number: number, window: QuotaWindow, clock: RateClock) {
    this.number = number;
    this.place = number % QUOTA_WINDOWS_MAX;
    this.window = window;
    this.clock = clock;
    this.exponent = tickExponent(window);
    this.unitTicks = 2 ** this.exponent;
    this.burstTicks = window.burst * this.unitTicks;
  }

  fineTicks(nowUs: number): number {
    return this.clock.at(nowUs);
  }

  /** The present tick at an exponent: the lane's own, or that of an entry from before the burst grew. */
  ticks(nowUs: number, exponent = this.exponent): number {
    return Math.floor(this.clock.at(nowUs) / 2 ** (TICK_EXPONENT_MAX - exponent));
  }

  /** The tick when the rate last changed. */
  get changedTicks(): number {
    return Math.floor(this.clock.baseTicks / 2 ** (TICK_EXPONENT_MAX - this.exponent));
  }

  units(nowUs: number): number {
    return this.clock.at(nowUs) / FINE_TICKS;
  }
}

/** A quota's windows as they are now. */
export interface RatesNow {
  readonly version: number;
  readonly lanes: readonly Lane[];
  /** By place, those too that the quota no longer has; null: never had. */
  readonly places: readonly (Lane | null)[];
}

export class QuotaRates {
  private readonly memory: QuotaMemory;
  private readonly known: RatesNow[] = [];

  constructor(memory: QuotaMemory) {
    this.memory = memory;
  }

  of(quota: number): RatesNow {
    const known = this.known[quota];
    if (known !== undefined && Atomics.load(this.memory.words, this.memory.versionAt(quota)) === known.version)
      return known;
    return (this.known[quota] = this.read(quota));
  }

  /** The lane that an entry's meta names; null when there is none of that number. */
  laneAt(window: number): Lane | null {
    if (window < 0) return null;
    return this.of(Math.floor(window / QUOTA_WINDOWS_MAX)).places[window % QUOTA_WINDOWS_MAX]!;
  }

  /** Main thread only. `places` has a window or null for each of QUOTA_WINDOWS_MAX. Clocks go on where they are. */
  write(quota: number, places: readonly (QuotaWindow | null)[], nowUs: number): void {
    const { words, rates } = this.memory;
    const before = this.of(quota).places;
    const versionAt = this.memory.versionAt(quota);
    Atomics.add(words, versionAt, 1);
    before.forEach((lane, place) => {
      const window = places[place] ?? (lane === null ? null : { ...lane.window, burst: 0 });
      if (window === null) return;
      const at = rateAt(quota, place);
      rates[at + COUNT] = window.count;
      rates[at + PER_MS] = window.perMs;
      rates[at + BURST] = window.burst;
      rates[at + BASE_US] = nowUs;
      rates[at + BASE_TICKS] = lane === null ? CLOCK_START_TICKS : lane.fineTicks(nowUs);
    });
    Atomics.add(words, versionAt, 1);
  }

  private read(quota: number): RatesNow {
    const { words } = this.memory;
    const versionAt = this.memory.versionAt(quota);
    for (;;) {
      const version = Atomics.load(words, versionAt);
      if ((version & 1) === 1) continue;
      const places = Array.from({ length: QUOTA_WINDOWS_MAX }, (_, place) => this.readLane(quota, place));
      if (Atomics.load(words, versionAt) !== version) continue;
      const lanes = places.filter((lane) => lane !== null && lane.window.burst > 0) as Lane[];
      return { version, lanes, places };
    }
  }

  private readLane(quota: number, place: number): Lane | null {
    const { rates } = this.memory;
    const at = rateAt(quota, place);
    const count = rates[at + COUNT]!;
    if (count === 0) return null;
    const perMs = rates[at + PER_MS]!;
    const window = { count, perMs, burst: rates[at + BURST]! };
    const clock = new RateClock(rates[at + BASE_US]!, rates[at + BASE_TICKS]!, count, perMs);
    return new Lane(quota * QUOTA_WINDOWS_MAX + place, window, clock);
  }
}

function rateAt(quota: number, place: number): number {
  return (quota * QUOTA_WINDOWS_MAX + place) * RATE_FIELDS;
}
