import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Deployment, Digest } from "@sluice/proxy/contract";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { RunningProxy } from "./running-proxy.ts";
import { TinyRegistry } from "./tiny-registry.ts";

let proxy: RunningProxy;
let registry: TinyRegistry;

beforeEach(async () => {
  registry = await new TinyRegistry().open();
  proxy = await RunningProxy.prepare(`registry: { address: http://127.0.0.1:${registry.port}, tokenFile: token }`);
  await proxy.write("token", "secret\n");
});
afterEach(async () => {
  await proxy.close();
  await registry.kill();
});

/** Answers 400 + `length`. */
function deploymentOf(number: number, version: Digest, length: number): Deployment {
  const pluginConfig = "x".repeat(length);
  return {
    apiVersion: "sluice/v1",
    kind: "Deployment",
    name: "default",
    number,
    slots: [{ name: "answering", phase: "OTHER", revisions: [{ filter: "answering", version, pluginConfig }] }],
  };
}

describe("A proxy with a registry", () => {
  it("answers 503 until it has a deployment, then applies each one it is sent and says so", async () => {
    await proxy.start();
    expect((await proxy.get()).status).toBe(503);
    expect(await registry.statusWhere(() => true)).toMatchObject({ applied: null, ready: false });
    const version = registry.push("answering", await fixtureModule("answer-by-configuration"));
    registry.deploy(deploymentOf(1, version, 3));
    expect(await registry.statusWhere(({ applied }) => applied === 1)).toMatchObject({ ready: true, refused: null });
    expect((await proxy.get()).status).toBe(403);
    registry.deploy(deploymentOf(2, version, 9));
    await registry.statusWhere(({ applied }) => applied === 2);
    expect((await proxy.get()).status).toBe(409);
    const { counters } = await registry.statusWhere(({ counters: { revisions } }) =>
      revisions.some((row) => row.current && row.denied["ALREADY_EXISTS"] === 1),
    );
    expect(counters.revisions.find((row) => row.current)).toMatchObject({ slot: "answering", version });
  });

  it.each([
    ["a filter refuses its configuration", (version: Digest) => deploymentOf(2, version, 100), "returned false"],
    [
      "a blob is not what its digest says",
      (version: Digest) => (registry.damage(version), deploymentOf(2, version, 2)),
      "SLUICE-E2007",
    ],
    ["one revision of a split cannot be loaded", splitDeployment, "returned false"],
    [
      "it has a field of a later version",
      (version: Digest): Deployment => Object.assign(deploymentOf(2, version, 2), { later: true }),
      'unknown key "later"',
    ],
  ])("refuses a deployment when %s, and keeps the one before", async (_name, next, message) => {
    const module = await fixtureModule("answer-by-configuration");
    registry.deploy(deploymentOf(1, registry.push("answering", module), 3));
    await proxy.start();
    await registry.statusWhere(({ applied }) => applied === 1);
    registry.deploy(next(registry.push("answering", module, { description: "another version" })));
    const { applied, refused, ready } = await registry.statusWhere((status) => status.refused !== null);
    expect({ applied, ready, number: refused!.number }).toEqual({ applied: 1, ready: true, number: 2 });
    expect(`${refused!.code} ${refused!.message}`).toContain(message);
    expect((await proxy.get()).status).toBe(403);
  });

  it("starts and serves with the registry down, and catches up when it is back", async () => {
    const version = registry.push("answering", await fixtureModule("answer-by-configuration"));
    registry.deploy(deploymentOf(1, version, 3));
    await proxy.start();
    await registry.statusWhere(({ applied }) => applied === 1);
    await registry.kill();
    proxy.signal("SIGTERM");
    expect(await proxy.exited).toBe(0);
    await proxy.start();
    expect((await proxy.get()).status).toBe(403);
    registry.deploy(deploymentOf(2, version, 9));
    await registry.open();
    await registry.statusWhere(({ applied }) => applied === 2);
    expect((await proxy.get()).status).toBe(409);
  });

  it("goes on with the deployment before when the process dies three times with one", async () => {
    const version = registry.push("answering", await fixtureModule("answer-by-configuration"));
    registry.deploy(deploymentOf(1, version, 3));
    await proxy.start();
    await registry.statusWhere(({ applied }) => applied === 1);
    registry.deploy(deploymentOf(2, version, 9));
    await registry.statusWhere(({ applied }) => applied === 2);
    for (let death = 0; death < 3; death++) {
      const { pid } = proxy.ready;
      process.kill(pid, "SIGKILL");
      await proxy.until(() => proxy.ready.pid !== pid);
    }
    expect((await proxy.get()).status).toBe(403);
    const { applied, refused } = await registry.statusWhere((status) => status.refused !== null);
    expect([applied, refused!.number, refused!.code]).toEqual([1, 2, "SLUICE-E2017"]);
    registry.deploy(deploymentOf(3, version, 9));
    await registry.statusWhere((status) => status.applied === 3);
    expect((await proxy.get()).status).toBe(409);
  });

  it("loads a version at its announcement, so that the deployment of it asks for nothing", async () => {
    const module = await fixtureModule("answer-by-configuration");
    registry.deploy(deploymentOf(1, registry.push("answering", module), 3));
    await proxy.start();
    await registry.statusWhere(({ applied }) => applied === 1);
    const next = registry.push("answering", module, { description: "another version" });
    registry.announce(next);
    await proxy.until(() => proxy.stderr.includes("pushed version is loaded"));
    const before = registry.fetched.length;
    registry.deploy(deploymentOf(2, next, 3));
    await registry.statusWhere(({ applied }) => applied === 2);
    expect(registry.fetched.length).toBe(before);
  });
});

function splitDeployment(version: Digest): Deployment {
  const whole = deploymentOf(2, version, 2);
  const [revision] = whole.slots[0]!.revisions;
  const revisions = [
    { ...revision!, weight: 50 },
    { ...revision!, weight: 50, pluginConfig: "x".repeat(100) },
  ];
  return { ...whole, slots: [{ ...whole.slots[0]!, split: { by: "source" }, revisions }] };
}
