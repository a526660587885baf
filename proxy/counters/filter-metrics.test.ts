import { describe, expect, it } from "vitest";
import { SlabMetrics, bucketOf } from "./filter-metrics.ts";
import type { MetricDefinition } from "./filter-metrics.ts";
import { METRICS_PER_SLOT } from "./limits.ts";
import { createSlab, filterMetricsOf } from "./slab.ts";

describe("SlabMetrics", () => {
  it("keeps a metric's value for a worker that takes the dead one's place", () => {
    const cells = filterMetricsOf(createSlab());
    const definitions: MetricDefinition[] = [];
    const first = new SlabMetrics(cells, [], (definition) => definitions.push(definition));
    first.add(first.define("s", 0, "hits"), 3);
    const latency = first.define("s", 2, "latency");
    first.observe(latency, 5);
    const second = new SlabMetrics(cells, definitions, (definition) => definitions.push(definition));
    const other = second.define("s", 1, "depth");
    second.set(other, 7);
    expect(second.read(second.define("s", 0, "hits"))).toBe(3);
    expect(second.read(second.define("s", 2, "latency"))).toBe(5);
    expect(second.read(other)).toBe(7);
    expect(definitions).toHaveLength(3);
  });

  it("refuses one metric more than a slot may have, and counts that", () => {
    const metrics = new SlabMetrics(filterMetricsOf(createSlab()), [], () => undefined);
    for (let i = 0; i < METRICS_PER_SLOT; i++) expect(metrics.define("s", 0, `m${i}`)).toBe(i);
    expect(metrics.define("s", 0, "one-more")).toBe(-1);
    expect(metrics.define("other", 0, "m")).toBe(METRICS_PER_SLOT);
    expect(metrics.refused).toBe(1);
  });
});

describe("bucketOf", () => {
  it.each([
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 2],
    [1024, 10],
    [1e12, 31],
  ])("puts %d into bucket %d", (value, bucket) => {
    expect(bucketOf(value)).toBe(bucket);
  });
});
