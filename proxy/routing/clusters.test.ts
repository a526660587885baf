import { describe, expect, it } from "vitest";
import { CLUSTER_DEFAULTS } from "../contract/index.ts";
import type { ClusterConfig } from "../contract/index.ts";
import type { Cluster } from "../snapshot/runtime.ts";
import { EndpointDirectory, WeightedClusters, compileCluster } from "./clusters.ts";

function clusterOf(ports: number, policy: ClusterConfig["policy"], random?: () => number): Cluster {
  const endpoints = Array.from({ length: ports }, (_, i) => ({ host: "h", port: i + 1 }));
  return compileCluster({ ...CLUSTER_DEFAULTS, name: "c", endpoints, policy }, new EndpointDirectory(), random);
}

/** Gives these numbers one after the other, and from the start again. */
function numbers(...given: number[]): () => number {
  let at = 0;
  return () => given[at++ % given.length]!;
}

describe("a round robin", () => {
  it("goes round, and is null without endpoints", () => {
    const cluster = clusterOf(2, "roundRobin");
    expect([1, 2, 3].map(() => cluster.nextEndpoint()!.address)).toEqual(["h:1", "h:2", "h:1"]);
    expect(clusterOf(0, "roundRobin").nextEndpoint()).toBeNull();
  });

  it("gives a retry the endpoint behind the one that failed, and takes nobody's turn", () => {
    const cluster = clusterOf(3, "roundRobin");
    const first = cluster.nextEndpoint()!;
    const second = cluster.otherEndpoint(first)!;
    expect([second.port, cluster.otherEndpoint(second)!.port]).toEqual([2, 3]);
    expect(cluster.nextEndpoint()!.port).toBe(2);
    expect(clusterOf(1, "roundRobin").otherEndpoint(first)!.port).toBe(1);
  });
});

describe("least request", () => {
  it("takes the less busy of two that differ, the first of equals", () => {
    const cluster = clusterOf(3, "leastRequest", numbers(0, 0, 0, 0.99, 0.99, 0));
    const [one, two, three] = cluster.endpoints;
    one!.active = 2;
    two!.active = 1;
    three!.active = 2;
    expect([1, 2, 3].map(() => cluster.nextEndpoint()!.port)).toEqual([2, 1, 3]);
  });

  it("draws each endpoint, and never one against itself", () => {
    const cluster = clusterOf(3, "leastRequest");
    const idle = cluster.endpoints[2]!;
    for (const endpoint of cluster.endpoints) endpoint.active = endpoint === idle ? 0 : 1;
    const taken = new Map<number, number>();
    for (let i = 0; i < 3_000; i++) {
      const { port } = cluster.nextEndpoint()!;
      taken.set(port, (taken.get(port) ?? 0) + 1);
    }
    // The idle one is among two of three in two draws of three.
    expect(taken.get(3)! / 3_000).toBeGreaterThan(0.55);
    expect(taken.get(3)! / 3_000).toBeLessThan(0.78);
    expect(taken.size).toBe(3);
  });

  it("gives a retry another endpoint than the one that failed", () => {
    const cluster = clusterOf(3, "leastRequest");
    const failed = cluster.endpoints[1]!;
    for (let i = 0; i < 100; i++) expect(cluster.otherEndpoint(failed)).not.toBe(failed);
  });

  it("of one endpoint is that one", () => {
    expect(clusterOf(1, "leastRequest").nextEndpoint()!.port).toBe(1);
    expect(clusterOf(0, "leastRequest").nextEndpoint()).toBeNull();
  });
});

describe("WeightedClusters", () => {
  it("gives each cluster its band, and none to a weight of 0", () => {
    const clusters = new WeightedClusters(
      [
        { name: "a", weight: 0 },
        { name: "b", weight: 30 },
        { name: "c", weight: 0 },
        { name: "d", weight: 70 },
        { name: "e", weight: 0 },
      ],
      (name) => ({ name }) as Cluster,
    );
    const picked = Array.from({ length: 1_000 }, (_, i) => clusters.pick(i / 1_000).name);
    expect(picked).toEqual([...Array.from({ length: 300 }, () => "b"), ...Array.from({ length: 700 }, () => "d")]);
    expect(clusters.pick(1 - 2 ** -53).name).toBe("d");
  });
});
