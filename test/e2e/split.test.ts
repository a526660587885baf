// A slot divided between revisions on a fleet: shares as chance allows, a key's revision kept while the share grows, alike
// on every proxy and worker; and nothing lost while splits, shares and configurations change under load.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { awaitFleet } from "@sluice/bin";
import type { DeploymentDraft } from "@sluice/bin";
import type { Digest, ProxyCounters, RevisionCounters, Slot } from "@sluice/proxy/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureModule, withCustomSection } from "../fixtures/fixture-module.ts";
import { Accountant, doubledAtOrigin } from "../load/accountant.ts";
import type { Entry } from "../load/accountant.ts";
import type { Answer } from "../load/response-reader.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

const KEYS = 10_000;
const CHANGES = 50;

let installation: Installation;
let proxies: readonly ProxyUnderTest[];
const versions = {} as Record<"v1" | "v2", Digest>;

beforeAll(async () => {
  installation = await Installation.create();
  await installation.startRegistry();
  const module = await fixtureModule("revision-marker");
  versions.v1 = await push(module, "v1");
  versions.v2 = await push(withCustomSection(module, "changed"), "v2");
  await deploy([["v1", "one", 100]]);
  // Two workers each: four of them draw from the same line.
  proxies = [
    await installation.startProxy("proxy-1", { workers: 2 }),
    await installation.startProxy("proxy-2", { workers: 2 }),
  ];
});
afterAll(() => installation.close());

async function push(module: Uint8Array, tag: string): Promise<Digest> {
  const parts = { module: Uint8Array.from(module), filter: null, sourceMap: null, requests: [] };
  return (await installation.client.push("marker", parts, tag)).version;
}

/** Version, configuration (which the filter writes into answers) and share. */
type Marked = readonly [version: "v1" | "v2", marker: string, weight: number];

function chainOf(marked: readonly Marked[], salt = ""): DeploymentDraft {
  const revisions = marked.map(([version, pluginConfig, weight]) => {
    return { filter: "marker", version: versions[version], tag: version, weight, pluginConfig };
  });
  const split = marked.length > 1 ? { split: { by: "header:x-user", salt } } : {};
  const slot: Slot = { name: "marker", phase: "OTHER", ...split, revisions };
  return { apiVersion: "sluice/v1", kind: "Deployment", name: "default", slots: [slot] };
}

async function deploy(marked: readonly Marked[], salt = ""): Promise<number> {
  const seen = (await installation.client.deployment("default"))?.number ?? 0;
  const { number } = await installation.client.deploy(chainOf(marked, salt), seen, { dryRun: false });
  return number;
}

async function deployAndWait(marked: readonly Marked[]): Promise<void> {
  const fleet = await awaitFleet(installation.client, await deploy(marked));
  expect(fleet).toMatchObject({ applied: ["proxy-1", "proxy-2"], refused: [], waiting: [] });
}

async function sluice(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await installation.sluice(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

const markersOf = (answer: Answer): readonly string[] => answer.headers.get("x-revision") ?? [];

function load(
  proxy: ProxyUnderTest,
  rate: number,
  connections: number,
  userOf: (number: number) => string,
): Accountant {
  return new Accountant({
    host: "127.0.0.1",
    port: proxy.port,
    connections,
    requestsPerSecond: rate,
    request: (number) => ({ path: `/item/${number}`, headers: [["x-user", userOf(number)]] }),
    revisionsOf: markersOf,
    isExpected: (answer) => answer.status === 200,
    answerTimeoutMs: 20_000,
  });
}

/** One request for each of KEYS keys at least: who answered, by key. */
async function sweep(proxy: ProxyUnderTest): Promise<{ answered: readonly Entry[]; byKey: Map<number, string> }> {
  const accountant = load(proxy, 50_000, 32, (number) => `user-${number}`);
  accountant.start();
  await accountant.settled(KEYS);
  const { answered, faults } = await accountant.stop();
  installation.origin.timesSeen.clear();
  expect(faults.slice(0, 5)).toEqual([]);
  return { answered, byKey: new Map(answered.map(({ number, revision }) => [number, revision])) };
}

function keysOf(byKey: ReadonlyMap<number, string>, marker: string): number[] {
  return Array.from({ length: KEYS }, (_, at) => at + 1).filter((key) => byKey.get(key) === marker);
}

/** Chance lets one in a billion runs differ more. */
function expectShare(count: number, share: number): void {
  expect(Math.abs(count - KEYS * share)).toBeLessThan(6.2 * Math.sqrt(KEYS * share * (1 - share)));
}

async function statsOf({ adminPort, adminHeaders }: ProxyUnderTest): Promise<ProxyCounters> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/stats`, { headers: adminHeaders });
  return ((await answer.json()) as { counters: ProxyCounters }).counters;
}

/** Streams that a revision in charge has served. */
function served({ revisions }: ProxyCounters, weight: number): number {
  const row = revisions.find((one: RevisionCounters) => one.current && one.weight === weight);
  return row === undefined ? 0 : row.noOpinion + row.allowed;
}

describe("A split of 90 and 10", () => {
  it("divides 10,000 keys as chance allows, alike on two proxies and four workers, and keeps them while it grows", async () => {
    await deployAndWait([["v1", "one", 100]]);
    writeFileSync(join(installation.folder, "two.yaml"), "two\n");
    const line = ["deploy", "marker=marker@v1,marker@v2", "--split", "90,10", "--by", "header:x-user"];
    const shown = await sluice(...line, "--config", "two.yaml", "--dry-run");
    expect(shown).toMatch(
      /marker: marker@v1 \([0-9a-f]{8}\) 100 % → marker@v1 .* 90 %, marker@v2 .* 10 % by header:x-user/,
    );
    await sluice(...line, "--config", "two.yaml");

    const [one, two] = [await sweep(proxies[0]!), await sweep(proxies[1]!)];
    const few = keysOf(one.byKey, "two");
    expectShare(few.length, 0.1);
    expect(keysOf(two.byKey, "two")).toEqual(few);
    expect(keysOf(one.byKey, "one").length + few.length).toBe(KEYS);

    const asked = one.answered.filter(({ revision }) => revision === "two").length;
    await until(
      () => "the candidate's counters do not show what it served",
      async () => served(await statsOf(proxies[0]!), 10) === asked,
    );
    const recorded = new Set(
      proxies[0]!.program.jsonLines.map(({ slots }) => (slots as { revision: string }[] | undefined)?.[0]?.revision),
    );
    expect(recorded.size).toBeGreaterThanOrEqual(2);

    // Shares change; configuration and key stay without a word.
    await sluice("deploy", "marker=marker@v1,marker@v2", "--split", "70,30");
    const grown = keysOf((await sweep(proxies[1]!)).byKey, "two");
    expectShare(grown.length, 0.3);
    expect(few.filter((key) => !grown.includes(key))).toEqual([]);
  });

  it("gives requests without the key to the first revision, and counts them", async () => {
    await deployAndWait([
      ["v1", "one", 1],
      ["v2", "two", 99],
    ]);
    const before = (await statsOf(proxies[0]!)).keyless["marker"] ?? 0;
    for (let request = 0; request < 20; request++) {
      const answer = await fetch(`http://127.0.0.1:${proxies[0]!.port}/`);
      await answer.arrayBuffer();
      expect(answer.headers.get("x-revision")).toBe("one");
    }
    await until(
      () => "the streams without a key are not counted",
      async () => (await statsOf(proxies[0]!)).keyless["marker"] === before + 20,
    );
  });

  it("is ended by a deploy of one version, with the configuration it had, and brought back by a rollback", async () => {
    await deployAndWait([
      ["v1", "one", 90],
      ["v2", "two", 10],
    ]);
    await sluice("deploy", "marker=marker@v2");
    const { slots } = (await installation.client.deployment("default"))!;
    expect(slots[0]).toEqual(expect.not.objectContaining({ split: expect.anything() as unknown }));
    expect(slots[0]!.revisions).toMatchObject([{ version: versions.v2, pluginConfig: "two" }]);
    await sluice("rollback", "marker");
    expect((await installation.client.deployment("default"))!.slots[0]!.revisions.map(({ weight }) => weight)).toEqual([
      90, 10,
    ]);
  });

  it.each<[string[], string]>([
    [["marker=marker@v1,marker@v2"], "need their shares"],
    [["marker=marker@v1,marker@v2", "--split", "90,20"], "--split 90,20 is not a share for each of 2 versions"],
    [["marker=marker@v2", "--by", "source"], "are for several named versions"],
    [["marker=marker@v1,marker@v9", "--split", "90,10"], 'Filter "marker" has no version "v9"'],
  ])("says what is wrong with deploy %j", async (args, sentence) => {
    const { code, stderr } = await installation.sluice("deploy", ...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(sentence);
  });
});

describe("Changes of splits, shares and configurations under load", () => {
  /** The k-th state of the slot; each differs from the one before in another way. */
  function stateOf(k: number): Marked[] {
    const [stable, candidate, third] = [`a${k}`, `b${k}`, `c${k}`];
    switch (k % 5) {
      case 0:
        return [
          ["v1", stable, 90],
          ["v2", candidate, 10],
        ];
      case 1:
        return [
          ["v1", `a${k - 1}`, 50],
          ["v2", `b${k - 1}`, 50],
        ];
      case 2:
        return [
          ["v1", `a${k - 2}`, 50],
          ["v2", candidate, 50],
        ];
      case 3:
        return [
          ["v2", stable, 40],
          ["v1", candidate, 30],
          ["v1", third, 30],
        ];
      default:
        return [["v2", stable, 100]];
    }
  }

  it(`lose, double and misattribute nothing over ${CHANGES} of them`, async () => {
    installation.origin.timesSeen.clear();
    await deployAndWait(stateOf(4));
    const known = new Map([["a4", true]]);
    const accountant = load(proxies[0]!, 300, 8, (number) => `user-${number % 400}`);
    accountant.start();
    await accountant.settled(50);
    const spans: { from: number; to: number; markers: readonly string[] }[] = [];
    for (let k = 5; k < 5 + CHANGES; k++) {
      const state = stateOf(k);
      state.forEach(([, marker]) => known.set(marker, true));
      const last = spans.at(-1);
      if (last !== undefined) last.to = performance.now();
      await deployAndWait(state);
      spans.push({ from: performance.now(), to: Number.POSITIVE_INFINITY, markers: state.map(([, marker]) => marker) });
      await accountant.settled(40);
    }
    const { sent, answered, faults } = await accountant.stop();
    expect(faults.slice(0, 5)).toEqual([]);
    expect(answered).toHaveLength(sent);
    expect(doubledAtOrigin(installation.origin.timesSeen)).toEqual([]);
    expect(answered.filter(({ revision }) => !known.has(revision))).toEqual([]);
    // What was asked once a state was in force, and answered before the next was called for, one of its revisions answered.
    for (const { from, to, markers } of spans) {
      const within = answered.filter(({ sentMs, answeredMs }) => sentMs > from && answeredMs < to);
      expect(within.filter(({ revision }) => !markers.includes(revision)).slice(0, 3)).toEqual([]);
    }
  });
});
