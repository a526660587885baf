import { describe, expect, it } from "vitest";
import { CLUSTER_DEFAULTS } from "./cluster.ts";
import type { ClusterConfig } from "./cluster.ts";
import { parseMachine } from "./machine.ts";

function cluster(text: string): ClusterConfig {
  const document = `apiVersion: sluice/v1
kind: Proxy
node: { id: p }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
routes: []
clusters:
  - name: a
${text.replace(/^/gm, "    ")}`;
  return parseMachine(document, "sluice.yaml").clusters[0]!;
}

describe("a cluster", () => {
  it("that says nothing has the defaults", () => {
    const { name, endpoints, ...rest } = cluster("endpoints: [127.0.0.1:1, app.internal:2]");
    expect([name, endpoints]).toEqual([
      "a",
      [
        { host: "127.0.0.1", port: 1 },
        { host: "app.internal", port: 2 },
      ],
    ]);
    expect(rest).toEqual(CLUSTER_DEFAULTS);
  });

  it("has weights only where they differ", () => {
    expect(cluster("endpoints: [{ address: h:1, weight: 3 }, h:2]").weights).toEqual([3, 1]);
    expect(cluster("endpoints: [{ address: h:1, weight: 3 }, { address: h:2, weight: 3 }]").weights).toBeNull();
  });

  it("says everything", () => {
    expect(
      cluster(`endpoints: [h:1]
policy: consistentHash
hashOn: header:x-user
connectionsMax: 10
pendingMax: 5
pendingTimeout: 250ms
requestsMax: 20
panicPercent: 0
healthCheck: { path: /up, host: a.test, interval: 2s, timeout: 500ms, healthyAfter: 1, unhealthyAfter: 2, statuses: [204] }
outlierDetection: { consecutive5xx: 3, ejectionTime: 10s, ejectedPercentMax: 10 }
dns: { refresh: 1s, servers: [127.0.0.1:53], family: both }
`),
    ).toEqual({
      name: "a",
      endpoints: [{ host: "h", port: 1 }],
      weights: null,
      connectTimeoutMs: 1_000,
      policy: "consistentHash",
      hashOn: { kind: "header", name: "x-user" },
      connectionsMax: 10,
      pendingMax: 5,
      pendingTimeoutMs: 250,
      requestsMax: 20,
      panicPercent: 0,
      healthCheck: {
        path: "/up",
        host: "a.test",
        intervalMs: 2_000,
        timeoutMs: 500,
        healthyAfter: 1,
        unhealthyAfter: 2,
        statuses: [204],
      },
      outlierDetection: {
        consecutive5xx: 3,
        consecutiveGatewayFailures: 5,
        ejectionTimeMs: 10_000,
        ejectionTimeMaxMs: 300_000,
        ejectedPercentMax: 10,
      },
      dns: { refreshMs: 1_000, servers: ["127.0.0.1:53"], family: "both" },
    });
  });

  it.each([
    ["a hash without a key", "endpoints: [h:1]\npolicy: consistentHash", "cluster a has no key to hash"],
    ["a key that no policy asks for", "endpoints: [h:1]\nhashOn: path", "only one policy goes by a key"],
    ["a port that is none", "endpoints: [{ address: h:70000 }]", '"h:70000" has no valid port'],
    ["a weight of nothing", "endpoints: [{ address: h:1, weight: 0 }]", "allowed: "],
    ["a check of no path", "endpoints: [h:1]\nhealthCheck: { path: up }", "a path such as /healthz"],
    ["a check without a pause", "endpoints: [h:1]\nhealthCheck: { path: /, interval: 0s }", "interval is 0"],
  ])("refuses %s", (_name, text, message) => {
    expect(() => cluster(text)).toThrow(message);
  });
});
