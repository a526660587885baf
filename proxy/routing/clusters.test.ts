import { headOf } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { CLUSTER_DEFAULTS } from "../contract/index.ts";
import type { ClusterConfig } from "../contract/index.ts";
import type { Asker, Cluster } from "../snapshot/runtime.ts";
import { WeightedClusters, compileCluster } from "./clusters.ts";
import { EndpointDirectory } from "./endpoint-directory.ts";

function clusterOf(ports: number, config: Partial<ClusterConfig> = {}, random?: () => number): Cluster {
  const endpoints = Array.from({ length: ports }, (_, i) => ({ host: "h", port: i + 1 }));
  return compileCluster({ ...CLUSTER_DEFAULTS, name: "c", endpoints, ...config }, new EndpointDirectory(), random);
}

const LEAST = { policy: "leastRequest" } as const;
const ANYONE = asker({});

function asker(fields: Readonly<Record<string, string>>, sourceAddress = "10.0.0.1"): Asker {
  return { requestHead: headOf(Object.entries({ ":path": "/", ...fields })), sourceAddress };
}

/** Gives these numbers one after the other, and from the start again. */
function numbers(...given: number[]): () => number {
  let at = 0;
  return () => given[at++ % given.length]!;
}

/** How often each port is chosen in `draws` requests. */
function spread(cluster: Cluster, draws: number, who: (draw: number) => Asker = () => ANYONE): number[] {
  const taken = cluster.endpoints.map(() => 0);
  const places = new Map(cluster.endpoints.map((endpoint, place) => [endpoint, place]));
  for (let draw = 0; draw < draws; draw++) taken[places.get(cluster.nextEndpoint(who(draw))!)!]!++;
  return taken;
}

describe("a round robin", () => {
  it("goes round, and is null without endpoints", () => {
    const cluster = clusterOf(2);
    expect([1, 2, 3].map(() => cluster.nextEndpoint(ANYONE)!.address)).toEqual(["h:1", "h:2", "h:1"]);
    expect(clusterOf(0).nextEndpoint(ANYONE)).toBeNull();
  });

  it("gives a retry the endpoint behind the one that failed, and takes nobody's turn", () => {
    const cluster = clusterOf(3);
    const first = cluster.nextEndpoint(ANYONE)!;
    const second = cluster.otherEndpoint(first, ANYONE)!;
    expect([second.port, cluster.otherEndpoint(second, ANYONE)!.port]).toEqual([2, 3]);
    expect(cluster.nextEndpoint(ANYONE)!.port).toBe(2);
    expect(clusterOf(1).otherEndpoint(first, ANYONE)!.port).toBe(1);
  });

  it("gives turns by weight, not all of one endpoint's in a row", () => {
    const cluster = clusterOf(3, { weights: [5, 1, 2] });
    expect(spread(cluster, 16)).toEqual([10, 2, 4]);
    const turns = Array.from({ length: 16 }, () => cluster.nextEndpoint(ANYONE)!.port).join("");
    expect(turns).not.toContain("1111");
    expect(turns).not.toContain("33");
  });
});

describe("least request", () => {
  it("takes the less busy of two that differ, the first of equals", () => {
    const cluster = clusterOf(3, LEAST, numbers(0, 0, 0, 0.99, 0.99, 0));
    const [one, two, three] = cluster.endpoints;
    one!.active = 2;
    two!.active = 1;
    three!.active = 2;
    expect([1, 2, 3].map(() => cluster.nextEndpoint(ANYONE)!.port)).toEqual([2, 1, 3]);
  });

  it("draws each endpoint, and never one against itself", () => {
    const cluster = clusterOf(3, LEAST);
    for (const endpoint of cluster.endpoints) endpoint.active = endpoint.port === 3 ? 0 : 1;
    const [one, two, idle] = spread(cluster, 3_000) as [number, number, number];
    // The idle one is among two of three in two draws of three.
    expect(idle / 3_000).toBeGreaterThan(0.55);
    expect(idle / 3_000).toBeLessThan(0.78);
    expect(Math.min(one, two)).toBeGreaterThan(0);
  });

  it("gives a retry another endpoint than the one that failed", () => {
    const cluster = clusterOf(3, LEAST);
    const failed = cluster.endpoints[1]!;
    for (let i = 0; i < 100; i++) expect(cluster.otherEndpoint(failed, ANYONE)).not.toBe(failed);
  });

  it("of one endpoint is that one", () => {
    expect(clusterOf(1, LEAST).nextEndpoint(ANYONE)!.port).toBe(1);
    expect(clusterOf(0, LEAST).nextEndpoint(ANYONE)).toBeNull();
  });

  it("goes by weight where nothing is under way, and by what is under way for the weight", () => {
    const idle = spread(clusterOf(2, { ...LEAST, weights: [3, 1] }), 4_000);
    expect(idle[0]! / 4_000).toBeGreaterThan(0.7);
    expect(idle[0]! / 4_000).toBeLessThan(0.8);
    const busy = clusterOf(2, { ...LEAST, weights: [3, 1] });
    busy.endpoints[0]!.active = 5;
    busy.endpoints[1]!.active = 2;
    expect(spread(busy, 100)).toEqual([100, 0]);
    busy.endpoints[0]!.active = 7;
    expect(spread(busy, 100)).toEqual([0, 100]);
  });
});

describe("a consistent hash", () => {
  const byUser = { policy: "consistentHash", hashOn: { kind: "header", name: "X-User" } } as const;
  const user = (draw: number): Asker => asker({ "x-user": `user-${draw}` });
  const choices = (cluster: Cluster): string[] =>
    Array.from({ length: 10_000 }, (_, draw) => cluster.nextEndpoint(user(draw))!.address);

  it("sends a key to the same endpoint, in every snapshot and on every worker", () => {
    expect(choices(clusterOf(10, byUser))).toEqual(choices(clusterOf(10, byUser)));
  });

  it("spreads keys evenly, and by weight", () => {
    for (const share of spread(clusterOf(10, byUser), 10_000, user)) {
      expect(share).toBeGreaterThan(850);
      expect(share).toBeLessThan(1_150);
    }
    const [heavy] = spread(clusterOf(4, { ...byUser, weights: [5, 1, 1, 1] }), 8_000, user) as [number];
    expect(heavy).toBeGreaterThan(4_700);
    expect(heavy).toBeLessThan(5_300);
  });

  it("moves a lost endpoint's keys and no others, to all that are left", () => {
    const before = choices(clusterOf(10, byUser));
    const after = choices(clusterOf(9, byUser));
    const moved = before.flatMap((endpoint, at) => (endpoint === after[at] ? [] : [[endpoint, after[at]] as const]));
    expect(new Set(moved.map(([from]) => from))).toEqual(new Set(["h:10"]));
    expect(new Set(moved.map(([, to]) => to)).size).toBe(9);
  });

  it("gives a retry the next in rank, where the key goes once the first is lost", () => {
    const ten = clusterOf(10, byUser);
    const nine = clusterOf(9, byUser);
    const last = ten.endpoints[9]!;
    const lost = Array.from({ length: 1_000 }, (_, draw) => user(draw)).filter((who) => ten.nextEndpoint(who) === last);
    expect(lost.length).toBeGreaterThan(50);
    for (const who of lost) expect(ten.otherEndpoint(last, who)!.address).toBe(nine.nextEndpoint(who)!.address);
    const alone = clusterOf(1, byUser);
    expect(alone.otherEndpoint(alone.endpoints[0]!, user(1))).toBe(alone.endpoints[0]);
  });

  it.each([
    ["a header", { kind: "header", name: "x-user" }, asker({ "x-user": "a" }), asker({ "x-user": "a", ":path": "/b" })],
    ["a cookie", { kind: "cookie", name: "sid" }, asker({ cookie: "a=1; sid=x" }), asker({ cookie: "sid=x" })],
    ["the path without its query", { kind: "path", name: "" }, asker({ ":path": "/a?x" }), asker({ ":path": "/a" })],
    ["the client", { kind: "source", name: "" }, asker({ ":path": "/a" }), asker({ ":path": "/b" })],
  ] as const)("goes by %s", (_name, hashOn, one, same) => {
    const cluster = clusterOf(50, { policy: "consistentHash", hashOn });
    expect(cluster.nextEndpoint(one)).toBe(cluster.nextEndpoint(same));
    const others = Array.from({ length: 20 }, (_, i) =>
      asker({ "x-user": `u${i}`, cookie: `sid=${i}`, ":path": `/p${i}` }, `10.0.1.${i}`),
    );
    expect(new Set(others.map((who) => cluster.nextEndpoint(who))).size).toBeGreaterThan(8);
  });

  it("takes any endpoint for a request without a key", () => {
    expect(Math.min(...spread(clusterOf(4, byUser), 400))).toBeGreaterThan(50);
    expect(clusterOf(0, byUser).nextEndpoint(ANYONE)).toBeNull();
  });
});

describe("what main tells of endpoints", () => {
  const config = { ...CLUSTER_DEFAULTS, name: "c", weights: [1, 2] };
  const endpoints = [
    { host: "10.0.0.1", port: 80 },
    { host: "app.internal", port: 80 },
  ];
  const addresses = (cluster: Cluster): string[] => cluster.endpoints.map(({ address }) => address);

  it("holds at once for the clusters of all snapshots", () => {
    const directory = new EndpointDirectory();
    const [old, next] = [1, 2].map(() => compileCluster({ ...config, endpoints }, directory)) as [Cluster, Cluster];
    expect(addresses(old)).toEqual(["10.0.0.1:80", "app.internal:80"]);
    directory.take([{ cluster: "c", resolved: { "app.internal:80": ["10.1.0.1", "10.1.0.2"] }, down: [] }]);
    expect(addresses(old)).toEqual(["10.0.0.1:80", "10.1.0.1:80", "10.1.0.2:80"]);
    expect(old.endpoints[1]).toBe(next.endpoints[1]);
    expect(old.endpoints[1]!.authority).toBe("app.internal:80");
    expect(spread(next, 10)).toEqual([2, 4, 4]);
    directory.take([]);
    expect(addresses(old)).toEqual(["10.0.0.1:80", "app.internal:80"]);
  });

  it("takes those that are down out, until so few are left that all are better", () => {
    const directory = new EndpointDirectory();
    const three = Array.from({ length: 3 }, (_, i) => ({ host: "h", port: i + 1 }));
    const [calm, never] = [50, 0].map((panicPercent) =>
      compileCluster({ ...CLUSTER_DEFAULTS, name: "c", endpoints: three, panicPercent }, directory),
    ) as [Cluster, Cluster];
    const down = (...list: string[]): void => directory.take([{ cluster: "c", resolved: {}, down: list }]);
    down("h:2");
    expect([addresses(calm), addresses(never)]).toEqual([
      ["h:1", "h:3"],
      ["h:1", "h:3"],
    ]);
    down("h:2", "h:3");
    expect([addresses(calm), addresses(never)]).toEqual([["h:1", "h:2", "h:3"], ["h:1"]]);
    down("h:1", "h:2", "h:3");
    expect([calm.nextEndpoint(ANYONE)!.port, never.nextEndpoint(ANYONE)]).toEqual([1, null]);
    down();
    expect(addresses(never)).toEqual(["h:1", "h:2", "h:3"]);
  });

  it("says nothing of a cluster that it does not know, whose addresses are as they were written", () => {
    const directory = new EndpointDirectory();
    const ipv6 = compileCluster({ ...CLUSTER_DEFAULTS, name: "c", endpoints: [{ host: "::1", port: 1 }] }, directory);
    directory.take([{ cluster: "other", resolved: {}, down: ["[::1]:1"] }]);
    expect(addresses(ipv6)).toEqual(["[::1]:1"]);
  });

  it("leaves requests on the endpoints they have", () => {
    const directory = new EndpointDirectory();
    const cluster = compileCluster({ ...config, endpoints }, directory);
    const endpoint = cluster.endpoints[0]!;
    endpoint.active = 3;
    directory.take([{ cluster: "c", resolved: {}, down: ["10.0.0.1:80"] }]);
    expect(cluster.nextEndpoint(ANYONE)!.host).toBe("app.internal");
    directory.take([{ cluster: "c", resolved: {}, down: [] }]);
    expect(cluster.endpoints[0]!.active).toBe(3);
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
