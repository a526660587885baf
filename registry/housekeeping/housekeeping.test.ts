import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testModule } from "../test-module.ts";
import { TestRegistry, idleStatus } from "../test-registry.ts";
import type { Answer } from "../test-registry.ts";

let registry: TestRegistry;
beforeEach(async () => void (registry = await TestRegistry.start()));
afterEach(() => registry[Symbol.asyncDispose]());

async function pushed(mark: number, tag?: string): Promise<string> {
  const { json } = await registry.push("gate", await testModule({ mark }), tag === undefined ? {} : { tag });
  return String(json["version"]);
}

function deploy(
  version: string,
  seen: number,
  targets: Record<string, string> = {},
  name = "default",
): Promise<Answer> {
  const slots = [{ name: "gate", phase: "AUTHZ", revisions: [{ filter: "gate", version }] }];
  const document = { apiVersion: "sluice/v1", kind: "Deployment", name, targets: { matchLabels: targets }, slots };
  return registry.deploy(document, seen);
}

function remove(version: string, token?: string): Promise<Answer> {
  return registry.call("DELETE", `/v1/filters/gate/versions/${version}`, token === undefined ? {} : { token });
}

async function versions(): Promise<string[]> {
  const { json } = await registry.call("GET", "/v1/filters/gate/versions");
  return ((json["versions"] ?? []) as { digest: string }[]).map(({ digest }) => digest);
}

function blobFiles(): Promise<string[]> {
  return readdir(join(registry.stateDir, "registry", "oci", "blobs", "sha256"));
}

describe("deleting a version", () => {
  it("takes its tags and its blobs with it, and leaves what other versions share", async () => {
    const [one, two] = [await pushed(1, "v1"), await pushed(2, "v2")];
    const before = await blobFiles();
    const answer = await remove(one);
    expect(answer).toMatchObject({ status: 200, json: { versions: [{ version: one, tags: ["v1"] }], dryRun: false } });
    expect(await versions()).toEqual([two]);
    const after = await blobFiles();
    expect(before).toEqual(expect.arrayContaining(after));
    expect(before.length - after.length).toBeGreaterThanOrEqual(2);
    expect((await registry.call("GET", `/v1/blobs/${two}`)).status).toBe(200);
    expect((await registry.call("GET", `/v1/blobs/${one}`)).status).toBe(404);
  });

  it("is refused while a deployment in charge or one that a rollback may want names it", async () => {
    const [one, two] = [await pushed(1), await pushed(2)];
    await deploy(one, 0);
    expect(await remove(one)).toMatchObject({ status: 409, json: { code: "SLUICE-E3036" } });
    await deploy(two, 1);
    const refused = await remove(one);
    expect(refused).toMatchObject({ status: 409, json: { code: "SLUICE-E3036" } });
    expect(refused.json["message"]).toContain("number 1 of deployment default");
    const rolledBack = await registry.call("POST", "/v1/deployments/default/rollback", {
      body: JSON.stringify({ slot: "gate" }),
    });
    expect(rolledBack.status).toBe(200);
  });

  it("is possible once ten later numbers stand, unless a proxy still runs the old one", async () => {
    const [one, two] = [await pushed(1), await pushed(2)];
    await deploy(one, 0);
    for (let number = 1; number <= 10; number += 1) await deploy(two, number);
    const report = (applied: number): Promise<Answer> =>
      registry.call("POST", "/v1/proxies/p1/status", { body: JSON.stringify(idleStatus(applied)) });
    expect((await report(1)).status).toBe(204);
    expect((await remove(one)).status).toBe(409);
    await report(11);
    expect((await remove(one)).status).toBe(200);
  });

  it("is for admins alone, and answers an unknown version and a broken digest", async () => {
    const one = await pushed(1);
    expect((await remove(one, registry.proxyToken)).json["code"]).toBe("SLUICE-E3003");
    expect(await remove(`sha256:${"0".repeat(64)}`)).toMatchObject({ status: 404, json: { code: "SLUICE-E3033" } });
    expect((await remove("sha256:xyz")).status).toBe(400);
  });
});

describe("collecting", () => {
  it("removes only what is untagged, unneeded and old enough, and tells before it does", async () => {
    const [tagged, deployed, loose] = [await pushed(1, "v1"), await pushed(2), await pushed(3)];
    await deploy(deployed, 0);
    const young = await registry.call("POST", "/v1/collect");
    expect(young.json).toMatchObject({ versions: [], freedBytes: 0 });
    const told = await registry.call("POST", "/v1/collect?olderThan=0s&dryRun=1");
    expect(told.json).toMatchObject({ versions: [{ version: loose }], dryRun: true });
    expect(await versions()).toHaveLength(3);
    const done = await registry.call("POST", "/v1/collect?olderThan=0s");
    expect(done.json).toMatchObject({ versions: [{ version: loose }], dryRun: false });
    expect(done.json["freedBytes"]).toBeGreaterThan(0);
    expect(new Set(await versions())).toEqual(new Set([tagged, deployed]));
    expect((await registry.call("POST", "/v1/collect?olderThan=yesterday")).status).toBe(400);
  });

  it("never takes the blobs of a version that is pushed at the same moment", async () => {
    const modules = await Promise.all(Array.from({ length: 8 }, (_, mark) => testModule({ mark })));
    const pushes = modules.map(async (module) => {
      for (let round = 0; round < 3; round += 1) await registry.push("gate", module);
    });
    const collects = (async () => {
      for (let round = 0; round < 20; round += 1) await registry.call("POST", "/v1/collect?olderThan=0s");
    })();
    await Promise.all([...pushes, collects]);
    for (const digest of await versions()) {
      const manifest = (await registry.call("GET", `/v1/blobs/${digest}`)).json as unknown as {
        layers: { digest: string }[];
      };
      for (const layer of manifest.layers)
        expect((await registry.call("GET", `/v1/blobs/${layer.digest}`)).status).toBe(200);
    }
  });
});

describe("deleting a tag", () => {
  it("leaves the version, and answers a tag that is not there", async () => {
    const one = await pushed(1, "v1");
    expect((await registry.call("DELETE", "/v1/filters/gate/tags/v1")).status).toBe(200);
    expect(await versions()).toEqual([one]);
    expect(await registry.call("DELETE", "/v1/filters/gate/tags/v1")).toMatchObject({
      status: 404,
      json: { code: "SLUICE-E3035" },
    });
  });
});

describe("deleting a deployment", () => {
  it("is refused while a known proxy takes it", async () => {
    await deploy(await pushed(1), 0, { zone: "a" }, "zone-a");
    const labels = encodeURIComponent(JSON.stringify({ zone: "a" }));
    const watch = await registry.events(`/v1/watch?node=p1&labels=${labels}&protocol=1`, registry.proxyToken);
    await watch.nextOf("deployment");
    const refused = await registry.call("DELETE", "/v1/deployments/zone-a");
    expect(refused).toMatchObject({ status: 409, json: { code: "SLUICE-E3056" } });
    expect(refused.json["message"]).toContain("p1");
    await watch.close();
  });

  it("takes it out of charge, keeps its history, and lets the name be used again with a new number", async () => {
    const one = await pushed(1);
    await deploy(one, 0, { zone: "a" }, "zone-a");
    expect(await registry.call("DELETE", "/v1/deployments/zone-a")).toMatchObject({ status: 200, json: { number: 1 } });
    expect((await registry.call("GET", "/v1/deployments/zone-a")).status).toBe(404);
    expect((await registry.call("GET", "/v1/deployments/zone-a/history")).json["history"]).toHaveLength(1);
    expect((await remove(one)).status).toBe(200);
    const two = await pushed(2);
    expect(await deploy(two, 0, { zone: "a" }, "zone-a")).toMatchObject({ status: 200, json: { number: 2 } });
  });
});

describe("differences", () => {
  it("between two numbers of a deployment, and to the one in charge", async () => {
    const [one, two] = [await pushed(1), await pushed(2)];
    await deploy(one, 0);
    await deploy(two, 1);
    const change = { path: "slots.gate.revisions[0].version", kind: "changed", from: one, to: two };
    const both = await registry.call("GET", "/v1/deployments/default/diff?from=1&to=2");
    expect(both.json).toMatchObject({ from: 1, to: 2, diff: [change] });
    expect((await registry.call("GET", "/v1/deployments/default/diff?from=1")).json).toEqual(both.json);
    expect((await registry.call("GET", "/v1/deployments/default/diff?from=7")).status).toBe(404);
  });

  it("between two versions: what the module exports and how its document reads", async () => {
    const document = "apiVersion: sluice/v1\nkind: Filter\nname: gate\nphase: AUTHZ\n";
    await registry.push("gate", await testModule({ mark: 1 }), { document, tag: "v1" });
    const checked = await testModule({ mark: 1, hasCheck: true });
    await registry.push("gate", checked, { document: `${document}requires: [check]\n`, tag: "v2" });
    const { json } = await registry.call("GET", "/v1/filters/gate/diff?from=v1&to=v2");
    const paths = (json["diff"] as { path: string; kind: string }[]).map(({ path, kind }) => `${kind} ${path}`);
    expect(paths).toContain("added document.requires");
    expect(paths).toContain("added module.callbacks.policy_on_check");
    expect((await registry.call("GET", "/v1/filters/gate/diff?from=v1&to=v9")).status).toBe(404);
  });
});

describe("bounds", () => {
  it("refuse uploads when the store is full or the disk nearly so, and never a deployment", async () => {
    for (const [options, code] of [
      [{ storeBytesMax: 1 }, "SLUICE-E3037"],
      [{ freeBytesMin: Number.MAX_SAFE_INTEGER }, "SLUICE-E3026"],
    ] as const) {
      await using open = await TestRegistry.start();
      const version = String((await open.push("gate", await testModule({ mark: 1 }))).json["version"]);
      await open.stop();
      const full = await TestRegistry.start({ ...options, stateDir: open.stateDir });
      try {
        expect(await full.push("gate", await testModule({ mark: 2 }))).toMatchObject({ status: 507, json: { code } });
        const slots = [{ name: "gate", phase: "AUTHZ", revisions: [{ filter: "gate", version }] }];
        const document = { apiVersion: "sluice/v1", kind: "Deployment", name: "default", slots };
        expect((await full.deploy(document, 0)).status).toBe(200);
      } finally {
        await full.stop();
      }
    }
  });
});
