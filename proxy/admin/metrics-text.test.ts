import { describe, expect, it } from "vitest";
import { sha256 } from "../contract/index.ts";
import { BUCKETS, bucketOf } from "../counters/histogram.ts";
import { EXCHANGE_COUNTER } from "../exchange/exchange-counters.ts";
import { metricsText } from "./metrics-text.ts";

const exchange = Object.fromEntries(Object.keys(EXCHANGE_COUNTER).map((name, index) => [name, index]));
const revision = {
  slot: "s",
  filter: "f",
  version: sha256("v"),
  revision: sha256("r"),
  current: true,
  weight: 100,
  noOpinion: 1,
  allowed: 2,
  denied: { PERMISSION_DENIED: 3 },
  errors: { trap: 4 },
  fuel: 5,
  fuelPerStream: { p50: 0, p90: 0, p99: 0 },
  timeUs: { count: 0, p50: 0, p90: 0, p99: 0 },
  instances: 2,
  memoryBytes: 131_072,
  lastError: null,
};

describe("metricsText", () => {
  const histogram = [3, 12, 1, ...Array.from({ length: 31 }, () => 0)];
  histogram[2 + 3] = 2;
  const fuelBuckets: number[] = Array.from({ length: BUCKETS }, () => 0);
  fuelBuckets[bucketOf(50)] = 3;
  fuelBuckets[bucketOf(300)] = 1;
  const timeBuckets: number[] = Array.from({ length: BUCKETS }, () => 0);
  timeBuckets[bucketOf(5_000)] = 1;
  const labels = `slot="s",filter="f",version="${sha256("v")}",revision="${sha256("r")}"`;
  const text = metricsText({
    exchange,
    revisions: [revision, { ...revision, revision: sha256("old"), current: false, weight: null }],
    histograms: [
      { ...revision, fuel: { buckets: fuelBuckets, sum: 450 }, timeNs: { buckets: timeBuckets, sum: 5_000 } },
    ],
    keyless: { s: 6 },
    mirrors: [{ cluster: "shadow", sent: 7, answered: 5, failed: 1, cut: 0, dropped: { unreachable: 3 } }],
    clusters: [
      {
        cluster: "web",
        requests: 9,
        responses: { "2xx": 7, "5xx": 2 },
        failures: { UF: 2 },
        waited: 3,
        active: 4,
        waiting: 1,
        connections: 5,
      },
    ],
    endpoints: [
      {
        cluster: "web",
        isPanicking: false,
        endpoints: [
          { endpoint: "10.0.0.1:80", name: "app:80", health: "healthy", why: null, ejectedForMs: null, ejections: 2 },
          {
            endpoint: "10.0.0.2:80",
            name: null,
            health: "unhealthy",
            why: "ECONNREFUSED",
            ejectedForMs: null,
            ejections: 0,
          },
          { endpoint: "10.0.0.3:80", name: null, health: "unchecked", why: null, ejectedForMs: 900, ejections: 1 },
        ],
        unresolved: [],
      },
    ],
    callouts: [{ cluster: "auth", sent: 5, answered: 3, cancelled: 1, failed: { timeout: 1 } }],
    quotas: { overflowUses: 2 },
    quotaCounts: [{ quota: "per-user", granted: 7, refused: 8, overflow: 1 }],
    spans: { exported: 1, failed: 2, dropped: 3 },
    gauges: { workers_serving: 2 },
    filterMetrics: [
      { definition: { slot: "s", type: 0, name: 'odd"name\n', cell: 0 }, cells: [9] },
      { definition: { slot: "s", type: 2, name: "latency", cell: 1 }, cells: histogram },
    ],
  });

  it.each([
    'sluice_quota_refused_total{quota="per-user"} 8',
    `sluice_connections_refused_total{reason="source"} ${exchange["refusedBySource"]}`,
    `sluice_overload_actions_total{action="refuseStreams"} ${exchange["actionRefuseStreams"]}`,
    `sluice_workers_overloaded_live ${exchange["workersOverloadedLive"]}`,
    `sluice_revision_share_percent{${labels}} 100`,
    `sluice_revision_instances{${labels}} 2`,
    `sluice_revision_memory_bytes{${labels}} 131072`,
    `sluice_stream_fuel_bucket{${labels},le="63"} 3`,
    `sluice_stream_fuel_bucket{${labels},le="255"} 3`,
    `sluice_stream_fuel_bucket{${labels},le="1023"} 4`,
    `sluice_stream_fuel_bucket{${labels},le="+Inf"} 4`,
    `sluice_stream_fuel_sum{${labels}} 450`,
    `sluice_stream_fuel_count{${labels}} 4`,
    `sluice_stream_filter_seconds_bucket{${labels},le="0.000004095"} 0`,
    `sluice_stream_filter_seconds_bucket{${labels},le="0.000016383"} 1`,
    `sluice_stream_filter_seconds_sum{${labels}} 0.000005`,
    'sluice_split_keyless_total{slot="s"} 6',
    'sluice_mirror_copies_total{cluster="shadow",outcome="answered"} 5',
    'sluice_callouts_total{cluster="auth",outcome="cancelled"} 1',
    'sluice_callouts_failed_total{cluster="auth",cause="timeout"} 1',
    'sluice_cluster_requests_total{cluster="web"} 9',
    'sluice_cluster_responses_total{cluster="web",class="5xx"} 2',
    'sluice_cluster_failures_total{cluster="web",flag="UF"} 2',
    'sluice_cluster_requests_waited_total{cluster="web"} 3',
    'sluice_cluster_requests_active{cluster="web"} 4',
    'sluice_cluster_requests_waiting{cluster="web"} 1',
    'sluice_cluster_connections{cluster="web"} 5',
    'sluice_cluster_panic{cluster="web"} 0',
    'sluice_endpoint_up{cluster="web",endpoint="10.0.0.1:80"} 1',
    'sluice_endpoint_up{cluster="web",endpoint="10.0.0.2:80"} 0',
    'sluice_endpoint_up{cluster="web",endpoint="10.0.0.3:80"} 0',
    'sluice_endpoint_ejections_total{cluster="web",endpoint="10.0.0.1:80"} 2',
    'sluice_mirror_dropped_total{cluster="shadow",cause="unreachable"} 3',
    "sluice_quota_overflow_uses 2",
    'sluice_responses_total{class="2xx"} 5',
    "sluice_streams_total 2",
    "sluice_streams_live 3",
    "sluice_upstream_connections_idle 16",
    "sluice_workers_serving 2",
    `sluice_verdicts_total{slot="s",filter="f",version="${sha256("v")}",revision="${sha256("r")}",verdict="deny",code="PERMISSION_DENIED"} 3`,
    'cause="trap"} 4',
    'sluice_filter_counter_total{slot="s",name="odd\\"name\\n"} 9',
    'sluice_filter_histogram_bucket{slot="s",name="latency",le="8"} 3',
    'sluice_filter_histogram_sum{slot="s",name="latency"} 12',
  ])("has the line %s", (line) => {
    expect(text).toContain(line);
  });

  it("declares the type of every metric once, before its first sample, and has no other lines", () => {
    const declared = new Set<string>();
    for (const line of text.trimEnd().split("\n")) {
      if (/^# HELP \S+ \S/.test(line)) continue;
      const type = /^# TYPE (\S+) (counter|gauge|histogram|untyped)$/.exec(line);
      if (type !== null) {
        expect(declared.has(type[1]!)).toBe(false);
        declared.add(type[1]!);
        continue;
      }
      const sample = /^([a-z0-9_]+)(\{.*\})? -?[0-9.e+-]+$/.exec(line);
      expect(sample, line).not.toBeNull();
      expect(declared.has(sample![1]!.replace(/_(bucket|sum|count)$/, "")), line).toBe(true);
    }
  });
});
