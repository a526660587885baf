import { describe, expect, it } from "vitest";
import { sha256 } from "../contract/index.ts";
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
  instances: 0,
  memoryBytes: 0,
  lastError: null,
};

describe("metricsText", () => {
  const histogram = [3, 12, 1, ...Array.from({ length: 31 }, () => 0)];
  histogram[2 + 3] = 2;
  const text = metricsText({
    exchange,
    revisions: [revision],
    gauges: { workers_serving: 2 },
    filterMetrics: [
      { definition: { slot: "s", type: 0, name: 'odd"name\n', cell: 0 }, cells: [9] },
      { definition: { slot: "s", type: 2, name: "latency", cell: 1 }, cells: histogram },
    ],
  });

  it.each([
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
      const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line);
      if (type !== null) {
        expect(declared.has(type[1]!)).toBe(false);
        declared.add(type[1]!);
        continue;
      }
      const sample = /^([a-z0-9_]+)(\{.*\})? -?[0-9.e+]+$/.exec(line);
      expect(sample, line).not.toBeNull();
      expect(declared.has(sample![1]!.replace(/_(bucket|sum|count)$/, "")), line).toBe(true);
    }
  });
});
