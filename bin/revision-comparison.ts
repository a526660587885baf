// What the revisions of each slot did, side by side, summed over proxies: the part of `sluice status` that two revisions
// are compared by.

import type { MirrorCounters, RevisionCounters } from "@sluice/proxy/contract";
import type { ProxyView, StoredDeployment } from "@sluice/registry";
import { table } from "./terminal.ts";

/** A revision that serves, over all proxies that have told of it. */
export interface ComparedRevision {
  readonly slot: string;
  /** `rbac@v1`, or the filter alone when no tag of the deployment names its version. */
  readonly name: string;
  readonly revision: string;
  /** In percent; null when the proxies do not agree. */
  readonly share: number | null;
  readonly streams: number;
  readonly noOpinion: number;
  readonly allowed: number;
  readonly denied: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  /** Percentiles cannot be summed: each is the highest that a proxy has. */
  readonly fuelPerStream: RevisionCounters["fuelPerStream"];
  readonly timeUs: RevisionCounters["timeUs"];
  readonly instances: number;
  readonly memoryBytes: number;
}

/** In the order of the deployment's slots; those that an override put there last. */
export function compareRevisions(
  deployment: StoredDeployment | null,
  proxies: readonly ProxyView[],
): ComparedRevision[] {
  const rows = proxies.flatMap(({ connected, counters }) => (connected ? (counters?.revisions ?? []) : []));
  const current = Map.groupBy(
    rows.filter((row) => row.current),
    ({ slot, revision }) => `${slot} ${revision}`,
  );
  const slots = (deployment?.slots ?? []).map(({ name }) => name);
  const place = ({ slot }: ComparedRevision): number => (slots.includes(slot) ? slots.indexOf(slot) : slots.length);
  return [...current.values()]
    .map((alike) => sumOf(alike, deployment))
    .toSorted((a, b) => place(a) - place(b) || (b.share ?? 0) - (a.share ?? 0));
}

function sumOf(rows: readonly RevisionCounters[], deployment: StoredDeployment | null): ComparedRevision {
  const [first] = rows as [RevisionCounters];
  const { slot, filter, version, revision, weight } = first;
  const tag = deployment?.slots
    .find(({ name }) => name === slot)
    ?.revisions.find((deployed) => deployed.version === version)?.tag;
  const total = (of: (row: RevisionCounters) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const highest = (of: (row: RevisionCounters) => number): number => Math.max(...rows.map(of));
  const denied = sumByName(rows.map((row) => row.denied));
  const errors = sumByName(rows.map((row) => row.errors));
  return {
    slot,
    name: tag === undefined ? filter : `${filter}@${tag}`,
    revision,
    share: rows.every((row) => row.weight === weight) ? weight : null,
    streams: total((row) => row.noOpinion + row.allowed) + countOf(denied) + countOf(errors),
    noOpinion: total((row) => row.noOpinion),
    allowed: total((row) => row.allowed),
    denied,
    errors,
    fuelPerStream: {
      p50: highest((row) => row.fuelPerStream.p50),
      p90: highest((row) => row.fuelPerStream.p90),
      p99: highest((row) => row.fuelPerStream.p99),
    },
    timeUs: {
      count: total((row) => row.timeUs.count),
      p50: highest((row) => row.timeUs.p50),
      p90: highest((row) => row.timeUs.p90),
      p99: highest((row) => row.timeUs.p99),
    },
    instances: total((row) => row.instances),
    memoryBytes: total((row) => row.memoryBytes),
  };
}

function sumByName(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((one) => Object.entries(one))) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}

function countOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

const HEADING = [
  "SLOT",
  "REVISION",
  "SHARE",
  "STREAMS",
  "ALLOWED",
  "NO OPINION",
  "DENIED",
  "ERRORS",
  "FUEL p50/p99",
  "µs p50/p99",
  "INSTANCES",
  "MEMORY",
];

/** The table, or a sentence when nothing was told yet. */
export function comparisonText(revisions: readonly ComparedRevision[]): string {
  if (revisions.length === 0) return "no proxy has told of its revisions yet";
  return table([HEADING, ...revisions.map(cellsOf)]);
}

function cellsOf(row: ComparedRevision): string[] {
  const { fuelPerStream: fuel, timeUs: time } = row;
  return [
    row.slot,
    `${row.name} (${row.revision.slice(7, 15)})`,
    row.share === null ? "–" : `${row.share} %`,
    String(row.streams),
    String(row.allowed),
    String(row.noOpinion),
    byName(row.denied),
    byName(row.errors),
    row.streams === 0 ? "–" : `${fuel.p50}/${fuel.p99}`,
    time.count === 0 ? "–" : `${rounded(time.p50)}/${rounded(time.p99)}`,
    String(row.instances),
    `${rounded(row.memoryBytes / 2 ** 20)} MiB`,
  ];
}

/** `12 PERMISSION_DENIED, 1 UNAUTHENTICATED`; `0` when there is none. */
function byName(counts: Readonly<Record<string, number>>): string {
  const words = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return words.length === 0 ? "0" : words.join(", ");
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}

/** What else proxies count: streams without a split's key, and copies for mirrors; a line each. */
export function sidelineLines(proxies: readonly ProxyView[]): string[] {
  const counters = proxies.flatMap(({ connected, counters: told }) => (connected && told !== null ? [told] : []));
  const keyless = Object.entries(sumByName(counters.map((one) => one.keyless)));
  const mirrors = Map.groupBy(
    counters.flatMap((one) => one.mirrors),
    ({ cluster }) => cluster,
  );
  return [
    ...keyless.map(([slot, count]) => `slot ${slot}: ${count} streams had no key and went to its first revision`),
    ...[...mirrors].map(([cluster, rows]) => mirrorLine(cluster, rows)),
  ];
}

function mirrorLine(cluster: string, rows: readonly MirrorCounters[]): string {
  const total = (of: (row: MirrorCounters) => number): number => rows.reduce((sum, row) => sum + of(row), 0);
  const dropped = sumByName(rows.map((row) => row.dropped));
  const told = `${total((row) => row.sent)} copies, ${total((row) => row.answered)} answered, ${total((row) => row.failed)} failed, ${total((row) => row.cut)} cut`;
  return `mirror ${cluster}: ${told}${countOf(dropped) === 0 ? "" : `; not sent: ${byName(dropped)}`}`;
}
