// Quotas of one thread in plain maps: for the harness, request files and tests. The rules of the shared table without
// its memory; nothing is bounded, nothing is shared.

import {
  CLOCK_START_TICKS,
  RateClock,
  cutDebt,
  grantOf,
  refillMs,
  refundOf,
  retryAfterMs,
  tightestWindow,
} from "./gcra.ts";
import type {
  Quota,
  QuotaAnswer,
  QuotaBackend,
  QuotaDefinition,
  QuotaReservation,
  QuotaWindow,
} from "./quota-backend.ts";
import { TICK_EXPONENT_MAX } from "./limits.ts";

const UNIT_TICKS = 2 ** TICK_EXPONENT_MAX;

/** Whole microseconds of a clock that never goes back. */
export type NowUs = () => number;

/** Quotas of one thread, in its own memory. */
export class MemoryQuotas implements QuotaBackend {
  private readonly nowUs: NowUs;
  private readonly quotas = new Map<string, MemoryQuota>();
  private defined: ReadonlySet<string> = new Set();

  constructor(nowUs: NowUs, definitions: readonly QuotaDefinition[] = []) {
    this.nowUs = nowUs;
    this.define(definitions);
  }

  /** These quotas and no others from now on. A quota that was there before keeps the levels of its windows, by their place. */
  define(definitions: readonly QuotaDefinition[]): void {
    this.defined = new Set(definitions.map(({ name }) => name));
    for (const { name, windows } of definitions) {
      const known = this.quotas.get(name);
      if (known === undefined) this.quotas.set(name, new MemoryQuota(name, windows, this.nowUs));
      else known.change(windows);
    }
  }

  find(name: string): Quota | null {
    return this.defined.has(name) ? this.quotas.get(name)! : null;
  }
}

/** A window, its clock, and by key the tick at which the bucket will be empty. */
interface Lane {
  readonly window: QuotaWindow;
  readonly clock: RateClock;
  readonly emptyAt: Map<string, number>;
}

class MemoryQuota implements Quota {
  readonly name: string;
  private readonly nowUs: NowUs;
  private lanes: Lane[] = [];

  constructor(name: string, windows: readonly QuotaWindow[], nowUs: NowUs) {
    this.name = name;
    this.nowUs = nowUs;
    this.change(windows);
  }

  change(windows: readonly QuotaWindow[]): void {
    const nowUs = this.nowUs();
    this.lanes = windows.map((window, place) => {
      const before = this.lanes[place];
      const ticks = before === undefined ? CLOCK_START_TICKS : before.clock.at(nowUs);
      const clock = new RateClock(nowUs, ticks, window.count, window.perMs);
      return { window, clock, emptyAt: before?.emptyAt ?? new Map() };
    });
  }

  get burst(): number {
    return this.tightest.burst;
  }

  get windowMs(): number {
    return refillMs(this.tightest);
  }

  private get tightest(): QuotaWindow {
    return tightestWindow(this.lanes.map(({ window }) => window));
  }

  peek(key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer {
    const name = Buffer.from(key).toString("latin1");
    const nowUs = this.nowUs();
    const debts = this.lanes.map((lane) => debtOf(lane, name, nowUs));
    const grants = this.lanes.map(({ window }, i) =>
      grantOf(debts[i]!, window.burst * UNIT_TICKS, UNIT_TICKS, amount, isBestEffort),
    );
    const waits = this.lanes.map(({ window }, i) =>
      retryAfterMs(debts[i]!, window.burst * UNIT_TICKS, UNIT_TICKS, amount, window),
    );
    return { granted: Math.min(...grants), retryAfterMs: Math.max(...waits) };
  }

  reserve(key: Uint8Array, amount: number, isBestEffort: boolean): QuotaReservation {
    const answer = this.peek(key, amount, isBestEffort);
    const name = Buffer.from(key).toString("latin1");
    const nowUs = this.nowUs();
    const taken = this.lanes.map((lane) => {
      const emptyAt = lane.clock.at(nowUs) + debtOf(lane, name, nowUs) + answer.granted * UNIT_TICKS;
      if (answer.granted > 0) lane.emptyAt.set(name, emptyAt);
      return { lane, levelAfter: emptyAt / UNIT_TICKS };
    });
    return { ...answer, giveBack: () => taken.forEach((each) => this.refund(each, name, answer.granted)) };
  }

  private refund({ lane, levelAfter }: { lane: Lane; levelAfter: number }, name: string, granted: number): void {
    const nowUs = this.nowUs();
    // The clock of the window as it is now: its rate may have changed meanwhile.
    const now = this.lanes.find(({ emptyAt }) => emptyAt === lane.emptyAt) ?? lane;
    const ticks = now.clock.at(nowUs);
    const refund = Math.floor(refundOf(granted, levelAfter, ticks / UNIT_TICKS) * UNIT_TICKS);
    if (refund > 0) now.emptyAt.set(name, ticks + Math.max(0, debtOf(now, name, nowUs) - refund));
  }
}

function debtOf({ window, clock, emptyAt }: Lane, name: string, nowUs: number): number {
  const ticks = clock.at(nowUs);
  const debt = Math.max(0, (emptyAt.get(name) ?? 0) - ticks);
  return cutDebt(debt, window.burst * UNIT_TICKS, clock.baseTicks, ticks);
}
