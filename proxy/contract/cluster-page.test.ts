// What docs/routing.md says of clusters against what is read.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CLUSTER_DEFAULTS, ClusterSchema, settleCluster } from "./cluster.ts";
import { CONNECTS_AT_ONCE, CONNECT_PACE_MS } from "../upstream/limits.ts";
import { ENDPOINT_WEIGHT_MAX } from "./limits.ts";

const page = readFileSync(new URL("../../docs/routing.md", import.meta.url), "utf8");

/** Every key of a schema, those inside of others too. */
function keysOf(schema: object): string[] {
  const { properties, items, anyOf } = schema as {
    properties?: Record<string, object>;
    items?: object;
    anyOf?: object[];
  };
  const own = Object.entries(properties ?? {}).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
  return [...own, ...(items === undefined ? [] : keysOf(items)), ...(anyOf ?? []).flatMap(keysOf)];
}

/** What the page says of a field: the cells of its row. */
function rowOf(field: string): string {
  return page.split("\n").find((line) => line.startsWith(`| \`${field}\``)) ?? "";
}

describe("docs/routing.md", () => {
  it("names every key of a cluster", () => {
    const keys = keysOf(ClusterSchema).filter((key) => key !== "name" && key !== "address");
    expect(keys.filter((key) => !new RegExp(`(\`${key}\`|${key}: )`).test(page))).toEqual([]);
  });

  it("tells the defaults that hold", () => {
    const { healthCheck, outlierDetection } = settleCluster({
      name: "c",
      endpoints: [],
      healthCheck: { path: "/" },
      outlierDetection: {},
    });
    const seconds = (ms: number): string => (ms % 60_000 === 0 ? `\`${ms / 60_000}m\`` : `\`${ms / 1_000}s\``);
    const defaults: Record<string, string> = {
      connectTimeout: seconds(CLUSTER_DEFAULTS.connectTimeoutMs),
      connectionsMax: String(CLUSTER_DEFAULTS.connectionsMax),
      pendingMax: String(CLUSTER_DEFAULTS.pendingMax),
      pendingTimeout: seconds(CLUSTER_DEFAULTS.pendingTimeoutMs),
      requestsMax: String(CLUSTER_DEFAULTS.requestsMax),
      interval: seconds(healthCheck!.intervalMs),
      timeout: seconds(healthCheck!.timeoutMs),
      unhealthyAfter: String(healthCheck!.unhealthyAfter),
      healthyAfter: String(healthCheck!.healthyAfter),
      consecutive5xx: String(outlierDetection!.consecutive5xx),
      consecutiveGatewayFailures: String(outlierDetection!.consecutiveGatewayFailures),
      ejectionTime: seconds(outlierDetection!.ejectionTimeMs),
      ejectionTimeMax: seconds(outlierDetection!.ejectionTimeMaxMs),
      ejectedPercentMax: String(outlierDetection!.ejectedPercentMax),
      refresh: seconds(CLUSTER_DEFAULTS.dns.refreshMs),
    };
    for (const [field, value] of Object.entries(defaults)) expect(rowOf(field)).toContain(`default ${value}`);
    expect(page).toContain(`\`panicPercent\` (default ${CLUSTER_DEFAULTS.panicPercent})`);
    const paced = `begins ${CONNECTS_AT_ONCE} connects to an endpoint, and ${CONNECTS_AT_ONCE} more every ${CONNECT_PACE_MS} ms`;
    expect(page).toContain(paced);
    expect(page).toContain(`(1 to ${ENDPOINT_WEIGHT_MAX}, default 1)`);
  });
});
