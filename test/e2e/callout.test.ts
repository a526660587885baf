// A filter that asks an authorisation service, in a whole proxy: what passes, what does not, and a reload while questions
// are out.

import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildFilter, initFilter } from "@sluice/sdk-filter";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { H2Origin, answerWith } from "../../proxy/callouts/callouts.fixture.ts";
import { Accountant } from "../load/accountant.ts";
import type { Entry } from "../load/accountant.ts";
import { RunningProxy } from "./running-proxy.ts";

/** How long the service takes: questions are out at every moment of the load. */
const SERVICE_MS = 20;

/** Asks by gRPC; an answer that is no yes is the reason of the denial. */
const GRPC_SOURCE = `
export * from "@sluice/sdk-filter/assembly/exports";
import { Filter, GrpcMethod, NoConfig, Text, Value, Verdict, calloutFailure, filter } from "@sluice/sdk-filter/assembly";
const AUTH: Text = Text.of("grpc");
class Asks extends Filter<NoConfig> {
  method: GrpcMethod = new GrpcMethod("auth.v1.Check", "May");
  check(): Verdict {
    return this.grpcCall(AUTH, this.method, String.UTF8.encode("may I?"), 5000) == 0 ? Verdict.Error : Verdict.Pending;
  }
  onGrpcMessage(id: u32, message: Value): void {
    this.completeCheck(message.is(Text.of("you may")) ? Verdict.Allow : this.deny(message.toString()));
  }
  onGrpcClose(id: u32, status: i32): void {
    this.completeCheck(this.deny(calloutFailure(), 503));
  }
}
filter<Asks>();`;

let module: Uint8Array;
let grpcModule: Uint8Array;
let service: Server;
let grpcService: H2Origin;
/** What it answers next. */
let grpcAnswer: (stream: ServerHttp2Stream) => void;
let proxy: RunningProxy;
let asked: string[];

beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), "sluice-callout-"));
  await symlink(join(import.meta.dirname, "../../node_modules"), join(root, "node_modules"));
  const { folder } = await initFilter("asks", join(root, "asks"), { template: "callout" });
  module = (await buildFilter(folder)).wasm;
  await mkdir(join(root, "grpc", "assembly"), { recursive: true });
  await writeFile(join(root, "grpc", "assembly", "index.ts"), GRPC_SOURCE);
  await writeFile(join(root, "grpc", "filter.yaml"), "apiVersion: sluice/v1\nkind: Filter\nname: grpc\n");
  grpcModule = (await buildFilter(join(root, "grpc"))).wasm;
  return () => rm(root, { recursive: true, force: true });
});

beforeEach(async () => {
  asked = [];
  service = createServer((request, response) => {
    const { authorization, "x-original-path": path } = request.headers;
    asked.push(`${request.method} ${request.url} for ${String(path)}`);
    setTimeout(() => {
      response.statusCode = authorization === "Bearer good" ? 200 : 403;
      response.end();
    }, SERVICE_MS);
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  grpcService = await H2Origin.start((stream) => grpcAnswer(stream));
  proxy = await RunningProxy.prepare();
  await proxy.write("grpc.wasm", grpcModule);
  await proxy.write("asks.wasm", module);
  await proxy.write("deployment.yaml", deployment({ cluster: "auth" }));
  const { port } = service.address() as AddressInfo;
  const closed = await closedPort();
  await proxy.changeMachine((text) =>
    text.replace(
      "clusters: [",
      `clusters: [{ name: auth, endpoints: ["127.0.0.1:${port}"] }, { name: dead, endpoints: ["127.0.0.1:${closed}"] }, { name: grpc, endpoints: ["127.0.0.1:${grpcService.port}"] }, `,
    ),
  );
  await proxy.start();
});
afterEach(async () => {
  await proxy.close();
  await grpcService.stop();
  service.closeAllConnections();
  service.close();
});
function deployment(pluginConfig: { readonly cluster: string; readonly timeoutMs?: number }): string {
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: asks
    phase: AUTHN
    revisions: [{ filter: asks, module: asks.wasm, capabilities: [callout], pluginConfig: ${JSON.stringify({ timeoutMs: 5000, ...pluginConfig })} }]
`;
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function get(path: string, authorization?: string): Promise<{ status: number; body: string }> {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(`http://127.0.0.1:${proxy.ready.listeners["http"]}${path}`, { headers });
  return { status: response.status, body: await response.text() };
}

async function counted(): Promise<Record<string, number>> {
  const metrics = await (await proxy.admin("GET", "/metrics")).text();
  const rows = [...metrics.matchAll(/sluice_callouts_(?:failed_)?total\{cluster="auth",\w+="(\w+)"\} (\d+)/g)];
  return Object.fromEntries(rows.map(([, name, count]) => [name!, Number(count)]).filter(([, count]) => count !== 0));
}

async function reload(pluginConfig: Parameters<typeof deployment>[0]): Promise<void> {
  await proxy.write("deployment.yaml", deployment(pluginConfig));
  expect((await proxy.admin("POST", "/reload")).status).toBe(200);
}

describe("A proxy whose filter asks a cluster", () => {
  it("lets through what the service lets through, and tells what was asked", async () => {
    expect(await get("/orders?x=1", "Bearer good")).toEqual({ status: 200, body: "from upstream" });
    expect((await get("/orders", "Bearer bad")).status).toBe(403);
    expect((await get("/orders")).status).toBe(401);
    expect(asked).toEqual(["GET /check for /orders", "GET /check for /orders"]);
    expect(await counted()).toEqual({ sent: 2, answered: 2 });
    await proxy.until(() => proxy.stdout.trim().split("\n").length === 3);
    // Written when a stream has ended, which is not always in the order in which clients were answered.
    const reasons = proxy.stdout.match(/"reason":("[^"]*"|null)/g)!.toSorted();
    expect(reasons).toEqual(['"reason":"auth-said-no"', '"reason":"no-credentials"', '"reason":null']);
  });

  it("lets nothing through while the service is dead, or takes too long", async () => {
    await reload({ cluster: "dead" });
    expect((await get("/orders", "Bearer good")).status).toBe(503);
    await reload({ cluster: "auth", timeoutMs: 1 });
    expect((await get("/orders", "Bearer good")).status).toBe(503);
    expect(await counted()).toEqual({ sent: 1, timeout: 1 });
    await reload({ cluster: "auth" });
    expect((await get("/orders", "Bearer good")).status).toBe(200);
  });

  it("refuses a cluster that the machine does not have, request by request", async () => {
    await reload({ cluster: "none" });
    expect((await get("/orders", "Bearer good")).status).toBe(503);
    await proxy.until(() => proxy.stdout.includes('"reason":"auth-not-asked"'));
  });

  it("asks by gRPC over one session, and tells every end", async () => {
    const grpc = "filter: grpc, module: grpc.wasm, capabilities: [callout]";
    await proxy.write("deployment.yaml", deployment({ cluster: "auth" }).replace(/filter: .* \}\]/, `${grpc} }]`));
    expect((await proxy.admin("POST", "/reload")).status).toBe(200);
    const answers = ["you may", "closed today"].map(
      (text) => (stream: ServerHttp2Stream) => answerWith(stream, [text]),
    );
    const busy = { "grpc-status": "14", "grpc-message": "come%20back" };
    const statuses = [];
    for (const answer of [...answers, (stream: ServerHttp2Stream) => answerWith(stream, [], busy)]) {
      grpcAnswer = answer;
      statuses.push((await get("/orders")).status);
    }
    expect(statuses).toEqual([200, 403, 503]);
    // One of each worker at most.
    expect(grpcService.sessions.length).toBeLessThanOrEqual(2);
    await proxy.until(() => proxy.stdout.trim().split("\n").length === 3);
    const reasons = proxy.stdout.match(/"reason":("[^"]*"|null)/g);
    expect(reasons).toEqual(['"reason":null', '"reason":"closed today"', '"reason":"come back"']);
  });

  it("reloads under load while questions are out, and loses and doubles nothing", async () => {
    const load = new Accountant({
      host: "127.0.0.1",
      port: proxy.ready.listeners["http"]!,
      connections: 8,
      requestsPerSecond: 200,
      request: (number) => ({
        path: `/item/${number}`,
        headers: [["authorization", number % 2 === 0 ? "Bearer good" : "Bearer bad"]],
      }),
      revisionsOf: (answer) => [String(answer.status)],
      isExpected: (answer, number) => answer.status === (number % 2 === 0 ? 200 : 403),
    });
    load.start();
    for (let at = 0; at < 6; at++) {
      await load.settled(100);
      await reload({ cluster: "auth", timeoutMs: 5_000 + at });
    }
    await load.settled(100);
    const account = await load.stop();
    expect(account.faults.slice(0, 5)).toEqual([]);
    expect(account.answered).toHaveLength(account.sent);
    expect(account.answered.filter(({ revision }: Entry) => revision === "200").length).toBeGreaterThan(100);
    expect(asked).toHaveLength(account.sent);
    expect(new Set(asked).size).toBe(account.sent);
    expect(await counted()).toEqual({ sent: account.sent, answered: account.sent });
  });
});
