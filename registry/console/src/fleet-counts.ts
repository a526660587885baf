// What the fleet counted for one revision in one slot: the sums over all proxies. Percentiles cannot be summed, so the
// median is weighted by the proxies' counts and the 99th percentile is the worst proxy's.

import type { ProxyView, RevisionCounters } from "./api.ts";

/** Decisions of one revision, over all proxies, since each of them started. */
export interface RevisionCount {
  noOpinion: number;
  allow: number;
  deny: number;
  error: number;
  /** By google.rpc code and by cause. */
  denied: Record<string, number>;
  errors: Record<string, number>;
  fuel: Spread;
  timeUs: Spread;
  instances: number;
  memoryBytes: number;
  lastError: RevisionCounters["lastError"];
  /** Proxies whose snapshot has it now. */
  proxies: number;
}

export interface Spread {
  p50: number;
  p99: number;
  /** What it was measured on; 0: nothing yet. */
  count: number;
}

/** `slot NUL revision`: neither may hold a NUL. */
export function revisionKey(slot: string, revision: string): string {
  return `${slot}\0${revision}`;
}

export function decisionsOf(row: RevisionCounters): number {
  return row.noOpinion + row.allowed + total(row.denied) + total(row.errors);
}

/** By revision key; earlier revisions that some proxy still counts are in it too. */
export function countFleet(proxies: readonly ProxyView[]): Map<string, RevisionCount> {
  const counts = new Map<string, RevisionCount>();
  for (const row of proxies.flatMap((proxy) => proxy.counters?.revisions ?? [])) {
    const key = revisionKey(row.slot, row.revision);
    const count = counts.get(key) ?? emptyCount();
    counts.set(key, count);
    add(count, row);
  }
  return counts;
}

export function emptyCount(): RevisionCount {
  return {
    noOpinion: 0,
    allow: 0,
    deny: 0,
    error: 0,
    denied: {},
    errors: {},
    fuel: { p50: 0, p99: 0, count: 0 },
    timeUs: { p50: 0, p99: 0, count: 0 },
    instances: 0,
    memoryBytes: 0,
    lastError: null,
    proxies: 0,
  };
}

export function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function add(count: RevisionCount, row: RevisionCounters): void {
  count.noOpinion += row.noOpinion;
  count.allow += row.allowed;
  count.deny += total(row.denied);
  count.error += total(row.errors);
  addEach(count.denied, row.denied);
  addEach(count.errors, row.errors);
  spread(count.fuel, row.fuelPerStream, decisionsOf(row));
  spread(count.timeUs, row.timeUs, row.timeUs.count);
  count.instances += row.instances;
  count.memoryBytes += row.memoryBytes;
  if (row.current) count.proxies += 1;
  if (row.lastError !== null && row.lastError.time > (count.lastError?.time ?? "")) count.lastError = row.lastError;
}

function addEach(into: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) into[name] = (into[name] ?? 0) + count;
}

function spread(into: Spread, { p50, p99 }: { p50: number; p99: number }, count: number): void {
  if (count === 0) return;
  into.p50 = (into.p50 * into.count + p50 * count) / (into.count + count);
  into.p99 = Math.max(into.p99, p99);
  into.count += count;
}
