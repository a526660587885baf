// Splits on a proxy without a registry: its own secret, requests that choose their revision, routes with a configuration
// of their own or none.

import { copyFile, readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Program } from "./program.ts";
import { RunningProxy } from "./running-proxy.ts";

/** Echoes the names of the request's headers. */
let upstream: Server;
const proxies: RunningProxy[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => response.end(Object.keys(request.headers).join()));
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()));
  upstream.closeAllConnections();
  upstream.close();
});

/** A proxy with the routes admin, public and all, and one slot of the module that answers 400 + its configuration's length. */
async function prepare(slot: string): Promise<RunningProxy> {
  const proxy = await RunningProxy.prepare();
  proxies.push(proxy);
  const { port } = upstream.address() as AddressInfo;
  await proxy.write(
    "sluice.yaml",
    `apiVersion: sluice/v1
kind: Proxy
node: { id: proxy-1 }
workers: 1
listeners: [{ name: http, address: 127.0.0.1:0 }]
routes:
  - { name: admin, match: { path: { prefix: /admin } }, cluster: echo }
  - { name: public, match: { path: { prefix: /public } }, cluster: echo }
  - { name: all, cluster: echo }
clusters: [{ name: echo, endpoints: [127.0.0.1:${port}] }]
admin: { address: 127.0.0.1:0 }
deployment: { file: deployment.yaml }
`,
  );
  await proxy.write("deployment.yaml", deploymentOf(slot));
  return proxy;
}

function deploymentOf(slot: string): string {
  return `apiVersion: sluice/v1\nkind: Deployment\nname: default\nslots:\n  - { name: answering, phase: OTHER, ${slot} }\n`;
}

/** A revision that answers 400 + `length`; 0 lets all pass. */
function answering(length: number, weight = 100): string {
  const config = length === 0 ? "" : `, pluginConfig: "${"x".repeat(length)}"`;
  return `{ filter: answering, module: answering.wasm, weight: ${weight}${config} }`;
}

async function get(proxy: RunningProxy, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${proxy.ready.listeners["http"]}${path}`, { headers });
}

async function statusOf(proxy: RunningProxy, path: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await get(proxy, path, headers);
  await answer.arrayBuffer();
  return answer.status;
}

describe("A route in a slot", () => {
  it("may have a configuration of its own, or none of the slot's filter", async () => {
    const perRoute = `perRoute: [{ routes: [admin], pluginConfig: "${"x".repeat(9)}" }, { routes: [public], disabled: true }]`;
    const proxy = await (await prepare(`${perRoute}, revisions: [${answering(3)}]`)).start();
    const asked = ["/", "/admin", "/public"].map((path) => statusOf(proxy, path));
    expect(await Promise.all(asked)).toEqual([403, 409, 200]);

    const { slots } = (await (await proxy.admin("GET", "/snapshot")).json()) as {
      slots: { slot: string; routes: string[]; revisions: { revision: string }[] }[];
    };
    expect(slots.map(({ slot, routes }) => [slot, routes])).toEqual([
      ["answering", ["all"]],
      ["answering", ["admin"]],
    ]);
    expect(slots[0]!.revisions[0]!.revision).not.toBe(slots[1]!.revisions[0]!.revision);
    await proxy.until(() => (proxy.stdout.match(/"status":40[39]/g) ?? []).length === 2);
    const { counters } = (await (await proxy.admin("GET", "/stats")).json()) as {
      counters: { revisions: { revision: string; denied: Record<string, number> }[] };
    };
    const denied = new Map(counters.revisions.map((row) => [row.revision, row.denied]));
    expect(slots.map(({ revisions }) => denied.get(revisions[0]!.revision))).toEqual([
      { PERMISSION_DENIED: 1 },
      { ALREADY_EXISTS: 1 },
    ]);

    await proxy.write("deployment.yaml", deploymentOf(`revisions: [${answering(3)}]`));
    expect((await proxy.admin("POST", "/reload")).status).toBe(200);
    expect(await statusOf(proxy, "/public")).toBe(403);
  });
});

describe("A request that chooses its revision", () => {
  const split = (force: boolean): string =>
    `split: { by: "header:x-user", force: ${force} }, revisions: [${answering(3)}, ${answering(0, 0)}]`;

  it("gets it when its header is signed, and the header goes no further", async () => {
    const proxy = await (await prepare(split(true))).start();
    const secretFile = join(proxy.folder, ".sluice", "split.secret");
    expect((await stat(secretFile)).mode & 0o777).toBe(0o600);
    const { slots } = (await (await proxy.admin("GET", "/snapshot")).json()) as {
      slots: { revisions: { revision: string }[] }[];
    };
    const digits = slots[0]!.revisions[1]!.revision.slice(7, 17);
    const command = Program.sluice(["force", "answering", digits, "--secret", secretFile], { cwd: proxy.folder });
    expect((await command.ended).code).toBe(0);
    const [name, value] = command.stdout.trim().split(": ") as [string, string];
    expect(name).toBe("x-sluice-revision");

    expect(await statusOf(proxy, "/")).toBe(403);
    const forced = await get(proxy, "/", { [name]: value });
    expect(forced.status).toBe(200);
    expect(await forced.text()).not.toContain("x-sluice");
    const signature = value.slice(-64);
    for (const wrong of [value.replace(signature, "0".repeat(64)), value.replace(/exp=\d+/, "exp=9999999999")])
      expect(await statusOf(proxy, "/", { [name]: wrong })).toBe(403);
    const metrics = await (await proxy.admin("GET", "/metrics")).text();
    expect(metrics).toMatch(/revisions_forced\S* 1\n/);
    expect(metrics).toMatch(/forces_ignored\S* 2\n/);

    await proxy.write("deployment.yaml", deploymentOf(split(false)));
    await proxy.admin("POST", "/reload");
    expect(await statusOf(proxy, "/", { [name]: value })).toBe(403);
  });
});

describe("Proxies without a registry", () => {
  const slot = `split: { by: "header:x-user" }, revisions: [${answering(3, 50)}, ${answering(9, 50)}]`;
  const users = Array.from({ length: 64 }, (_, user) => `user-${user}`);

  function drawn(proxy: RunningProxy): Promise<number[]> {
    return Promise.all(users.map((user) => statusOf(proxy, "/", { "x-user": user })));
  }

  it("split alike with the same split.secret, and otherwise with another", async () => {
    const first = await (await prepare(slot)).start();
    const secret = join(first.folder, ".sluice", "split.secret");
    const second = await (await prepare(slot)).start();
    const alone = await drawn(second);
    second.signal("SIGTERM");
    await second.exited;
    await copyFile(secret, join(second.folder, ".sluice", "split.secret"));
    await second.start();
    const arms = await drawn(first);
    expect(await drawn(second)).toEqual(arms);
    expect(alone).not.toEqual(arms);
    expect(await readFile(secret, "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
  });
});
