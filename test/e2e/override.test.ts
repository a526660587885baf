// Break-glass: an operator overrides a slot on one proxy while the registry is down. It survives kill -9, ends by time or
// by hand, and stands in the history when the registry is back.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "@sluice/bin";
import type { DeploymentDraft } from "@sluice/bin";
import { revisionDigest } from "@sluice/proxy/contract";
import type { Digest, Override, OverrideEvent } from "@sluice/proxy/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

let installation: Installation;
let proxy: ProxyUnderTest;
let version: Digest;

beforeAll(async () => {
  installation = await Installation.create();
  await installation.startRegistry();
  const module = await fixtureModule("revision-marker");
  const parts = { module, filter: null, sourceMap: null, requests: [] };
  ({ version } = await installation.client.push("marker", parts, "v1"));
  await deploy("one", 0);
  proxy = await installation.startProxy("proxy-1");
  await untilMarked("one");
  await deploy("two", 1);
  await untilMarked("two");
});
afterAll(() => installation.close());

/** The guard lets everything pass; the marker names the deployment in every answer. */
async function deploy(marker: string, seen: number): Promise<void> {
  const slots: DeploymentDraft["slots"] = [
    { name: "guard", phase: "AUTHZ", revisions: [{ filter: "marker", version, pluginConfig: "guard" }] },
    { name: "marker", phase: "OTHER", revisions: [{ filter: "marker", version, pluginConfig: marker }] },
  ];
  const targets = { matchLabels: {} };
  const draft = { apiVersion: "sluice/v1", kind: "Deployment", name: "default", targets, slots } as const;
  await installation.client.deploy(draft, seen, { dryRun: false });
}

/** What the slots said, in the order of the answer's headers; null while the proxy does not answer. */
async function marks(): Promise<string | null> {
  const response = await fetch(`http://127.0.0.1:${proxy.port}/`).catch(() => null);
  await response?.arrayBuffer();
  return response === null ? null : (response.headers.get("x-revision") ?? "none");
}

function untilMarked(mark: string): Promise<void> {
  return until(
    () => `the proxy does not serve ${mark}: ${proxy.program.stderr.slice(-3000)}`,
    async () => (await marks())?.split(", ").includes(mark) === true,
  );
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of ours, in this process. */
async function sluice(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  const said = { stdout: "", stderr: "" };
  const code = await runCli(args, {
    cwd: installation.folder,
    env,
    out: (text) => void (said.stdout += `${text}\n`),
    err: (text) => void (said.stderr += `${text}\n`),
    drained: () => Promise.resolve(),
    closed: () => new Promise(() => undefined),
  });
  return { code, ...said };
}

/** `sluice override …` at the proxy's admin port, with the token that the proxy has made. */
function override(...args: string[]): Promise<Ran> {
  const token = proxy.adminHeaders.authorization.slice("Bearer ".length);
  return sluice({ SLUICE_TOKEN: token }, "override", ...args, "--proxy", `http://127.0.0.1:${proxy.adminPort}`);
}

/** A command that asks the registry. */
function asked(...args: string[]): Promise<Ran> {
  return sluice({ SLUICE_REGISTRY: installation.registryUrl }, ...args);
}

function digestOf(marker: string): Digest {
  return revisionDigest({ version, pluginConfig: marker });
}

/** Ends the supervisor and the proxy process without a word, and starts them again over the same state. */
async function killAndRestart(): Promise<void> {
  const facts = readFileSync(join(installation.folder, "proxy-1", "state", "proxy-proxy-1.json"), "utf8");
  const { pid } = JSON.parse(facts) as { pid: number };
  proxy.program.child.kill("SIGKILL");
  process.kill(pid, "SIGKILL");
  await proxy.program.ended;
  proxy = await installation.startProxy("proxy-1", { previous: proxy });
}

async function admin(path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${proxy.adminPort}${path}`, { headers: proxy.adminHeaders });
  return answer.text();
}

describe("An override, with the registry down", () => {
  beforeAll(() => installation.registry?.stop("SIGKILL"));

  it("puts a slot back to its earlier entry, also after kill -9, and is loud", async () => {
    const { code, stdout } = await override("marker", "--previous", "--for", "1h", "--why", "too many denials");
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^override set: slot marker has its entry before the last change until 20.* by admin/,
      ),
    });
    expect(await marks()).toBe("one, guard");
    await killAndRestart();
    expect(await marks()).toBe("one, guard");
    expect(proxy.program.stderr).toContain("OVERRIDE still in force: slot marker has its entry before the last change");
    expect(await admin("/metrics")).toContain("sluice_overrides 1");
    for (const path of ["/stats", "/snapshot"]) expect(await admin(path)).toContain('"why": "too many denials"');
  });

  it("leaves a slot out, says that requests pass unchecked, and ends by time", async () => {
    const { code, stderr } = await override("guard", "--off", "--for", "2s");
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "warning: slot guard (AUTHZ) is off: requests pass UNCHECKED by it\n",
    });
    await proxy.program.until("the end", () => proxy.program.stderr.includes("OVERRIDE ended by time: slot guard"));
    expect(proxy.program.stderr).toContain("OVERRIDE set: slot guard is off");
    expect(await marks()).toBe("one, guard");
  });

  it("pins a slot to a revision by the beginning of its digest, in the place of the override before, until cleared", async () => {
    expect(await override("marker", "--pin", digestOf("two").slice(7, 19))).toMatchObject({ code: 0 });
    expect(await marks()).toBe("two, guard");
    const { overrides } = JSON.parse((await override("--json")).stdout) as { overrides: Override[] };
    expect(overrides).toMatchObject([{ slot: "marker", kind: "pin", revision: digestOf("two"), until: null }]);
    await override("marker", "--pin", digestOf("one"));
    expect(await marks()).toBe("one, guard");
    expect(await override("marker", "--clear")).toMatchObject({ code: 0 });
    expect(await marks()).toBe("two, guard");
    expect((await override()).stdout).toContain("no override is in force");
  });

  it.each([
    ["a slot that the chain does not have", ["makrer", "--off"], "it has: guard, marker"],
    ["a revision that the proxy does not know", ["marker", "--pin", "0123456789ab"], "Known: sha256:"],
    ["a slot that had no other entry", ["guard", "--previous"], "has had no other entry on this proxy"],
    ["clearing where nothing is set", ["guard", "--clear"], "overridden: none"],
    ["a time without end", ["guard", "--off", "--for", "99999h"], "not between now and a year from now"],
  ])("refuses %s and says what is possible", async (_name, args, words) => {
    expect(await override(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(words) });
    expect(await marks()).toBe("two, guard");
  });

  it("is a usage error without one way, and takes a changing role", async () => {
    expect(await override("marker", "--off", "--previous")).toMatchObject({ code: 2 });
    const url = `http://127.0.0.1:${proxy.adminPort}/override`;
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  });
});

describe("An override, when the registry is back", () => {
  async function history(): Promise<OverrideEvent[]> {
    const { stdout } = await asked("history", "--json");
    return (JSON.parse(stdout) as { overrides: OverrideEvent[] }).overrides;
  }

  it("stands in the history: who, when, on which proxy, and how it ended", async () => {
    await installation.startRegistry();
    await until(
      () => `the history is not whole: ${proxy.program.stderr.slice(-2000)}`,
      async () => (await history()).length >= 6,
    );
    const told = (await history()).toReversed().map(({ slot, kind, act }) => `${slot} ${kind} ${act}`);
    expect(told).toEqual([
      "marker previous set",
      "guard off set",
      "guard off ended",
      "marker pin set",
      "marker pin set",
      "marker pin cleared",
    ]);
    const [first] = (await history()).slice(-1);
    expect(first).toMatchObject({
      proxy: "proxy-1",
      who: "admin",
      why: "too many denials",
      deployment: { name: "default", number: 2 },
      revision: digestOf("one"),
    });
    expect((await asked("history")).stdout).toMatch(/override .* cleared on proxy-1 under 2: slot marker/);
  });

  it("shows in status, holds under a newer deployment, and ends with it in charge", async () => {
    await override("marker", "--pin", digestOf("one"));
    await deploy("three", 2);
    await proxy.program.until("deployment 3", () => /OVERRIDE: deployment 3 serves, but/.test(proxy.program.stderr));
    expect(await marks()).toBe("one, guard");
    await until(
      () => "status does not show it",
      async () => /proxy-1: OVERRIDE: slot marker is pinned/.test((await asked("status")).stdout),
    );
    await override("marker", "--clear");
    expect(await marks()).toBe("three, guard");
  });
});
