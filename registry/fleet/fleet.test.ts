import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ProxyStatus } from "@sluice/proxy/contract";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testModule } from "../test-module.ts";
import { TestRegistry } from "../test-registry.ts";
import type { Answer, EventReader } from "../test-registry.ts";

let registry: TestRegistry;
beforeEach(async () => void (registry = await TestRegistry.start({ heartbeatMs: 50 })));
afterEach(() => registry[Symbol.asyncDispose]());

function deployment(
  name: string,
  matchLabels: Record<string, string> = {},
  filter: string | null = null,
): { readonly name: string; readonly [key: string]: unknown } {
  const slots = filter === null ? [] : [{ name: filter, phase: "OTHER", revisions: [{ filter, tag: "v1" }] }];
  return { apiVersion: "sluice/v1", kind: "Deployment", name, targets: { matchLabels }, slots };
}

function watch(node: string, labels: Record<string, string> = {}): Promise<EventReader> {
  return registry.events(
    `/v1/watch?node=${node}&labels=${encodeURIComponent(JSON.stringify(labels))}&protocol=1`,
    registry.proxyToken,
  );
}

const STATUS: ProxyStatus = {
  applied: 1,
  refused: null,
  ready: true,
  notLoaded: [],
  overrides: [],
  overrideEvents: [],
  counters: {
    requests: 0,
    responses: {},
    connections: 0,
    streams: 0,
    revisions: [],
    keyless: {},
    mirrors: [],
    quotas: {},
  },
};

function report(node: string, status: Partial<ProxyStatus> = {}): Promise<Answer> {
  return registry.call("POST", `/v1/proxies/${node}/status`, {
    token: registry.proxyToken,
    body: JSON.stringify({ ...STATUS, ...status }),
  });
}

async function proxies(): Promise<Record<string, unknown>[]> {
  return (await registry.call("GET", "/v1/proxies")).json["proxies"] as Record<string, unknown>[];
}

describe("a watching proxy", () => {
  it("gets the split secret, the deployment in charge, and each new one", async () => {
    await registry.deploy(deployment("default"), 0);
    const stream = await watch("p1");
    const secret = await stream.next();
    expect(secret).toMatchObject({
      event: "secret",
      data: { secret: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    expect(await stream.nextOf("deployment")).toMatchObject({ id: "1", data: { name: "default", number: 1 } });
    await registry.deploy(deployment("default"), 1);
    expect(await stream.nextOf("deployment")).toMatchObject({ id: "2", data: { number: 2 } });
    await stream.close();
  });

  it("gets the same secret after a restart of the registry", async () => {
    const first = await (await watch("p1")).nextOf("secret");
    await registry.stop();
    registry = await TestRegistry.start({ stateDir: registry.stateDir });
    expect(await (await watch("p1")).nextOf("secret")).toEqual(first);
  });

  it("gets its deployment, and may leave, while nothing can be stored of it", async () => {
    await registry.deploy(deployment("default"), 0);
    await registry.stop();
    const database = new DatabaseSync(join(registry.stateDir, "registry", "registry.db"));
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON proxies BEGIN SELECT RAISE(FAIL, 'disk is full'); END`);
    database.close();
    registry = await TestRegistry.start({ stateDir: registry.stateDir, log: pino({ level: "silent" }) });
    const stream = await watch("p1");
    expect((await stream.nextOf("deployment")).data["name"]).toBe("default");
    expect((await report("p1")).status).toBe(204);
    await stream.close();
    expect(await proxies()).toMatchObject([{ id: "p1", applied: 1 }]);
  });

  it("gets only deployments whose targets it fits", async () => {
    await registry.deploy(deployment("edge", { zone: "edge" }), 0);
    await registry.deploy(deployment("core", { zone: "core" }), 0);
    const stream = await watch("p1", { zone: "core" });
    expect((await stream.nextOf("deployment")).data["name"]).toBe("core");
    await stream.close();
  });

  it("is told to prepare a pushed version of a filter it runs, and of no other", async () => {
    await registry.push("gate", await testModule({ mark: 1 }), { tag: "v1" });
    await registry.deploy(deployment("default", {}, "gate"), 0);
    const stream = await watch("p1");
    await registry.push("door", await testModule({ mark: 2 }));
    const { json } = await registry.push("gate", await testModule({ mark: 3 }));
    expect((await stream.nextOf("prepare")).data).toEqual({ digest: json["version"] });
    await stream.close();
  });

  it("hears a heartbeat", async () => {
    const stream = await watch("p1");
    expect((await stream.nextOf("heartbeat")).event).toBe("heartbeat");
    await stream.close();
  });

  it("is cut off at the next heartbeat when its token is revoked", async () => {
    const stream = await watch("p1");
    const file = join(registry.stateDir, "tokens.json");
    const document = JSON.parse(await readFile(file, "utf8")) as { tokens: { name: string }[] };
    await writeFile(
      file,
      JSON.stringify({ ...document, tokens: document.tokens.filter(({ name }) => name !== "proxy") }),
    );
    while ((await stream.next()) !== null);
    expect(await stream.next()).toBeNull();
  });

  it("takes the place of an earlier stream of the same id", async () => {
    const first = await watch("p1");
    const second = await watch("p1");
    while ((await first.next()) !== null);
    expect(await proxies()).toMatchObject([{ id: "p1", connected: true }]);
    await second.close();
  });

  it.each([
    { name: "another protocol", query: "node=p1&protocol=2", code: "SLUICE-E3060" },
    { name: "a bad name", query: "node=P%2F1&protocol=1", code: "SLUICE-E3030" },
    { name: "labels that are no object", query: "node=p1&protocol=1&labels=%5B1%5D", code: "SLUICE-E3021" },
    { name: "labels that are no strings", query: 'node=p1&protocol=1&labels={"a":1}', code: "SLUICE-E3021" },
    {
      name: "too many labels",
      query: `node=p1&protocol=1&labels=${encodeURIComponent(JSON.stringify(Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`l${i}`, ""]))))}`,
      code: "SLUICE-E3021",
    },
    { name: "no node", query: "protocol=1", code: "SLUICE-E3021" },
    { name: "an unknown parameter", query: "node=p1&protocol=1&x=1", code: "SLUICE-E3021" },
  ])("is refused with $name", async ({ query, code }) => {
    expect(await registry.call("GET", `/v1/watch?${query}`)).toMatchObject({ status: 400, json: { code } });
  });
});

describe("the list of proxies", () => {
  it("shows what each wants, has applied or refused, and whether it is there", async () => {
    await registry.deploy(deployment("default"), 0);
    const stream = await watch("p1", { zone: "a" });
    const refused = { number: 1, code: "SLUICE-E2001", message: "no such route" };
    await report("p1", { applied: null, refused, ready: false });
    expect(await proxies()).toMatchObject([
      {
        id: "p1",
        labels: { zone: "a" },
        connected: true,
        deployment: "default",
        wanted: 1,
        applied: null,
        refused,
        ready: false,
      },
    ]);
    await stream.close();
  });

  it("remembers proxies over a restart", async () => {
    const stream = await watch("p1", { zone: "a" });
    await report("p1");
    await stream.close();
    await registry.stop();
    registry = await TestRegistry.start({ stateDir: registry.stateDir });
    expect(await proxies()).toMatchObject([
      { id: "p1", labels: { zone: "a" }, connected: false, applied: 1, ready: false },
    ]);
  });

  it("forgets a proxy that has been away for a week", async () => {
    await (await watch("p1", { zone: "a" })).close();
    await registry.stop();
    const database = new DatabaseSync(join(registry.stateDir, "registry", "registry.db"));
    database.exec("UPDATE proxies SET last_seen = '2020-01-01T00:00:00.000Z'");
    database.close();
    registry = await TestRegistry.start({ stateDir: registry.stateDir });
    expect(await proxies()).toEqual([]);
  });

  it("refuses a status that is not one", async () => {
    for (const body of ["{}", '{"applied":"1"}', JSON.stringify({ ...STATUS, extra: 1 })]) {
      const answer = await registry.call("POST", "/v1/proxies/p1/status", { token: registry.proxyToken, body });
      expect(answer).toMatchObject({ status: 400, json: { code: "SLUICE-E3021" } });
    }
    expect(await proxies()).toEqual([]);
  });
});

describe("two deployments", () => {
  it("are refused when a known proxy would get both", async () => {
    const stream = await watch("p1", { zone: "a" });
    await registry.deploy(deployment("default"), 0);
    const answer = await registry.deploy(deployment("zone-a", { zone: "a" }), 0);
    expect(answer).toMatchObject({
      status: 409,
      json: { code: "SLUICE-E3054", message: expect.stringContaining("p1") as string },
    });
    await stream.close();
  });

  it("that meet in a proxy which comes later give it neither, and the list says so", async () => {
    await registry.deploy(deployment("default"), 0);
    await registry.deploy(deployment("zone-a", { zone: "a" }), 0);
    const stream = await watch("p1", { zone: "a" });
    expect((await stream.next())?.event).toBe("secret");
    expect((await stream.next())?.event).toBe("heartbeat");
    expect(await proxies()).toMatchObject([{ wanted: null, conflict: ["default", "zone-a"] }]);
    await stream.close();
  });
});

describe("the event stream", () => {
  it("tells of versions, deployments and proxies as they change", async () => {
    const events = await registry.events("/v1/events");
    expect((await events.next())?.event).toBe("hello");
    const { json } = await registry.push("gate", await testModule(), { tag: "v1" });
    expect((await events.nextOf("version")).data).toMatchObject({
      filter: "gate",
      version: json["version"],
      tag: "v1",
      pushedBy: "admin",
    });
    await registry.deploy({ ...deployment("default"), why: "a reason" }, 0);
    expect(await events.nextOf("deployment")).toMatchObject({
      id: "1",
      data: { name: "default", number: 1, who: "admin", why: "a reason" },
    });
    const stream = await watch("p1");
    expect((await events.nextOf("proxy")).data).toMatchObject({ id: "p1", connected: true, wanted: 1 });
    await report("p1");
    expect((await events.nextOf("proxy")).data).toMatchObject({ id: "p1", applied: 1, ready: true });
    await stream.close();
    expect((await events.nextOf("proxy")).data).toMatchObject({ id: "p1", connected: false, ready: false });
    await events.close();
  });
});

describe("what was overridden on a proxy", () => {
  const event = {
    id: "6f1b24e4-0d5f-4f0f-9c6e-0c7c9c7f0001",
    act: "set",
    slot: "gate",
    kind: "off",
    revision: null,
    until: null,
    who: "night",
    when: "2026-01-01T03:00:00.000Z",
    why: "locked out",
    deployment: { name: "default", number: 1 },
  } as const;

  async function history(query = ""): Promise<{ overrides: unknown[] }> {
    const { json } = await registry.call("GET", `/v1/deployments/default/history${query}`);
    return json as unknown as { overrides: unknown[] };
  }

  it("stands in the history once, however often the proxy says it, with the numbers it happened under", async () => {
    for (const seen of [0, 1, 2]) await registry.deploy(deployment("default"), seen);
    const events = await registry.events("/v1/events");
    const later = {
      ...event,
      id: event.id.replace("0001", "0002"),
      act: "cleared",
      deployment: { name: "default", number: 3 },
    } as const;
    for (const overrideEvents of [[event], [event, later]])
      expect((await report("p1", { overrideEvents })).status).toBe(204);
    expect((await events.nextOf("override")).data).toMatchObject({ ...event, proxy: "p1" });
    await events.close();
    expect((await history()).overrides).toMatchObject(
      [{ act: "set", proxy: "p1", who: "night" }, { act: "cleared" }].toReversed(),
    );
    expect((await history("?limit=1")).overrides).toMatchObject([{ act: "cleared" }]);
    expect((await history("?before=3")).overrides).toMatchObject([{ act: "set" }]);
  });

  it("is not acknowledged while the history cannot take it, and the proxy's status shows all the same later", async () => {
    await registry.deploy(deployment("default"), 0);
    await registry.stop();
    const database = new DatabaseSync(join(registry.stateDir, "registry", "registry.db"));
    database.exec(`CREATE TRIGGER full BEFORE INSERT ON override_events BEGIN SELECT RAISE(FAIL, 'disk is full'); END`);
    database.close();
    registry = await TestRegistry.start({ stateDir: registry.stateDir });
    expect((await report("p1", { overrideEvents: [event] })).status).toBeGreaterThanOrEqual(500);
    const { id: _id, act: _act, deployment: _deployment, ...override } = event;
    expect((await report("p1", { overrides: [override] })).status).toBe(204);
    expect(await proxies()).toMatchObject([{ id: "p1", overrides: [override] }]);
  });
});

describe("a tail", () => {
  const line = JSON.stringify({ status: 403, path: "/x" });

  it("asks the connected proxies, passes on what they send, and tells them when nobody looks any more", async () => {
    const [first, second] = [await watch("p1"), await watch("p2")];
    const tail = await registry.events("/v1/tail?denied=1&status=403,5xx");
    expect((await tail.next())!).toMatchObject({ event: "hello", data: { proxies: ["p1", "p2"] } });
    const lease = (await first.nextOf("tail")).data as { id: string };
    expect(lease).toMatchObject({
      filter: { denied: true, statuses: ["403", "5xx"] },
      leaseMs: expect.any(Number) as number,
    });
    expect((await second.nextOf("tail")).data).toEqual(lease);
    const post = (body: object): Promise<Answer> =>
      registry.call("POST", `/v1/tail/${lease.id}`, { token: registry.proxyToken, body: JSON.stringify(body) });
    expect((await post({ lines: [line], dropped: 7 })).status).toBe(204);
    expect((await tail.nextOf("record")).data).toEqual(JSON.parse(line));
    expect((await tail.nextOf("dropped")).data).toEqual({ count: 7 });
    expect((await post({ lines: ["{}\n\nevent: deployment"], dropped: 0 })).status).toBe(400);
    await tail.close();
    let last = lease as { leaseMs?: number };
    while (last.leaseMs !== 0) last = (await first.nextOf("tail")).data;
    expect((await post({ lines: [line], dropped: 0 })).status).toBe(404);
    await Promise.all([first.close(), second.close()]);
  });

  it("asks one proxy alone when it is named", async () => {
    const streams = [await watch("p1"), await watch("p2")];
    const tail = await registry.events("/v1/tail?proxy=p2");
    expect((await tail.next())!.data).toEqual({ proxies: ["p2"] });
    await Promise.all([tail, ...streams].map((stream) => stream.close()));
  });

  it.each(["denied=2", "status=4", "color=red", "proxy=No%20Name"])("is refused with %s", async (query) => {
    expect((await registry.call("GET", `/v1/tail?${query}`)).status).toBe(400);
  });

  it("takes records from proxies only", async () => {
    const id = "6f1b24e4-0d5f-4f0f-9c6e-0c7c9c7f0001";
    expect((await registry.call("POST", `/v1/tail/${id}`, { token: null, body: "{}" })).status).toBe(401);
  });
});
