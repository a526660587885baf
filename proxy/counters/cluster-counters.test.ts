import { describe, expect, it } from "vitest";
import { ClusterLoad } from "../upstream/cluster-load.ts";
import { clearClusterGauges, sumClusterRows, writeClusterGauges } from "./cluster-counters.ts";
import { CLUSTER_FAILURES, clusterRowOf, createSlab } from "./slab.ts";

const slabs = (): SharedArrayBuffer[] => [createSlab(), createSlab()];

describe("counters of clusters", () => {
  it("are summed by name over workers that count them in different rows", () => {
    const [one, two] = slabs() as [SharedArrayBuffer, SharedArrayBuffer];
    const web = [new ClusterLoad(clusterRowOf(one, 0)), new ClusterLoad(clusterRowOf(two, 1))];
    const api = new ClusterLoad(clusterRowOf(two, 0));
    web[0]!.ended(200, []);
    web[1]!.ended(503, ["UC", "URX"]);
    web[1]!.failed("UH");
    api.ended(404, ["NR"]);
    web[0]!.active = 2;
    web[1]!.active = 3;
    web[1]!.connections = 4;
    writeClusterGauges([web[0]!]);
    writeClusterGauges([web[1]!, api]);
    const nothing = { "1xx": 0, "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 };
    expect(sumClusterRows([["web"], ["api", "web"]], [one, two])).toEqual([
      {
        cluster: "api",
        requests: 1,
        responses: { ...nothing, "4xx": 1 },
        failures: {},
        waited: 0,
        active: 0,
        waiting: 0,
        connections: 0,
      },
      {
        cluster: "web",
        requests: 2,
        responses: { ...nothing, "2xx": 1, "5xx": 1 },
        failures: { UC: 1, UH: 1, URX: 1 },
        waited: 0,
        active: 5,
        waiting: 0,
        connections: 4,
      },
    ]);
  });

  it("of a worker that ends stay, but for what was under way", () => {
    const [slab] = slabs() as [SharedArrayBuffer];
    const load = new ClusterLoad(clusterRowOf(slab, 0));
    load.ended(200, []);
    load.active = load.connections = 7;
    writeClusterGauges([load]);
    expect(sumClusterRows([["web"]], [slab])[0]).toMatchObject({ requests: 1, active: 7, connections: 7 });
    clearClusterGauges(slab);
    expect(sumClusterRows([["web"]], [slab])[0]).toMatchObject({ requests: 1, active: 0, connections: 0 });
  });

  it("add up where clusters share a row", () => {
    const [slab] = slabs() as [SharedArrayBuffer];
    const loads = [1, 2].map((active) => Object.assign(new ClusterLoad(clusterRowOf(slab, 0)), { active }));
    for (let times = 0; times < 2; times++) writeClusterGauges(loads);
    expect(sumClusterRows([["*"]], [slab])[0]!.active).toBe(3);
  });

  it("have a place for each flag, and none for a filter's doing", () => {
    const [slab] = slabs() as [SharedArrayBuffer];
    const load = new ClusterLoad(clusterRowOf(slab, 0));
    for (const flag of [...CLUSTER_FAILURES, "UAEX", "FI"]) load.failed(flag);
    const { failures, active } = sumClusterRows([["web"]], [slab])[0]!;
    expect(failures).toEqual(Object.fromEntries(CLUSTER_FAILURES.map((flag) => [flag, 1])));
    expect(active).toBe(0);
  });
});
