// Deployments for different proxies, by labels: each proxy gets its own, targets that meet are refused, and a proxy that
// none is meant for says what it does.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Digest } from "@sluice/proxy/contract";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

let installation: Installation;
let version: Digest;
let east: ProxyUnderTest;
let west: ProxyUnderTest;
let lab: ProxyUnderTest;

beforeAll(async () => {
  installation = await Installation.create();
  await installation.startRegistry();
  const module = await fixtureModule("revision-marker");
  ({ version } = await installation.client.push(
    "marker",
    { module, filter: null, sourceMap: null, requests: [] },
    "v1",
  ));
  const start = (id: string, zone: string): Promise<ProxyUnderTest> =>
    installation.startProxy(id, { ready: false, labels: { zone, kind: "edge" } });
  east = await start("east-1", "east");
  west = await start("west-1", "west");
  lab = await start("lab-1", "lab");
  await until(
    () => "the registry does not know them all",
    async () => (await installation.client.proxies()).filter(({ connected }) => connected).length === 3,
  );
});
afterAll(() => installation.close());

function deployFile(
  name: string,
  matchLabels: object,
  marker: string,
): Promise<{ code: number | null; stderr: string }> {
  const slots = [{ name: "marker", phase: "OTHER", revisions: [{ filter: "marker", version, pluginConfig: marker }] }];
  const file = `${name}.yaml`;
  const document = { apiVersion: "sluice/v1", kind: "Deployment", name, targets: { matchLabels }, slots };
  // JSON is YAML.
  writeFileSync(join(installation.folder, file), JSON.stringify(document));
  return installation.sluice("deploy", "-f", file);
}

async function served({ port }: ProxyUnderTest): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  await response.arrayBuffer();
  return response.headers.get("x-revision") ?? String(response.status);
}

async function fleet(): Promise<string[]> {
  const proxies = await installation.client.proxies();
  return proxies.map(({ id, deployment, applied }) => `${id}: ${deployment} ${applied}`);
}

describe("Deployments with targets", () => {
  it("reach the proxies they fit, each its own, and the one that none fits answers 503 and says so", async () => {
    expect(await deployFile("east", { zone: "east" }, "east one")).toMatchObject({ code: 0 });
    expect(await deployFile("west", { zone: "west", kind: "edge" }, "west one")).toMatchObject({ code: 0 });
    expect([await served(east), await served(west), await served(lab)]).toEqual(["east one", "west one", "503"]);
    expect(await fleet()).toEqual(["east-1: east 1", "lab-1: null null", "west-1: west 2"]);
    const { stdout } = await installation.sluice("status", "--deployment", "east");
    expect(stdout).toContain("lab-1: no deployment is meant for its labels (zone=lab, kind=edge): it answers 503");
  });

  it("are refused when both would reach a known proxy, and nothing changes", async () => {
    const { code, stderr } = await deployFile("all", { kind: "edge" }, "all");
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("SLUICE-E3054") });
    expect(stderr).toContain("would both apply to east-1");
    expect(await served(east)).toBe("east one");
  });

  it("change one without the other, also from the command line by the deployment's name", async () => {
    const deploy = await installation.sluice(
      "deploy",
      "marker=marker@v1",
      "--deployment",
      "east",
      "--config",
      "east.txt",
    );
    expect(deploy).toMatchObject({ code: 1, stderr: expect.stringContaining("east.txt") });
    writeFileSync(join(installation.folder, "two.yaml"), '"east two"');
    await installation.sluice("deploy", "marker=marker@v1", "--deployment", "east", "--config", "two.yaml");
    expect([await served(east), await served(west)]).toEqual(["east two", "west one"]);
  });

  it("leave a proxy that a change of targets excludes with what it has, and status says that nobody means it", async () => {
    expect(await deployFile("west", { zone: "far-west" }, "west two")).toMatchObject({ code: 0 });
    expect(await served(west)).toBe("west one");
    const { stdout } = await installation.sluice("status", "--deployment", "west");
    expect(stdout).toContain("west-1: no deployment is meant for its labels (zone=west, kind=edge): it goes on with 2");
    // One for all that the others leave out reaches it again.
    expect(await deployFile("rest", { zone: "west" }, "rest")).toMatchObject({ code: 0 });
    await until(
      () => "west-1 does not serve what is meant for it",
      async () => (await served(west)) === "rest",
    );
  });
});
