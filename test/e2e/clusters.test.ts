// Clusters through a whole proxy of two workers: endpoints that fall ill, fail, move, and what is told of them.

import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NameServer } from "../../proxy/endpoints/name-server.fixture.ts";
import { RunningProxy, deploymentText } from "./running-proxy.ts";

/** An upstream that says its name, and whose health and status a test changes. */
interface Origin {
  readonly address: string;
  readonly server: Server;
  isHealthy: boolean;
  status: number;
}

interface ClusterStats {
  readonly cluster: string;
  readonly endpoints: readonly { endpoint: string; health: string; why: string | null; ejections: number }[];
  readonly counters: { requests: number; failures: Record<string, number>; active: number; connections: number } | null;
}

let proxy: RunningProxy;
let names: NameServer;
let origins: Origin[];

async function origin(host: string, port: number): Promise<Origin> {
  const server = createServer((request, response) => {
    const isCheck = request.url === "/healthz";
    response.statusCode = isCheck ? (one.isHealthy ? 200 : 500) : one.status;
    if (!request.url!.endsWith("/hang")) response.end(one.address);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const address = `${host}:${(server.address() as AddressInfo).port}`;
  const one: Origin = { address, server, isHealthy: true, status: 200 };
  return one;
}

beforeEach(async () => {
  names = await NameServer.start();
  const first = await origin("127.0.0.1", 0);
  const { port } = first.server.address() as AddressInfo;
  origins = [first, await origin("127.0.0.2", port), await origin("127.0.0.3", port)];
  const all = `[${origins.map(({ address }) => address).join(", ")}]`;
  names.names.set("app.test", ["127.0.0.1"]);
  proxy = await RunningProxy.prepare();
  await proxy.changeMachine((text) =>
    text.replace(/^(routes|clusters):.*$/gm, "").concat(`
routes:
  - { name: checked, match: { path: { prefix: /checked } }, cluster: checked }
  - { name: failing, match: { path: { prefix: /failing } }, cluster: failing }
  - { name: named, match: { path: { prefix: /named } }, cluster: named }
clusters:
  - { name: checked, endpoints: ${all}, healthCheck: { path: /healthz, interval: 50ms, unhealthyAfter: 2, healthyAfter: 2 } }
  - { name: failing, endpoints: ${all}, outlierDetection: { consecutive5xx: 3, ejectionTime: 1s } }
  - { name: named, endpoints: ["app.test:${port}"], dns: { servers: ["${names.address}"] } }
`),
  );
  await proxy.write("deployment.yaml", deploymentText(0));
  await proxy.start();
});

afterEach(async () => {
  await proxy.close();
  await names.stop();
  for (const { server } of origins) server.close().closeAllConnections();
});

/** The endpoints that answered `count` requests, and how they answered. */
async function asked(path: string, count = 24): Promise<{ endpoints: string[]; statuses: number[] }> {
  const answers = await Promise.all(Array.from({ length: count }, (_, at) => proxy.get(`${path}/${at}`)));
  const distinct = <T>(all: T[]): T[] => [...new Set(all)].toSorted();
  return { endpoints: distinct(answers.map(({ body }) => body)), statuses: distinct(answers.map((one) => one.status)) };
}

async function stats(cluster: string): Promise<ClusterStats> {
  const answer = (await (await proxy.admin("GET", "/stats")).json()) as { clusters: ClusterStats[] };
  return answer.clusters.find((one) => one.cluster === cluster)!;
}

async function eventually(look: () => Promise<unknown>, wanted: unknown): Promise<void> {
  await expect.poll(look, { timeout: 15_000, interval: 50 }).toEqual(wanted);
}

describe("A proxy's clusters", () => {
  it("are not asked at endpoints that are ill, on any worker, until they are well again", async () => {
    const [one, two, three] = origins.map(({ address }) => address) as [string, string, string];
    expect(await asked("/checked")).toEqual({ endpoints: [one, two, three], statuses: [200] });
    origins[1]!.isHealthy = false;
    await eventually(async () => (await stats("checked")).endpoints[1], {
      endpoint: two,
      name: null,
      health: "unhealthy",
      why: "it answered 500",
      ejectedForMs: null,
      ejections: 0,
    });
    await eventually(async () => (await asked("/checked")).endpoints, [one, three]);
    expect(await asked("/checked", 50)).toEqual({ endpoints: [one, three], statuses: [200] });
    const metrics = await (await proxy.admin("GET", "/metrics")).text();
    expect(metrics).toContain(`sluice_endpoint_up{cluster="checked",endpoint="${two}"} 0\n`);
    origins[1]!.isHealthy = true;
    await eventually(async () => (await asked("/checked")).endpoints, [one, two, three]);
  });

  it("eject an endpoint whose requests fail, for a while, and say why requests failed", async () => {
    const [one, two, three] = origins.map(({ address }) => address) as [string, string, string];
    origins[2]!.status = 500;
    await eventually(async () => (await asked("/failing")).endpoints, [one, two]);
    expect((await stats("failing")).endpoints[2]).toMatchObject({ endpoint: three, ejections: 1 });
    origins[2]!.status = 200;
    await eventually(async () => (await asked("/failing")).endpoints, [one, two, three]);
    expect((await stats("failing")).counters!.failures).toEqual({});
    for (const { server } of origins) server.close().closeAllConnections();
    await eventually(async () => (await asked("/failing")).statuses, [503]);
    expect(Object.keys((await stats("failing")).counters!.failures)).toContain("UF");
  });

  it("follow a name to its addresses, and keep the last ones when nobody answers", async () => {
    const [one, two] = origins.map(({ address }) => address) as [string, string];
    await eventually(async () => (await asked("/named", 4)).endpoints, [one]);
    names.names.set("app.test", ["127.0.0.2", "127.0.0.1"]);
    await eventually(async () => (await asked("/named")).endpoints, [one, two]);
    names.names.clear();
    await eventually(
      async () => (await stats("named")) as unknown as { unresolved: unknown },
      expect.objectContaining({ unresolved: [{ name: "app.test", why: "ENOTFOUND" }] }),
    );
    expect((await asked("/named")).endpoints).toEqual([one, two]);
  });

  it("count nothing as under way that a dead worker had", async () => {
    const hanging = Array.from({ length: 12 }, () => proxy.get("/failing/hang").catch(() => null));
    await eventually(async () => (await stats("failing")).counters?.active, 12);
    expect((await stats("failing")).counters!.connections).toBeGreaterThanOrEqual(12);
    for (const index of [0, 1]) await proxy.admin("POST", `/replace-worker?index=${index}`);
    await Promise.all(hanging);
    await eventually(async () => {
      const { active, connections } = (await stats("failing")).counters!;
      return [active, connections];
    }, [0, 0]);
  });
});
