// Registry and proxies against each other's failures: a proxy that refuses, a registry killed in the middle of a write,
// a proxy that starts without its registry.

import { awaitFleet } from "@sluice/bin";
import type { DeploymentDraft, PushParts } from "@sluice/bin";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule, ruinousModule, withCustomSection } from "../fixtures/fixture-module.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.create();
  await installation.startRegistry();
});
afterEach(() => installation.close());

async function partsOf(fixture: string, label?: string): Promise<PushParts> {
  const module = await fixtureModule(fixture);
  return {
    module: label === undefined ? module : withCustomSection(module, label),
    filter: null,
    sourceMap: null,
    requests: [],
  };
}

function chainOf(version: `sha256:${string}`, pluginConfig: string): DeploymentDraft {
  const slots: DeploymentDraft["slots"] = [
    { name: "marker", phase: "OTHER", revisions: [{ filter: "marker", version, pluginConfig }] },
  ];
  return { apiVersion: "sluice/v1", kind: "Deployment", name: "default", targets: { matchLabels: {} }, slots };
}

async function markerOf(proxy: ProxyUnderTest): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${proxy.port}/`).catch(() => null);
  await response?.arrayBuffer();
  return response?.headers.get("x-revision") ?? null;
}

function untilMarked(proxy: ProxyUnderTest, revision: string): Promise<void> {
  return until(
    () => `${proxy.id} does not serve ${revision}: ${proxy.program.stderr.slice(-2000)}`,
    async () => (await markerOf(proxy)) === revision,
  );
}

describe("A fleet", () => {
  it("goes on where one proxy refuses, and deploy names that proxy and its reason", async () => {
    const { version } = await installation.client.push("marker", await partsOf("revision-marker"), "v1");
    await installation.client.deploy(chainOf(version, "one"), 0, { dryRun: false });
    const first = await installation.startProxy("proxy-1");
    const second = await installation.startProxy("proxy-2");
    await installation.client.push("picky", await partsOf("refuse-on-proxy-2"), "v1");

    const deploy = await installation.sluice("deploy", "picky=picky@v1", "--add");
    expect(deploy.code).toBe(1);
    expect(deploy.stderr).toContain("proxy-2 refused it");
    expect(deploy.stderr).not.toContain("proxy-1 refused it");
    const status = await installation.sluice("status");
    expect(status.stdout).toContain("proxy-2 refused 2:");
    // The one that refused keeps what it had.
    expect(await markerOf(first)).toBe("one");
    expect(await markerOf(second)).toBe("one");

    const { number } = await installation.client.deploy(chainOf(version, "two"), 2, { dryRun: false });
    expect((await awaitFleet(installation.client, number)).applied).toEqual(["proxy-1", "proxy-2"]);
    await untilMarked(second, "two");
  });

  it("starts and serves without its registry, and catches up when it is back", async () => {
    const { version } = await installation.client.push("marker", await partsOf("revision-marker"), "v1");
    await installation.client.deploy(chainOf(version, "one"), 0, { dryRun: false });
    const before = await installation.startProxy("proxy-1");
    await untilMarked(before, "one");
    await installation.registry?.stop("SIGKILL");
    expect(await markerOf(before)).toBe("one");
    await before.program.stop();

    const alone = await installation.startProxy("proxy-1", { previous: before });
    expect(await markerOf(alone)).toBe("one");

    await installation.startRegistry();
    const { number } = await installation.client.deploy(chainOf(version, "two"), 1, { dryRun: false });
    await untilMarked(alone, "two");
    expect((await awaitFleet(installation.client, number)).applied).toEqual(["proxy-1"]);
  });
});

describe("A filter that failed", () => {
  it("shows in status with its cause, and a module that cannot run is refused at its push", async () => {
    const { version } = await installation.client.push("poison", await partsOf("trap-on-header"), "v1");
    const slots: DeploymentDraft["slots"] = [
      { name: "poison", phase: "AUTHZ", revisions: [{ filter: "poison", version }] },
    ];
    await installation.client.deploy({ ...chainOf(version, ""), slots }, 0, { dryRun: false });
    const proxy = await installation.startProxy("proxy-1");
    const answer = await fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { "x-trap": "1" } });
    expect(answer.status).toBe(503);
    await until(
      () => "status did not name the trap",
      async () => /slot poison failed \(trap 1\), last: trap: /.test((await installation.sluice("status")).stdout),
    );

    for (const module of [await fixtureModule("not-instantiable"), ruinousModule()]) {
      const parts = { module, filter: null, sourceMap: null, requests: [] };
      await expect(installation.client.push("broken", parts, null)).rejects.toMatchObject({
        status: 422,
        code: expect.stringMatching(/^SLUICE-E1\d{3}$/),
      });
    }
    expect((await installation.client.filters()).map(({ name }) => name)).toEqual(["poison"]);
  });
});

describe("A registry killed with -9", () => {
  it("keeps every push and deployment that it acknowledged, and no half of another", async () => {
    const first = await installation.client.push("marker", await partsOf("revision-marker"), "v1");
    await installation.client.deploy(chainOf(first.version, "0"), 0, { dryRun: false });
    const proxy = await installation.startProxy("proxy-1");
    const acknowledged = { versions: [first.version], number: 1 };

    for (let round = 1; round <= 8; round += 1) {
      const pushing = installation.client.push("marker", await partsOf("revision-marker", `round ${round}`), null);
      const deploying = installation.client.deploy(chainOf(first.version, String(round)), acknowledged.number, {
        dryRun: false,
      });
      const outcome = Promise.allSettled([pushing, deploying]);
      // A different moment each round: before, amid and after the writes.
      await new Promise((resolve) => setTimeout(resolve, round * 12));
      await installation.registry?.stop("SIGKILL");
      const [pushed, deployed] = await outcome;
      if (pushed.status === "fulfilled") acknowledged.versions.push(pushed.value.version);
      if (deployed.status === "fulfilled") acknowledged.number = deployed.value.number;

      await installation.startRegistry();
      const stored = (await installation.client.versions("marker")).map((entry) => entry.digest);
      expect(stored).toEqual(expect.arrayContaining(acknowledged.versions));
      const current = await installation.client.deployment("default");
      expect(current?.number).toBeGreaterThanOrEqual(acknowledged.number);
      // Stored, though the answer was lost on the way: the next change builds on it.
      acknowledged.number = current?.number ?? 0;
      expect(await markerOf(proxy)).not.toBeNull();
    }

    const history = await installation.client.history("default");
    expect(history.map((entry) => entry.number).toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: acknowledged.number }, (_, index) => index + 1),
    );
    const last = await installation.client.deploy(chainOf(first.version, "last"), acknowledged.number, {
      dryRun: false,
    });
    await untilMarked(proxy, "last");
    expect((await awaitFleet(installation.client, last.number)).applied).toEqual(["proxy-1"]);
  });
});
