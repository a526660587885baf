// The last minutes of the fleet's counters, for rates and charts. Memory is bounded: rings of numbers, and the series
// that has been silent longest gives way to a new one.

import type { ProxyView } from "./api.ts";
import { decisionsOf, revisionKey, total } from "./fleet-counts.ts";

/** Samples kept: a quarter of an hour at one a second. */
export const SAMPLES_MAX = 900;
/** Revisions followed at once. */
export const SERIES_MAX = 128;
/** Samples that a rate is taken over, so that reports which arrive between two samples do not make it jump. */
const RATE_SAMPLES = 5;
/** A longer silence than this makes a gap, not a rate. */
const GAP_MS = 15_000;

export const MEASURES = ["decisions", "denied", "errors"] as const;
export type Measure = (typeof MEASURES)[number];
export type Rates = Readonly<Record<Measure, number>>;

interface Series {
  readonly rings: Readonly<Record<Measure, Float64Array>>;
  readonly sums: Record<Measure, number>;
  /** Number of the sample in which it was first and last seen. */
  readonly since: number;
  last: number;
}

/** All series of one slot on one axis: times in seconds, one column of rates for each key that was asked for. */
export interface RateTable {
  readonly times: readonly number[];
  readonly columns: readonly (readonly (number | null)[])[];
}

export class Recorder {
  readonly #timesMs = new Float64Array(SAMPLES_MAX);
  readonly #series = new Map<string, Series>();
  /** Last counters by proxy, for a proxy that starts anew counts from zero again. */
  #before = new Map<string, Record<Measure, number>>();
  #count = 0;

  /** Samples taken so far. */
  get count(): number {
    return this.#count;
  }

  /** Takes one sample of what the proxies have counted. */
  record(proxies: readonly ProxyView[], nowMs: number): void {
    const grown = this.#growth(proxies);
    this.#timesMs[this.#count % SAMPLES_MAX] = nowMs;
    for (const [key, growth] of grown) this.#extend(key, growth);
    for (const series of this.#series.values()) {
      for (const measure of MEASURES) series.rings[measure][this.#count % SAMPLES_MAX] = series.sums[measure];
    }
    this.#count += 1;
  }

  /** Per second over the last few samples; null before there are two. */
  rates(key: string): Rates | null {
    const series = this.#series.get(key);
    if (series === undefined) return null;
    const last = this.#count - 1;
    const at = (measure: Measure): number | null => this.#rateAt(series, measure, last);
    const decisions = at("decisions");
    if (decisions === null) return null;
    return { decisions, denied: at("denied") ?? 0, errors: at("errors") ?? 0 };
  }

  /** The rates of one measure over the last `spanMs`. */
  table(measure: Measure, keys: readonly string[], spanMs: number): RateTable {
    const first = this.#firstWithin(spanMs);
    const places = Array.from({ length: Math.max(0, this.#count - first) }, (_, i) => first + i);
    const times = places.map((place) => this.#timeMs(place) / 1000);
    const columns = keys.map((key) => {
      const series = this.#series.get(key);
      return places.map((place) => (series === undefined ? null : this.#rateAt(series, measure, place)));
    });
    return { times, columns };
  }

  #growth(proxies: readonly ProxyView[]): Map<string, Record<Measure, number>> {
    const grown = new Map<string, Record<Measure, number>>();
    const seen = new Map<string, Record<Measure, number>>();
    for (const proxy of proxies) {
      // What a proxy had counted before this page heard of it happened earlier, not now.
      const isKnown = this.#before.has(`${proxy.id}\0${FLEET_KEY}`);
      for (const [key, now] of countersOf(proxy)) {
        const id = `${proxy.id}\0${key}`;
        seen.set(id, now);
        const before = this.#before.get(id) ?? (isKnown ? ZERO : now);
        const growth = grown.get(key) ?? { ...ZERO };
        grown.set(key, growth);
        for (const measure of MEASURES) growth[measure] += growthOf(before[measure], now[measure]);
      }
    }
    this.#before = seen;
    return grown;
  }

  #extend(key: string, growth: Record<Measure, number>): void {
    const series = this.#series.get(key) ?? this.#open(key);
    series.last = this.#count;
    for (const measure of MEASURES) series.sums[measure] += growth[measure];
  }

  #open(key: string): Series {
    if (this.#series.size >= SERIES_MAX) this.#dropSilent();
    const ring = (): Float64Array => new Float64Array(SAMPLES_MAX);
    const series: Series = {
      rings: { decisions: ring(), denied: ring(), errors: ring() },
      sums: { ...ZERO },
      since: this.#count,
      last: this.#count,
    };
    this.#series.set(key, series);
    return series;
  }

  #dropSilent(): void {
    const silent = [...this.#series].reduce((a, b) => (b[1].last < a[1].last ? b : a));
    this.#series.delete(silent[0]);
  }

  #rateAt(series: Series, measure: Measure, place: number): number | null {
    const oldest = Math.max(series.since, this.#count - SAMPLES_MAX, 0);
    const from = Math.max(oldest, place - RATE_SAMPLES);
    if (from >= place) return null;
    const elapsedMs = this.#timeMs(place) - this.#timeMs(from);
    if (elapsedMs <= 0 || elapsedMs > GAP_MS) return null;
    const ring = series.rings[measure];
    return (ring[place % SAMPLES_MAX]! - ring[from % SAMPLES_MAX]!) / (elapsedMs / 1000);
  }

  #firstWithin(spanMs: number): number {
    const newest = this.#timeMs(this.#count - 1);
    let first = this.#count;
    while (first > 0 && first > this.#count - SAMPLES_MAX && newest - this.#timeMs(first - 1) <= spanMs) first -= 1;
    return first;
  }

  #timeMs(place: number): number {
    return this.#timesMs[place % SAMPLES_MAX]!;
  }
}

/** The key under which all requests of the fleet are counted. */
export const FLEET_KEY = "";

const ZERO: Readonly<Record<Measure, number>> = { decisions: 0, denied: 0, errors: 0 };

function countersOf({ counters }: ProxyView): [string, Record<Measure, number>][] {
  if (counters === null) return [];
  const rows = counters.revisions.map((row): [string, Record<Measure, number>] => [
    revisionKey(row.slot, row.revision),
    { decisions: decisionsOf(row), denied: total(row.denied), errors: total(row.errors) },
  ]);
  const sum = (measure: Measure): number => rows.reduce((all, [, row]) => all + row[measure], 0);
  return [...rows, [FLEET_KEY, { decisions: counters.requests, denied: sum("denied"), errors: sum("errors") }]];
}

function growthOf(before: number, now: number): number {
  return now >= before ? now - before : now;
}
