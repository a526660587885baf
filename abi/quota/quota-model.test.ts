// Property: quotas on shared memory decide as a plain model does, a bucket for each key and window in exact whole numbers
// that never wrap, over random times, keys, amounts, windows, changes of rates and things given back.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { QuotaReservation, QuotaWindow } from "./quota-backend.ts";
import { QuotaBook } from "./quota-book.ts";
import { createQuotaBuffer } from "./quota-memory.ts";
import { SharedQuotas } from "./shared-quotas.ts";

const FINE = 1024n;
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** One window: its clock in 1/1024 units, its buckets by key as the tick at which they are empty. `unit`: ticks a unit. */
class ModelWindow {
  window: QuotaWindow;
  private baseUs: bigint;
  private base = 2n ** 41n;
  private readonly unit: bigint;
  private readonly emptyAt = new Map<string, bigint>();

  constructor(window: QuotaWindow, unit: bigint, nowUs: bigint) {
    this.window = window;
    this.unit = unit;
    this.baseUs = nowUs;
  }

  change(window: QuotaWindow, nowUs: bigint): void {
    this.base = this.fine(nowUs);
    this.baseUs = nowUs;
    this.window = window;
  }

  fine(nowUs: bigint): bigint {
    return this.base + ((nowUs - this.baseUs) * BigInt(this.window.count) * FINE) / (BigInt(this.window.perMs) * 1000n);
  }

  private ticks(fine: bigint): bigint {
    return (fine * this.unit) / FINE;
  }

  private debt(key: string, nowUs: bigint): bigint {
    const ticks = this.ticks(this.fine(nowUs));
    const burst = BigInt(this.window.burst) * this.unit;
    const debt = max(0n, (this.emptyAt.get(key) ?? 0n) - ticks);
    return debt <= burst ? debt : max(0n, this.ticks(this.base) + burst - ticks);
  }

  free(key: string, nowUs: bigint): bigint {
    return (BigInt(this.window.burst) * this.unit - this.debt(key, nowUs)) / this.unit;
  }

  waitMs(key: string, amount: bigint, nowUs: bigint): bigint {
    const missing = max(0n, this.debt(key, nowUs) + (amount - BigInt(this.window.burst)) * this.unit);
    const divisor = this.unit * BigInt(this.window.count);
    return min(2n ** 32n - 1n, (missing * BigInt(this.window.perMs) + divisor - 1n) / divisor);
  }

  /** The bucket's end after it. */
  take(key: string, amount: bigint, nowUs: bigint): bigint {
    const end = this.ticks(this.fine(nowUs)) + this.debt(key, nowUs) + amount * this.unit;
    if (amount > 0n) this.emptyAt.set(key, end);
    return end;
  }

  giveBack(key: string, amount: bigint, end: bigint, nowUs: bigint): void {
    const fine = this.fine(nowUs);
    const left = max(0n, min(amount * FINE, (end * FINE) / this.unit - fine));
    const refund = (left * this.unit) / FINE;
    if (refund > 0n) this.emptyAt.set(key, this.ticks(fine) + max(0n, this.debt(key, nowUs) - refund));
  }
}

/** Amounts and bursts of a size, and the ticks a unit has at that size. */
interface Scale {
  readonly name: string;
  readonly burst: fc.Arbitrary<number>;
  readonly count: fc.Arbitrary<number>;
  readonly unit: bigint;
  readonly stepUsMax: number;
}

const DAY_US = 86_400_000_000;
const SCALES: readonly Scale[] = [
  {
    name: "small bursts",
    burst: fc.integer({ min: 1, max: 12 }),
    count: fc.integer({ min: 1, max: 1000 }),
    unit: 1024n,
    stepUsMax: 40 * DAY_US,
  },
  {
    name: "bursts near the largest",
    burst: fc.integer({ min: 2 ** 29 + 1, max: 2 ** 30 }),
    count: fc.integer({ min: 1, max: 1_000_000 }),
    unit: 1n,
    stepUsMax: DAY_US,
  },
];

/** Windows of a second, a minute, a day; at least one. */
function windowsOf({ burst, count }: Scale): fc.Arbitrary<readonly QuotaWindow[]> {
  const windows = [1000, 60_000, 86_400_000].map((perMs) =>
    fc.option(fc.record({ count, perMs: fc.constant(perMs), burst }), { nil: null, freq: 2 }),
  );
  return fc
    .tuple(...windows)
    .map((all) => all.filter((one) => one !== null))
    .filter((all) => all.length > 0);
}

type Step =
  | { readonly kind: "ask"; readonly key: string; readonly share: number; readonly isBestEffort: boolean }
  | { readonly kind: "peek"; readonly key: string; readonly share: number }
  | { readonly kind: "pass"; readonly us: number }
  | { readonly kind: "giveBack"; readonly which: number }
  | { readonly kind: "define"; readonly windows: readonly QuotaWindow[] };

function stepsOf(scale: Scale): fc.Arbitrary<Step[]> {
  const key = fc.constantFrom("", "a", "b", "a\0b");
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  const pass = fc.oneof(fc.nat(2_000_000), fc.nat(200_000_000), fc.nat(scale.stepUsMax));
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("ask"), key, share, isBestEffort: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("peek"), key, share }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("pass"), us: pass }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("giveBack"), which: fc.nat(1000) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("define"), windows: windowsOf(scale) }) },
  );
  return fc.array(step as fc.Arbitrary<Step>, { minLength: 5, maxLength: 60 });
}

/** Both, side by side. */
class Comparison {
  private nowUs = 1_000_000_000;
  private readonly unit: bigint;
  private readonly buffer = createQuotaBuffer(1, 1024);
  private readonly clock = (): number => this.nowUs;
  private readonly book = new QuotaBook(this.buffer, this.clock);
  private readonly shared = new SharedQuotas(this.buffer, {
    owner: { index: 0, epoch: 0 },
    thread: 0,
    nowUs: this.clock,
  });
  /** By place; those too that the quota does not have any more. */
  private readonly model: ModelWindow[] = [];
  /** Of the windows as they are now. */
  private lanes: ModelWindow[] = [];
  private windows: readonly QuotaWindow[] = [];
  private quota = this.shared.backend([]).find("q");
  private readonly taken: { real: QuotaReservation; undo(): void }[] = [];

  constructor(unit: bigint, windows: readonly QuotaWindow[]) {
    this.unit = unit;
    this.define(windows);
  }

  run(step: Step): void {
    switch (step.kind) {
      case "ask":
        return this.ask(step.key, this.amountOf(step.share), step.isBestEffort);
      case "peek":
        return this.peek(step.key, this.amountOf(step.share));
      case "pass":
        this.nowUs += step.us;
        return;
      case "giveBack": {
        const [one] = this.taken.splice(step.which % Math.max(1, this.taken.length), 1);
        one?.real.giveBack();
        one?.undo();
        return;
      }
      case "define":
        return this.define(step.windows);
    }
  }

  private define(windows: readonly QuotaWindow[]): void {
    const plans = this.book.plan([{ name: "q", windows }]);
    this.book.apply(plans);
    this.quota = this.shared.backend(plans).find("q");
    const now = BigInt(this.nowUs);
    if (JSON.stringify(windows) !== JSON.stringify(this.windows)) this.place(windows, now);
    this.windows = windows;
  }

  /**
   * A window keeps the place, and with it the buckets, of the one before it with the same unit of time; else it takes over
   * that of one that goes, else the first free one, where buckets of long ago may still be.
   */
  private place(windows: readonly QuotaWindow[], now: bigint): void {
    for (const one of this.model) one.change(one.window, now);
    const current = this.lanes.map((lane) => ({ lane, perMs: lane.window.perMs }));
    const lanes = new Map<QuotaWindow, ModelWindow>();
    const settle = (window: QuotaWindow, lane: ModelWindow | undefined): void => {
      if (lane !== undefined) lanes.set(window, lane);
    };
    const isFree = (lane: ModelWindow): boolean => ![...lanes.values()].includes(lane);
    for (const window of windows) settle(window, current.find(({ perMs }) => perMs === window.perMs)?.lane);
    const byPlace = this.model.filter((lane) => current.some((one) => one.lane === lane));
    for (const window of windows) if (!lanes.has(window)) settle(window, byPlace.find(isFree));
    for (const window of windows)
      if (!lanes.has(window)) settle(window, this.model.find(isFree) ?? this.added(window, now));
    for (const [window, lane] of lanes) lane.change(window, now);
    this.lanes = windows.map((window) => lanes.get(window)!);
  }

  private added(window: QuotaWindow, now: bigint): ModelWindow {
    const lane = new ModelWindow(window, this.unit, now);
    this.model.push(lane);
    return lane;
  }

  private amountOf(share: number): number {
    return Math.max(1, Math.ceil(share * this.quota!.burst));
  }

  private expected(key: string, amount: number, isBestEffort: boolean): { granted: bigint; waitMs: bigint } {
    const now = BigInt(this.nowUs);
    const free = this.lanes.map((lane) => lane.free(key, now)).reduce(min);
    const granted = free >= amount ? BigInt(amount) : isBestEffort ? max(0n, free) : 0n;
    return { granted, waitMs: this.lanes.map((lane) => lane.waitMs(key, BigInt(amount), now)).reduce(max) };
  }

  private ask(key: string, amount: number, isBestEffort: boolean): void {
    const { granted, waitMs } = this.expected(key, amount, isBestEffort);
    const now = BigInt(this.nowUs);
    const real = this.quota!.reserve(Buffer.from(key), amount, isBestEffort);
    expect(real.granted).toBe(Number(granted));
    expect(Math.abs(real.retryAfterMs - Number(waitMs))).toBeLessThanOrEqual(1);
    const ends = this.lanes.map((lane) => ({ lane, end: lane.take(key, granted, now) }));
    if (granted === 0n) return;
    const undo = (): void => ends.forEach(({ lane, end }) => lane.giveBack(key, granted, end, BigInt(this.nowUs)));
    this.taken.push({ real, undo });
  }

  private peek(key: string, amount: number): void {
    const { granted, waitMs } = this.expected(key, amount, true);
    const real = this.quota!.peek(Buffer.from(key), amount, true);
    expect(real.granted).toBe(Number(granted));
    expect(Math.abs(real.retryAfterMs - Number(waitMs))).toBeLessThanOrEqual(1);
  }
}

describe("SharedQuotas", () => {
  it.each(SCALES)("decides as the plain model does, with $name", (scale) => {
    fc.assert(
      fc.property(windowsOf(scale), stepsOf(scale), (windows, steps) => {
        const comparison = new Comparison(scale.unit, windows);
        for (const step of steps) comparison.run(step);
      }),
      { numRuns: 200 },
    );
  });

  it("admits in no span of time more than the burst and what is refilled in it", () => {
    const step = fc.record({ us: fc.nat(3_000_000), amount: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 5, max: 9 }),
        fc.array(step, { minLength: 20, maxLength: 80 }),
        (count, burst, steps) => {
          let nowUs = 0;
          const buffer = createQuotaBuffer(1, 16);
          const plans = new QuotaBook(buffer, () => nowUs).plan([
            { name: "q", windows: [{ count, perMs: 1000, burst }] },
          ]);
          const thread = { owner: { index: 0, epoch: 0 }, thread: 0, nowUs: () => nowUs };
          const quota = new SharedQuotas(buffer, thread).backend(plans).find("q")!;
          const admitted: { atUs: number; units: number }[] = [];
          for (const { us, amount } of steps) {
            nowUs += us;
            const { granted } = quota.reserve(Buffer.from("k"), amount, true);
            admitted.push({ atUs: nowUs, units: granted });
          }
          // A clock that counts whole ticks may be one tick, a thousandth of a unit, ahead of itself.
          const excess = admitted.map((first, from) => {
            let sum = 0;
            return Math.max(
              ...admitted.slice(from).map(({ atUs, units }) => {
                sum += units;
                return sum - burst - ((atUs - first.atUs) * count) / 1e6;
              }),
            );
          });
          expect(Math.max(...excess)).toBeLessThanOrEqual(1 / 1024);
        },
      ),
      { numRuns: 100 },
    );
  });
});
