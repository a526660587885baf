import { describe, expect, it } from "vitest";
import { SlabMetrics } from "../counters/filter-metrics.ts";
import { filterMetricsOf } from "../counters/slab.ts";
import { WorkerMemory } from "./worker-memory.ts";

const COUNTER = 0;
const GAUGE = 1;
const HISTOGRAM = 2;

/** A worker's metrics as the thread at this place makes them, also when it replaces one. */
function metricsOf(memory: WorkerMemory, worker: number): SlabMetrics {
  return new SlabMetrics(filterMetricsOf(memory.slabs[worker]!), memory.metricsOf(worker), (definition) =>
    memory.noteMetric(worker, definition),
  );
}

const valuesOf = (memory: WorkerMemory): Record<string, number> =>
  Object.fromEntries(memory.filterMetrics().map(({ definition, cells }) => [definition.name, cells[0]!]));

describe("WorkerMemory", () => {
  it("keeps counters and histograms of a worker that died, and drops what it had in gauges", () => {
    const memory = new WorkerMemory(2);
    for (const worker of [0, 1]) {
      const metrics = metricsOf(memory, worker);
      metrics.add(metrics.define("s", COUNTER, "hits"), 3);
      metrics.set(metrics.define("s", GAUGE, "open"), 5);
      metrics.observe(metrics.define("s", HISTOGRAM, "latency"), 7);
    }
    expect(valuesOf(memory)).toEqual({ hits: 6, open: 10, latency: 2 });

    memory.reclaim(0);
    expect(valuesOf(memory)).toEqual({ hits: 6, open: 5, latency: 2 });
    const successor = metricsOf(memory, 0);
    successor.add(successor.define("s", COUNTER, "hits"), 1);
    successor.add(successor.define("s", GAUGE, "open"), 1);
    expect(valuesOf(memory)).toEqual({ hits: 7, open: 6, latency: 2 });
  });

  it("adds up a metric that another revision of its slot defines again", () => {
    const memory = new WorkerMemory(1);
    const metrics = metricsOf(memory, 0);
    for (let revision = 0; revision < 3; revision++) metrics.add(metrics.define("s", COUNTER, "hits"), 1);
    expect(valuesOf(memory)).toEqual({ hits: 3 });
  });
});
