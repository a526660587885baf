// Mirrors of a whole proxy: what its records, counters and snapshots say of them.

import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { RunningProxy } from "./running-proxy.ts";

const DEPLOYMENT = `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: copies
    phase: OTHER
    revisions: [{ filter: copies, module: copies.wasm, capabilities: [callout] }]
`;

interface Stats {
  readonly counters: {
    readonly mirrors: readonly { readonly cluster: string; readonly answered: number }[];
    readonly revisions: readonly { readonly instances: number; readonly memoryBytes: number }[];
  };
  readonly workers: {
    readonly holdings: readonly { readonly snapshots: readonly { readonly generation: number }[] }[];
  };
}

let proxy: RunningProxy;
let shadow: Server;
let silent: Server;
/** Heads that came to each mirror. */
let shadowSaw: string[];
let silentSaw: string[];
let sockets: Socket[];

beforeEach(async () => {
  [shadowSaw, silentSaw, sockets] = [[], [], []];
  shadow = await mirror((head, socket) => {
    shadowSaw.push(head);
    socket.write("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
  });
  silent = await mirror((head) => void silentSaw.push(head));
  proxy = await RunningProxy.prepare();
  const machine = await readFile(join(proxy.folder, "sluice.yaml"), "utf8");
  const clusters = `clusters: [{ name: shadow, endpoints: ["${at(shadow)}"] }, { name: silent, endpoints: ["${at(silent)}"] }, `;
  await proxy.write("sluice.yaml", machine.replace("clusters: [", clusters));
  await proxy.write("deployment.yaml", DEPLOYMENT);
  await proxy.write("copies.wasm", await fixtureModule("mirror-twice"));
  await proxy.start();
});
afterEach(async () => {
  await proxy.close();
  for (const socket of sockets) socket.destroy();
  shadow.close();
  silent.close();
});

/** Requests of this test have no bodies. */
async function mirror(asked: (head: string, socket: Socket) => void): Promise<Server> {
  const server = createServer((socket) => {
    sockets.push(socket);
    let text = "";
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!text.endsWith("\r\n\r\n")) return;
      asked(text, socket);
      text = "";
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function at(server: Server): string {
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stats(): Promise<Stats> {
  return (await (await proxy.admin("GET", "/stats")).json()) as Stats;
}

describe("A proxy whose filter mirrors", () => {
  it("writes comparisons among its records and counts what became of each copy", async () => {
    expect(await proxy.get("/a")).toEqual({ status: 200, body: "from upstream" });
    await proxy.until(() => proxy.stdout.includes('"kind":"mirror"'));
    const lines = proxy.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const compared = lines.find(({ kind }) => kind === "mirror")!;
    const record = lines.find(({ kind }) => kind === undefined)!;
    expect(compared).toMatchObject({
      id: record["id"],
      node: "proxy-1",
      slot: "copies",
      cluster: "shadow",
      outcome: "answered",
      status: 404,
      primary: { status: 200 },
    });
    expect(shadowSaw[0]).toMatch(/^GET \/a HTTP\/1\.1\r\n[^]*\r\nx-sluice-mirror: copies\r\n/);
    const metrics = await (await proxy.admin("GET", "/metrics")).text();
    expect(metrics).toContain('sluice_mirror_copies_total{cluster="shadow",outcome="answered"} 1');
    expect(metrics).toContain('sluice_mirror_copies_total{cluster="silent",outcome="sent"} 1');
    // A root instance on each worker, and what the stream had.
    await expect.poll(async () => (await stats()).counters.revisions[0]!.instances).toBeGreaterThanOrEqual(2);
    expect((await stats()).counters.revisions[0]!.memoryBytes).toBeGreaterThanOrEqual(2 * 65_536);
    expect(metrics).toMatch(/sluice_stream_fuel_count\{slot="copies",[^}]*\} 1\n/);
    expect(metrics).toMatch(/sluice_stream_filter_seconds_count\{slot="copies",[^}]*\} 1\n/);
  });

  it("lets a snapshot go while copies of its streams are still out", async () => {
    await proxy.get("/before");
    await expect.poll(() => silentSaw.length).toBe(1);
    await proxy.write("deployment.yaml", DEPLOYMENT.replace("phase: OTHER", "phase: OTHER\n    dryRun: true"));
    expect((await proxy.admin("POST", "/reload")).status).toBe(200);
    await expect
      .poll(async () => (await stats()).workers.holdings.map(({ snapshots }) => snapshots.map((one) => one.generation)))
      .toEqual([[2], [2]]);
    expect((await proxy.get("/after")).status).toBe(200);
    await expect.poll(() => silentSaw.length).toBe(2);
    // Two workers may have taken one each: what they counted is told as one.
    await expect
      .poll(async () => (await stats()).counters.mirrors)
      .toMatchObject([
        { cluster: "shadow", answered: 2 },
        { cluster: "silent", sent: 2, answered: 0 },
      ]);
  });

  it("goes on counting for a worker that takes a dead one's place", async () => {
    await proxy.get();
    await expect.poll(async () => (await stats()).counters.mirrors[0]?.answered).toBe(1);
    for (const index of [0, 1]) await proxy.admin("POST", `/replace-worker?index=${index}`);
    await proxy.until(() => proxy.stderr.split("it is replaced").length === 3);
    await proxy.get();
    await expect.poll(async () => (await stats()).counters.mirrors[0]?.answered).toBe(2);
  });
});
