// HOT: bench abi.
// The arithmetic of a bucket that leaks (GCRA), on whole numbers. A quota's clock runs at the rate of its window: 2^10
// ticks pass in the time that refills one unit. A bucket is one number, the tick at which it will be empty again; what
// is above the clock's present tick is its *debt*, and a unit may be taken while the debt stays within the burst.
//
// Because the clock counts units and not seconds, another rate makes it run faster or slower and changes no bucket.

import { LEVEL_TICKS_MAX, RETRY_AFTER_MS_MAX, TICK_EXPONENT_MAX, TICKS_PER_SECOND_MAX } from "./limits.ts";
import type { QuotaWindow } from "./quota-backend.ts";

const FINE_TICKS = 2 ** TICK_EXPONENT_MAX;
const US_PER_MS = 1000;

/**
 * A debt above the burst dates from before the burst shrank. It is cut to what it would be, had the bucket been full when
 * that happened: `changedTicks` and `ticks` are the clock then and now.
 */
export function cutDebt(debtTicks: number, burstTicks: number, changedTicks: number, ticks: number): number {
  if (debtTicks <= burstTicks) return debtTicks;
  return Math.max(0, changedTicks + burstTicks - ticks);
}

/** Where clocks start: buckets of age 0 are told from buckets that were never used. */
export const CLOCK_START_TICKS = 2 ** 41;

/** Ticks of a unit as a power of two: the finest that keeps a full bucket and a second within bounds. */
export function tickExponent({ count, perMs, burst }: QuotaWindow): number {
  let exponent = TICK_EXPONENT_MAX;
  const isOver = (): boolean =>
    burst * 2 ** exponent > LEVEL_TICKS_MAX || (count * 2 ** exponent * 1000) / perMs > TICKS_PER_SECOND_MAX;
  while (exponent > 0 && isOver()) exponent--;
  return exponent;
}

/** The clock of one window, in fine ticks (2^10 a unit). The same everywhere for the same base and the same time. */
export class RateClock {
  private readonly baseUs: number;
  /** The tick at its start: when the rate last changed. */
  readonly baseTicks: number;
  /** Ticks in so many microseconds, without common factors: then the products below stay exact. */
  private readonly ticks: number;
  private readonly us: number;

  constructor(baseUs: number, baseTicks: number, count: number, perMs: number) {
    const common = greatestCommonDivisor(count * FINE_TICKS, perMs * US_PER_MS);
    this.baseUs = baseUs;
    this.baseTicks = baseTicks;
    this.ticks = (count * FINE_TICKS) / common;
    this.us = (perMs * US_PER_MS) / common;
  }

  /** `nowUs` is whole. Rounded down, so that nothing is refilled early. */
  at(nowUs: number): number {
    const passed = Math.max(0, nowUs - this.baseUs);
    const whole = Math.floor(passed / this.us);
    const rest = passed - whole * this.us;
    return this.baseTicks + whole * this.ticks + Math.floor((rest * this.ticks) / this.us);
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Units that a bucket gives: the amount or nothing, best effort what there is. */
export function grantOf(
  debtTicks: number,
  burstTicks: number,
  unitTicks: number,
  amount: number,
  isBestEffort: boolean,
): number {
  const free = Math.floor((burstTicks - debtTicks) / unitTicks);
  if (amount <= free) return amount;
  return isBestEffort ? Math.max(0, free) : 0;
}

/** When `amount` units could be had from a bucket with this debt; for a partial grant the debt before it. */
export function retryAfterMs(
  debtTicks: number,
  burstTicks: number,
  unitTicks: number,
  amount: number,
  { count, perMs }: QuotaWindow,
): number {
  const missing = Math.max(0, debtTicks + amount * unitTicks - burstTicks);
  return Math.min(RETRY_AFTER_MS_MAX, Math.ceil((missing * perMs) / (unitTicks * count)));
}

/**
 * Units that come back when a reservation is given back: `levelAfter` is the clock's unit at which the bucket would have
 * been empty just after it was made. What has been refilled of it since is gone: somebody else may have used it.
 */
export function refundOf(granted: number, levelAfter: number, nowUnits: number): number {
  return Math.max(0, Math.min(granted, levelAfter - nowUnits));
}

/** How long a window takes to refill its burst. */
export function refillMs({ count, perMs, burst }: QuotaWindow): number {
  return Math.ceil((burst * perMs) / count);
}

/** The window with the smallest burst; of equal ones the slowest. */
export function tightestWindow(windows: readonly QuotaWindow[]): QuotaWindow {
  return windows.reduce((tightest, window) => {
    if (window.burst !== tightest.burst) return window.burst < tightest.burst ? window : tightest;
    return refillMs(window) > refillMs(tightest) ? window : tightest;
  });
}
