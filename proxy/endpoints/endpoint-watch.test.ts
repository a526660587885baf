// What main tells of clusters, with real endpoints and a real name server; times are of the order of milliseconds.

import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { CLUSTER_DEFAULTS } from "../contract/index.ts";
import type { ClusterConfig } from "../contract/index.ts";
import { EndpointWatch } from "./endpoint-watch.ts";
import { NameServer } from "./name-server.fixture.ts";

const EJECTING = {
  consecutive5xx: 5,
  consecutiveGatewayFailures: 5,
  ejectionTimeMs: 40,
  ejectionTimeMaxMs: 300_000,
  ejectedPercentMax: 50,
};
const CHECKING = {
  path: "/healthz",
  host: null,
  intervalMs: 5,
  timeoutMs: 5_000,
  healthyAfter: 1,
  unhealthyAfter: 1,
  statuses: [],
};

/** A busy machine takes its time. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
const servers: Server[] = [];
let names: NameServer | null = null;
let watch: EndpointWatch;
const notes: string[] = [];
let changes = 0;

function open(): EndpointWatch {
  changes = 0;
  notes.length = 0;
  watch = new EndpointWatch({ changed: () => void changes++, note: (sentence) => void notes.push(sentence) });
  return watch;
}

function cluster(config: Partial<ClusterConfig>): ClusterConfig {
  const endpoints = [1, 2, 3, 4].map((port) => ({ host: "10.0.0.1", port }));
  return { ...CLUSTER_DEFAULTS, name: "c", endpoints, ...config };
}

async function origin(): Promise<{ port: number; status: number; checks: number }> {
  const one = { port: 0, status: 200, checks: 0 };
  const server = createServer((_request, response) => {
    one.checks++;
    response.writeHead(one.status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  one.port = (server.address() as AddressInfo).port;
  return one;
}

afterEach(async () => {
  watch.close();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  await names?.stop();
  names = null;
});

describe("EndpointWatch", () => {
  it("has no news of clusters that it knows nothing of, and tells that once", async () => {
    open().serve([cluster({})]);
    await eventually(() => changes).toBe(1);
    expect(watch.news).toEqual([]);
    expect(watch.view[0]!.endpoints[0]).toEqual({
      endpoint: "10.0.0.1:1",
      name: null,
      health: "unchecked",
      why: null,
      ejectedForMs: null,
      ejections: 0,
    });
  });

  it("tells of an endpoint that falls ill, and of its recovery", async () => {
    const one = await origin();
    open().serve([cluster({ endpoints: [{ host: "127.0.0.1", port: one.port }], healthCheck: CHECKING })]);
    await eventually(() => watch.view[0]!.endpoints[0]!.health).toBe("healthy");
    one.status = 503;
    await eventually(() => watch.news).toEqual([{ cluster: "c", resolved: {}, down: [`127.0.0.1:${one.port}`] }]);
    expect(watch.view[0]).toMatchObject({
      isPanicking: true,
      endpoints: [{ health: "unhealthy", why: "it answered 503" }],
    });
    one.status = 200;
    await eventually(() => watch.news).toEqual([]);
    expect(notes).toEqual([
      `cluster c: 127.0.0.1:${one.port} is unhealthy: it answered 503`,
      `cluster c: 127.0.0.1:${one.port} is healthy again`,
    ]);
  });

  it("ejects who fails, within bounds, and takes it back when its time is over", async () => {
    open().serve([cluster({ outlierDetection: EJECTING })]);
    for (const port of [1, 1, 2, 3]) watch.failing("c", `10.0.0.1:${port}`);
    watch.failing("c", "10.9.9.9:1");
    watch.failing("gone", "10.0.0.1:1");
    expect(watch.news).toEqual([{ cluster: "c", resolved: {}, down: ["10.0.0.1:1", "10.0.0.1:2"] }]);
    expect(watch.view[0]!.endpoints.map(({ ejections }) => ejections)).toEqual([1, 1, 0, 0]);
    await eventually(() => watch.news).toEqual([]);
    expect(watch.view[0]!.endpoints.map(({ ejectedForMs }) => ejectedForMs)).toEqual([null, null, null, null]);
    watch.failing("c", "10.0.0.1:3");
    expect(watch.news[0]!.down).toEqual(["10.0.0.1:3"]);
  });

  it("ejects nobody where nobody asked for it", () => {
    open().serve([cluster({})]);
    watch.failing("c", "10.0.0.1:1");
    expect(watch.news).toEqual([]);
  });

  it("keeps what it knows of endpoints that stay, over every change of the documents", async () => {
    const long = { ...EJECTING, ejectionTimeMs: 60_000 };
    open().serve([cluster({ outlierDetection: long })]);
    watch.failing("c", "10.0.0.1:1");
    watch.serve([cluster({ outlierDetection: long })]);
    expect(watch.news[0]!.down).toEqual(["10.0.0.1:1"]);
    watch.serve([cluster({ outlierDetection: long, connectTimeoutMs: 5 }), cluster({ name: "other" })]);
    expect(watch.news).toEqual([{ cluster: "c", resolved: {}, down: ["10.0.0.1:1"] }]);
    watch.serve([cluster({ outlierDetection: null })]);
    expect(watch.news).toEqual([]);
  });

  it("checks what it is to check, and nothing more once that is gone", async () => {
    const [stays, goes] = [await origin(), await origin()];
    const endpoints = [stays, goes].map(({ port }) => ({ host: "127.0.0.1", port }));
    open().serve([cluster({ endpoints, healthCheck: CHECKING })]);
    await eventually(() => Math.min(stays.checks, goes.checks)).toBeGreaterThan(1);
    watch.serve([cluster({ endpoints: endpoints.slice(0, 1), healthCheck: CHECKING })]);
    const before = { stays: stays.checks, goes: goes.checks };
    await eventually(() => stays.checks).toBeGreaterThan(before.stays + 10);
    // One may have been under way.
    expect(goes.checks - before.goes).toBeLessThanOrEqual(1);
  });

  it("checks every address of a name, and forgets those that are its no more", async () => {
    names = await NameServer.start();
    names.names.set("app.test", ["127.0.0.1", "127.0.0.9"]);
    const one = await origin();
    const endpoints = [{ host: "app.test", port: one.port }];
    const dns = { refreshMs: 1_000, servers: [names.address], family: "ipv4" } as const;
    open().serve([cluster({ endpoints, dns, healthCheck: CHECKING })]);
    const name = `app.test:${one.port}`;
    await eventually(() => watch.news).toEqual([
      { cluster: "c", resolved: { [name]: ["127.0.0.1", "127.0.0.9"] }, down: [`127.0.0.9:${one.port}`] },
    ]);
    expect(watch.view[0]!.endpoints).toMatchObject([
      { endpoint: `127.0.0.1:${one.port}`, name, health: "healthy" },
      { endpoint: `127.0.0.9:${one.port}`, name, health: "unhealthy", why: "ECONNREFUSED" },
    ]);
    names.names.set("app.test", ["127.0.0.1"]);
    await eventually(() => watch.news).toEqual([{ cluster: "c", resolved: { [name]: ["127.0.0.1"] }, down: [] }]);
    expect(watch.view[0]!.endpoints).toHaveLength(1);
  });
});
