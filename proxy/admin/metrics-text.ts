// The counters as Prometheus text (exposition format 0.0.4).

import type { QuotaCounts } from "@sluice/abi";
import type { MetricDefinition } from "../counters/filter-metrics.ts";
import { HISTOGRAM_BUCKETS } from "../counters/limits.ts";
import type { CalloutCounters } from "../counters/callout-rows.ts";
import type { ClusterCounters } from "../counters/cluster-counters.ts";
import type { ClusterView } from "../endpoints/cluster-watch.ts";
import { clusterLines, endpointLines } from "./cluster-lines.ts";
import type { MirrorCounters, RevisionCounters } from "../contract/index.ts";
import { bucketTop } from "../counters/histogram.ts";
import type { Histogram, RevisionHistograms, RevisionName } from "../counters/revision-rows.ts";
import { EXCHANGE_COUNTER } from "../exchange/exchange-counters.ts";

export interface FilterMetric {
  readonly definition: MetricDefinition;
  /** Cells summed over workers. */
  readonly cells: readonly number[];
}

export interface MetricsParts {
  /** By name of EXCHANGE_COUNTER, summed over workers. */
  readonly exchange: Readonly<Record<string, number>>;
  readonly revisions: readonly RevisionCounters[];
  readonly histograms: readonly RevisionHistograms[];
  /** By slot. */
  readonly keyless: Readonly<Record<string, number>>;
  readonly mirrors: readonly MirrorCounters[];
  readonly callouts: readonly CalloutCounters[];
  readonly clusters: readonly ClusterCounters[];
  readonly endpoints: readonly ClusterView[];
  /** Of the table of quotas, by the name of the count. */
  readonly quotas: Readonly<Record<string, number>>;
  readonly quotaCounts: readonly QuotaCounts[];
  /** Of traces, by what became of them. */
  readonly spans: Readonly<Record<string, number>>;
  readonly filterMetrics: readonly FilterMetric[];
  readonly gauges: Readonly<Record<string, number>>;
}

export function metricsText(parts: MetricsParts): string {
  return [
    ...exchangeLines(parts.exchange),
    ...revisionLines(parts.revisions),
    ...currentLines(parts.revisions.filter(({ current }) => current)),
    ...revisionHistogramLines(parts.histograms),
    ...keylessLines(parts.keyless),
    ...mirrorLines(parts.mirrors),
    ...calloutLines(parts.callouts),
    ...clusterLines(parts.clusters),
    ...endpointLines(parts.endpoints),
    ...quotaLines(parts.quotas),
    ...quotaCountLines(parts.quotaCounts),
    ...spanLines(parts.spans),
    ...Object.entries(parts.gauges).flatMap(([name, value]) => [
      `# TYPE sluice_${name} gauge`,
      `sluice_${name} ${value}`,
    ]),
    ...filterLines(parts.filterMetrics),
    "",
  ].join("\n");
}

function spanLines(spans: Readonly<Record<string, number>>): string[] {
  const lines = Object.entries(spans).map(([result, count]) => `sluice_spans_total{result="${result}"} ${count}`);
  return ["# TYPE sluice_spans_total counter", ...lines];
}

/** Counters that are told as one, with what they differ in as its label. */
const LABELLED = [
  { names: /^responses([1-5]xx)$/, metric: "responses", label: "class" },
  { names: /^refusedBy(.+)$/, metric: "connections_refused", label: "reason" },
  { names: /^action(.+)$/, metric: "overload_actions", label: "action" },
] as const;

function exchangeLines(exchange: Readonly<Record<string, number>>): string[] {
  const names = Object.keys(EXCHANGE_COUNTER);
  const lines = LABELLED.flatMap(({ names: pattern, metric, label }) => [
    `# TYPE sluice_${metric}_total counter`,
    ...names.flatMap((name) => {
      const value = pattern.exec(name)?.[1];
      return value === undefined ? [] : [`sluice_${metric}_total{${label}="${lowerFirst(value)}"} ${exchange[name]}`];
    }),
  ]);
  for (const name of names.filter((one) => !LABELLED.some(({ names: pattern }) => pattern.test(one)))) {
    const isGauge = /(Live|Idle)$/.test(name);
    const metric = `sluice_${snake(name.replace(/Total$/, ""))}${isGauge ? "" : "_total"}`;
    lines.push(`# TYPE ${metric} ${isGauge ? "gauge" : "counter"}`, `${metric} ${exchange[name]}`);
  }
  return lines;
}

function revisionLines(revisions: readonly RevisionCounters[]): string[] {
  const lines = ["# TYPE sluice_verdicts_total counter"];
  for (const row of revisions) {
    lines.push(verdictLine(row, "noOpinion", "", row.noOpinion), verdictLine(row, "allow", "", row.allowed));
    for (const [code, count] of Object.entries(row.denied)) lines.push(verdictLine(row, "deny", code, count));
  }
  lines.push("# TYPE sluice_slot_errors_total counter");
  for (const row of revisions) {
    for (const [cause, count] of Object.entries(row.errors)) {
      lines.push(`sluice_slot_errors_total{${revisionLabels(row)},cause="${cause}"} ${count}`);
    }
  }
  lines.push("# TYPE sluice_fuel_total counter");
  for (const row of revisions) lines.push(`sluice_fuel_total{${revisionLabels(row)}} ${row.fuel}`);
  return lines;
}

/** What only a revision that serves has. */
function currentLines(revisions: readonly RevisionCounters[]): string[] {
  const gauges = [
    ["sluice_revision_share_percent", (row: RevisionCounters) => row.weight ?? 0],
    ["sluice_revision_instances", (row: RevisionCounters) => row.instances],
    ["sluice_revision_memory_bytes", (row: RevisionCounters) => row.memoryBytes],
  ] as const;
  return gauges.flatMap(([name, value]) => [
    `# TYPE ${name} gauge`,
    ...revisions.map((row) => `${name}{${revisionLabels(row)}} ${value(row)}`),
  ]);
}

/** Bounds as scrapers get them: every second power of two, so that they are the same at every scrape. */
const FUEL_BOUNDS = powersOfTwo(6, 26);
const NS_BOUNDS = powersOfTwo(8, 30);
const NS_PER_S = 1e9;

function revisionHistogramLines(rows: readonly RevisionHistograms[]): string[] {
  return [
    "# HELP sluice_stream_fuel Fuel that a stream spent in a slot.",
    "# TYPE sluice_stream_fuel histogram",
    ...rows.flatMap((row) => boundedLines("sluice_stream_fuel", revisionLabels(row), row.fuel, FUEL_BOUNDS, 1)),
    "# HELP sluice_stream_filter_seconds Wall time of a stream's callbacks in a slot; one stream in 64 is timed.",
    "# TYPE sluice_stream_filter_seconds histogram",
    ...rows.flatMap((row) =>
      boundedLines("sluice_stream_filter_seconds", revisionLabels(row), row.timeNs, NS_BOUNDS, NS_PER_S),
    ),
  ];
}

function boundedLines(
  name: string,
  labels: string,
  { buckets, sum }: Histogram,
  bounds: readonly number[],
  unit: number,
): string[] {
  const count = buckets.reduce((total, one) => total + one, 0);
  const upTo = (bound: number): number =>
    buckets.reduce((below, one, bucket) => (bucketTop(bucket) <= bound ? below + one : below), 0);
  return [
    ...bounds.map((bound) => `${name}_bucket{${labels},le="${bound / unit}"} ${upTo(bound)}`),
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} ${sum / unit}`,
    `${name}_count{${labels}} ${count}`,
  ];
}

/** The largest whole numbers below every second power of two: where buckets of the histograms end. */
function powersOfTwo(first: number, last: number): number[] {
  return Array.from({ length: (last - first) / 2 + 1 }, (_, i) => 2 ** (first + 2 * i) - 1);
}

function keylessLines(keyless: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(keyless);
  return [
    "# TYPE sluice_split_keyless_total counter",
    ...rows.map(([slot, count]) => `sluice_split_keyless_total{slot="${slot}"} ${count}`),
  ];
}

function mirrorLines(mirrors: readonly MirrorCounters[]): string[] {
  const outcomes = ["sent", "answered", "failed", "cut"] as const;
  return [
    "# TYPE sluice_mirror_copies_total counter",
    ...mirrors.flatMap((row) =>
      outcomes.map(
        (outcome) => `sluice_mirror_copies_total{cluster="${row.cluster}",outcome="${outcome}"} ${row[outcome]}`,
      ),
    ),
    "# TYPE sluice_mirror_dropped_total counter",
    ...mirrors.flatMap(({ cluster, dropped }) =>
      Object.entries(dropped).map(
        ([cause, count]) => `sluice_mirror_dropped_total{cluster="${cluster}",cause="${cause}"} ${count}`,
      ),
    ),
  ];
}

function calloutLines(callouts: readonly CalloutCounters[]): string[] {
  const outcomes = ["sent", "answered", "cancelled"] as const;
  return [
    "# TYPE sluice_callouts_total counter",
    ...callouts.flatMap((row) =>
      outcomes.map((outcome) => `sluice_callouts_total{cluster="${row.cluster}",outcome="${outcome}"} ${row[outcome]}`),
    ),
    "# TYPE sluice_callouts_failed_total counter",
    ...callouts.flatMap(({ cluster, failed }) =>
      Object.entries(failed).map(
        ([cause, count]) => `sluice_callouts_failed_total{cluster="${cluster}",cause="${cause}"} ${count}`,
      ),
    ),
  ];
}

function quotaLines(quotas: Readonly<Record<string, number>>): string[] {
  return Object.entries(quotas).flatMap(([name, value]) => [
    `# TYPE sluice_quota_${snake(name)} untyped`,
    `sluice_quota_${snake(name)} ${value}`,
  ]);
}

function quotaCountLines(quotas: readonly QuotaCounts[]): string[] {
  return (["granted", "refused", "overflow"] as const).flatMap((count) => [
    `# TYPE sluice_quota_${count}_total counter`,
    ...quotas.map((one) => `sluice_quota_${count}_total{quota="${one.quota}"} ${one[count]}`),
  ]);
}

function verdictLine(row: RevisionCounters, kind: string, code: string, count: number): string {
  return `sluice_verdicts_total{${revisionLabels(row)},verdict="${kind}",code="${code}"} ${count}`;
}

function revisionLabels({ slot, filter, version, revision }: RevisionName): string {
  return `slot="${slot}",filter="${filter}",version="${version}",revision="${revision}"`;
}

/** Filters name their metrics freely, so the name is a label: it can neither clash nor break the format. */
function filterLines(metrics: readonly FilterMetric[]): string[] {
  const ofType = (type: number): FilterMetric[] => metrics.filter(({ definition }) => definition.type === type);
  const labels = ({ definition }: FilterMetric): string =>
    `slot="${definition.slot}",name="${escapeLabel(definition.name)}"`;
  return [
    "# TYPE sluice_filter_counter_total counter",
    ...ofType(0).map((metric) => `sluice_filter_counter_total{${labels(metric)}} ${metric.cells[0]}`),
    "# HELP sluice_filter_gauge The sum of what each worker's filter has set; a worker that ends takes its part along.",
    "# TYPE sluice_filter_gauge gauge",
    ...ofType(1).map((metric) => `sluice_filter_gauge{${labels(metric)}} ${metric.cells[0]}`),
    "# TYPE sluice_filter_histogram histogram",
    ...ofType(2).flatMap((metric) => histogramLines(labels(metric), metric.cells)),
  ];
}

function histogramLines(labels: string, cells: readonly number[]): string[] {
  const lines: string[] = [];
  let below = 0;
  for (let bucket = 0; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
    below += cells[2 + bucket]!;
    if (cells[2 + bucket]! > 0) lines.push(`sluice_filter_histogram_bucket{${labels},le="${2 ** bucket}"} ${below}`);
  }
  lines.push(`sluice_filter_histogram_bucket{${labels},le="+Inf"} ${cells[0]}`);
  lines.push(
    `sluice_filter_histogram_sum{${labels}} ${cells[1]}`,
    `sluice_filter_histogram_count{${labels}} ${cells[0]}`,
  );
  return lines;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function lowerFirst(text: string): string {
  return `${text[0]!.toLowerCase()}${text.slice(1)}`;
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace("1xx", "_1xx");
}
