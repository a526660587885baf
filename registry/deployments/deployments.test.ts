import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { revisionDigest } from "@sluice/proxy/contract";
import type { Deployment, Revision, Slot } from "@sluice/proxy/contract";
import { testModule } from "../test-module.ts";
import { TestRegistry } from "../test-registry.ts";
import type { Answer } from "../test-registry.ts";

// One registry with two versions for all tests, a deployment of its own for each. Numbers go on over all of them.
let registry: TestRegistry;
let v1: string;
let v2: string;
let name: string;
let count = 0;
let base: number;

beforeAll(async () => {
  registry = await TestRegistry.start();
  v1 = await pushed(1, "v1");
  v2 = await pushed(2, "v2");
});
beforeEach(async () => {
  name = `chain-${++count}`;
  const { deployments } = (await registry.call("GET", "/v1/deployments")).json as { deployments: { number: number }[] };
  base = Math.max(0, ...deployments.map(({ number }) => number));
});
afterAll(() => registry[Symbol.asyncDispose]());

const DOCUMENT = `apiVersion: sluice/v1
kind: Filter
name: gate
phase: AUTHZ
capabilities: [callout]
config: { type: object, required: [open], additionalProperties: false, properties: { open: { type: boolean } } }
`;

async function pushed(mark: number, tag: string): Promise<string> {
  const { json } = await registry.push("gate", await testModule({ mark }), { document: DOCUMENT, tag });
  return String(json["version"]);
}

/** The number of this test's write k, from 1. */
function at(k: number): number {
  return base + k;
}

type Draft = Omit<Deployment, "slots"> & { readonly slots: readonly object[]; readonly [key: string]: unknown };

function draft(revision: object, rest: Partial<Slot> = {}, why = "a test"): Draft {
  const filled = { filter: "gate", pluginConfig: { open: true }, capabilities: ["callout"], ...revision };
  return {
    apiVersion: "sluice/v1",
    kind: "Deployment",
    name,
    why,
    slots: [{ name: "gate", phase: "AUTHZ", ...rest, revisions: [filled] }],
  };
}

function codeOf({ status, json }: Answer): { status: number; code: unknown } {
  return { status, code: json["code"] };
}

async function current(): Promise<Deployment> {
  return (await registry.call("GET", `/v1/deployments/${name}`)).json as unknown as Deployment;
}

describe("a deployment", () => {
  it("is listed with the digests by which counters name its revisions", async () => {
    const two = draft({ tag: "v1" });
    const other = { filter: "gate", tag: "v1", pluginConfig: { open: false }, capabilities: ["callout"], weight: 10 };
    const slot = two.slots[0] as { revisions: object[] };
    const split = { ...slot, split: { by: "source" }, revisions: [{ ...slot.revisions[0], weight: 90 }, other] };
    expect((await registry.deploy({ ...two, slots: [split] }, 0)).status).toBe(200);
    const { revisions } = (await registry.call("GET", "/v1/deployments")).json as {
      revisions: Record<string, Record<string, string[]>>;
    };
    const digestOf = (open: boolean): string =>
      revisionDigest({ version: v1, capabilities: ["callout"], pluginConfig: { open } } as Revision);
    expect(revisions[name]).toEqual({ gate: [digestOf(true), digestOf(false)] });
  });

  it("is stored with its number, who, when and why, and digests where tags were", async () => {
    const answer = await registry.deploy(draft({ tag: "v1" }, {}, "first light"), 0);
    expect(answer).toMatchObject({ status: 200, json: { number: at(1), dryRun: false, warnings: [] } });
    expect(answer.headers.get("etag")).toBe(`"${at(1)}"`);
    const stored = await registry.call("GET", `/v1/deployments/${name}`);
    expect(stored.headers.get("etag")).toBe(`"${at(1)}"`);
    expect(stored.json).toMatchObject({
      number: at(1),
      who: "admin",
      why: "first light",
      when: expect.stringMatching(/^\d{4}-/) as string,
    });
    expect((await current()).slots[0]!.revisions[0]).toMatchObject({ version: v1, tag: "v1" });
  });

  it("takes number, who and when from the registry whatever the document says", async () => {
    await registry.deploy({ ...draft({ version: v1 }), number: 99, who: "somebody", when: "1999" }, 0);
    expect(await current()).toMatchObject({ number: at(1), who: "admin" });
  });

  it("is stored sorted by phase", async () => {
    const one = draft({ version: v1 });
    const slots = ["OTHER", "QUOTA", "AUTHN"].map((phase, index) => ({ ...one.slots[0], name: `s${index}`, phase }));
    await registry.deploy({ ...one, slots }, 0);
    expect((await current()).slots.map(({ phase }) => phase)).toEqual(["AUTHN", "QUOTA", "OTHER"]);
  });

  it("may be written as YAML", async () => {
    const body = `apiVersion: sluice/v1\nkind: Deployment\nname: ${name}\nslots: []\n`;
    const headers = { "content-type": "application/yaml", "if-match": "0" };
    expect((await registry.call("PUT", `/v1/deployments/${name}`, { body, headers })).status).toBe(200);
  });

  it("warns of a guarding slot that fails open", async () => {
    const { json } = await registry.deploy(draft({ version: v1 }, { failStrategy: "FAIL_OPEN" }), 0);
    expect(json["warnings"]).toEqual([expect.stringContaining("FAIL_OPEN")]);
  });
});

describe("a write", () => {
  it("is refused without If-Match, with * and with a stale number", async () => {
    expect(codeOf(await registry.deploy(draft({ tag: "v1" }), null))).toEqual({ status: 428, code: "SLUICE-E3051" });
    const star = { body: JSON.stringify(draft({ tag: "v1" })), headers: { "if-match": "*" } };
    expect(codeOf(await registry.call("PUT", `/v1/deployments/${name}`, star))).toEqual({
      status: 428,
      code: "SLUICE-E3051",
    });
    await registry.deploy(draft({ tag: "v1" }), 0);
    expect(codeOf(await registry.deploy(draft({ tag: "v2" }), 0))).toEqual({ status: 412, code: "SLUICE-E3052" });
  });

  it("is given to exactly one of many that saw the same number", async () => {
    await registry.deploy(draft({ tag: "v1" }), 0);
    const writes = Array.from({ length: 20 }, (_, index) =>
      registry.deploy(draft({ tag: "v2" }, {}, `writer ${index}`), at(1)),
    );
    const statuses = (await Promise.all(writes)).map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array<number>(19).fill(412)]);
    expect((await current()).number).toBe(at(2));
  });

  const ROWS: readonly {
    name: string;
    document: () => Draft & { readonly [key: string]: unknown };
    message: string;
  }[] = [
    {
      name: "an unknown version",
      document: () => draft({ version: `sha256:${"0".repeat(64)}` }),
      message: "has no version",
    },
    {
      name: "an unknown tag, naming those there are",
      document: () => draft({ tag: "v9" }),
      message: "no tag v9; it has v2, v1",
    },
    {
      name: "a version of another filter",
      document: () => draft({ filter: "door", version: v1 }),
      message: "door has no version",
    },
    {
      name: "a configuration that does not fit",
      document: () => draft({ version: v1, pluginConfig: { open: 1 } }),
      message: "/open must be boolean",
    },
    {
      name: "a configuration left out",
      document: () => draft({ version: v1, pluginConfig: undefined }),
      message: "there is no pluginConfig",
    },
    {
      name: "a capability not granted, naming the flag",
      document: () => draft({ version: v1, capabilities: undefined }),
      message: "--grant callout",
    },
    {
      name: "an unknown key, by line",
      document: () => ({ ...draft({ version: v1 }), slot: [] }),
      message: "deployment:1:",
    },
    { name: "weights that do not sum to 100", document: () => draft({ version: v1, weight: 50 }), message: "weight" },
    { name: "a file in the place of a version", document: () => draft({ module: "gate.wasm" }), message: "version" },
    {
      name: "another name than its path",
      document: () => ({ ...draft({ version: v1 }), name: "other" }),
      message: "named other",
    },
  ];

  it.each(ROWS)("is refused as a whole for $name", async ({ document, message }) => {
    await registry.deploy(draft({ version: v1 }), 0);
    const body = JSON.stringify(document());
    const answer = await registry.call("PUT", `/v1/deployments/${name}`, {
      body,
      headers: { "if-match": String(at(1)) },
    });
    expect(answer).toMatchObject({ status: 422, json: { message: expect.stringContaining(message) as string } });
    expect((await current()).number).toBe(at(1));
  });

  it("names every place that is wrong at once", async () => {
    const one = draft({ version: v1, pluginConfig: {} }).slots[0];
    const { json } = await registry.deploy(
      {
        ...draft({}),
        slots: [
          { ...one, name: "a" },
          { ...one, name: "b" },
        ],
      },
      0,
    );
    expect(json["message"]).toContain("slots.a.revisions[0]");
    expect(json["message"]).toContain("slots.b.revisions[0]");
  });

  it("is refused when its body is no document, too big or of another type", async () => {
    const put = (body: string, type = "application/json"): Promise<Answer> =>
      registry.call("PUT", `/v1/deployments/${name}`, { body, headers: { "if-match": "0", "content-type": type } });
    expect(codeOf(await put('{"apiVersion":'))).toEqual({ status: 422, code: "SLUICE-E1001" });
    expect(codeOf(await put(""))).toMatchObject({ status: 422 });
    expect(codeOf(await put("[".repeat(100_000)))).toEqual({ status: 422, code: "SLUICE-E1001" });
    expect(codeOf(await put(`{"__proto__":{"number":1}}`))).toEqual({ status: 422, code: "SLUICE-E1001" });
    expect(codeOf(await put(" ".repeat(1024 * 1024 + 1)))).toEqual({ status: 413, code: "SLUICE-E3022" });
    expect(codeOf(await put("{}", "text/plain"))).toEqual({ status: 415, code: "SLUICE-E3023" });
  });
});

describe("a dry run", () => {
  it("tells the number and the difference and stores nothing", async () => {
    await registry.deploy(draft({ tag: "v1" }), 0);
    const answer = await registry.deploy(draft({ tag: "v2" }), at(1), "?dryRun=1");
    expect(answer.json).toMatchObject({ number: at(2), dryRun: true });
    expect(answer.json["diff"]).toContainEqual({
      path: "slots.gate.revisions[0].version",
      kind: "changed",
      from: v1,
      to: v2,
    });
    expect((await current()).number).toBe(at(1));
  });
});

describe("the history", () => {
  it("says newest first who changed what and why, in pages", async () => {
    await registry.deploy(draft({ tag: "v1" }, {}, "one"), 0);
    await registry.deploy(draft({ tag: "v2" }, {}, "two"), at(1));
    await registry.deploy(draft({ tag: "v1" }, {}, "three"), at(2));
    const page = (await registry.call("GET", `/v1/deployments/${name}/history?limit=2`)).json;
    expect(page).toMatchObject({
      next: at(2),
      history: [
        { number: at(3), why: "three" },
        { number: at(2), why: "two", who: "admin" },
      ],
    });
    const rest = (await registry.call("GET", `/v1/deployments/${name}/history?limit=2&before=${at(2)}`)).json;
    expect(rest).toMatchObject({ next: null, history: [{ number: at(1), why: "one" }] });
    const least = (await registry.call("GET", `/v1/deployments/${name}/history?limit=0`)).json;
    expect(least).toMatchObject({ next: at(3), history: [{ number: at(3) }] });
  });

  it("keeps every number readable", async () => {
    await registry.deploy(draft({ tag: "v1" }), 0);
    await registry.deploy(draft({ tag: "v2" }), at(1));
    const first = (await registry.call("GET", `/v1/deployments/${name}?number=${at(1)}`)).json as unknown as Deployment;
    expect(first.slots[0]!.revisions[0]!.version).toBe(v1);
    expect(codeOf(await registry.call("GET", `/v1/deployments/${name}?number=${at(9)}`))).toEqual({
      status: 404,
      code: "SLUICE-E3050",
    });
  });
});

describe("a rollback", () => {
  const rollback = (body: object, headers: Record<string, string> = {}): Promise<Answer> =>
    registry.call("POST", `/v1/deployments/${name}/rollback`, { body: JSON.stringify(body), headers });

  beforeEach(async () => {
    await registry.deploy(draft({ tag: "v1" }), 0);
    await registry.deploy(draft({ tag: "v2" }), at(1));
    await registry.deploy(draft({ tag: "v2", pluginConfig: { open: false } }), at(2));
  });

  it("writes a new number with the slot as it was before its latest change", async () => {
    expect((await rollback({ slot: "gate", why: "too strict" })).json).toMatchObject({ number: at(4) });
    expect((await current()).slots[0]!.revisions[0]).toMatchObject({ version: v2, pluginConfig: { open: true } });
    expect((await current()).why).toBe("too strict");
  });

  it("goes to a named number", async () => {
    await rollback({ slot: "gate", to: at(1) });
    expect((await current()).slots[0]!.revisions[0]!.version).toBe(v1);
    expect((await current()).why).toBe(`rollback of gate to number ${at(1)}`);
  });

  it("brings a removed slot back", async () => {
    await registry.deploy({ ...draft({}), slots: [] }, at(3));
    await rollback({ slot: "gate" });
    expect((await current()).slots[0]!.revisions[0]).toMatchObject({ version: v2, pluginConfig: { open: false } });
  });

  it("is refused when there is nothing to go back to, and when the number it saw is stale", async () => {
    expect(codeOf(await rollback({ slot: "gate", to: at(3) }))).toEqual({ status: 409, code: "SLUICE-E3055" });
    expect(codeOf(await rollback({ slot: "gate", to: at(77) }))).toEqual({ status: 409, code: "SLUICE-E3055" });
    const unknown = await rollback({ slot: "door" });
    expect(codeOf(unknown)).toEqual({ status: 409, code: "SLUICE-E3055" });
    expect(unknown.json).toMatchObject({ hint: expect.stringContaining("sluice deploy -f FILE") });
    expect(codeOf(await rollback({ slot: "gate" }, { "if-match": String(at(2)) }))).toEqual({
      status: 412,
      code: "SLUICE-E3052",
    });
  });
});

describe("numbers", () => {
  it("are one sequence over all deployments", async () => {
    await registry.deploy(draft({ tag: "v1" }), 0);
    const edge = { ...draft({ tag: "v1" }), name: `${name}-edge`, targets: { matchLabels: { zone: "edge" } } };
    expect((await registry.deploy(edge, 0)).json["number"]).toBe(at(2));
    expect((await registry.deploy(draft({ tag: "v2" }), at(1))).json["number"]).toBe(at(3));
  });
});

describe("a deployment with a split", () => {
  const candidate = { filter: "gate", tag: "v2", pluginConfig: { open: false }, capabilities: ["callout"], weight: 10 };

  function splitDraft(rest: object = {}, second: object = {}): Draft {
    const slot = draft({ tag: "v1", weight: 90 }).slots[0] as { revisions: object[] };
    const revisions = [...slot.revisions, { ...candidate, ...second }];
    const split = { by: "header:x-user", force: true };
    return { ...draft({}), slots: [{ ...slot, split, ...rest, revisions }] };
  }

  it("is stored with a digest and a weight for each revision, and goes back as a whole", async () => {
    await registry.deploy(draft({ tag: "v1" }), 0);
    const written = await registry.deploy(splitDraft(), at(1));
    expect(written.json["diff"]).toContainEqual({
      path: "slots.gate.revisions[0].weight",
      kind: "added",
      to: 90,
    });
    const stored = (await current()).slots[0]!;
    expect(stored.revisions.map(({ version, weight }) => [version, weight])).toEqual([
      [v1, 90],
      [v2, 10],
    ]);
    const body = JSON.stringify({ slot: "gate" });
    expect((await registry.call("POST", `/v1/deployments/${name}/rollback`, { body })).status).toBe(200);
    expect((await current()).slots[0]).not.toHaveProperty("split");
    await registry.call("POST", `/v1/deployments/${name}/rollback`, { body });
    expect((await current()).slots[0]).toEqual(stored);
  });

  it.each<[string, () => Draft, string]>([
    ["a candidate's configuration", () => splitDraft({}, { pluginConfig: {} }), "slots.gate.revisions[1]"],
    ["a candidate's grant", () => splitDraft({}, { capabilities: [] }), "slots.gate.revisions[1]"],
    ["a candidate's version", () => splitDraft({}, { tag: "v9" }), "slots.gate.revisions[1]: gate has no tag v9"],
    [
      "a configuration for some routes",
      () =>
        splitDraft({
          perRoute: [
            { routes: ["a"], disabled: true },
            { routes: ["b"], pluginConfig: { shut: 1 } },
          ],
        }),
      "slots.gate.perRoute[1]",
    ],
  ])("is refused for %s, with its place", async (_name, document, place) => {
    const answer = await registry.deploy(document(), 0);
    expect(codeOf(answer)).toEqual({ status: 422, code: "SLUICE-E3053" });
    expect(answer.json["message"]).toContain(place);
  });

  describe("and a header that chooses a revision", () => {
    const force = (body: object, token?: string): Promise<Answer> =>
      registry.call("POST", `/v1/deployments/${name}/force`, {
        body: JSON.stringify(body),
        ...(token === undefined ? {} : { token }),
      });

    async function candidateDigest(): Promise<string> {
      return revisionDigest((await current()).slots[0]!.revisions[1]!);
    }

    it("signs it for an operator, for the time asked for and no longer than a week", async () => {
      await registry.deploy(splitDraft(), 0);
      const digest = await candidateDigest();
      const { status, json } = await force({ slot: "gate", revision: digest.slice(7, 15), for: "1000h" });
      expect(status).toBe(200);
      expect(json).toMatchObject({ header: "x-sluice-revision", slot: "gate", revision: digest });
      expect(json["value"]).toMatch(new RegExp(`^gate=${digest.slice(7, 23)};exp=\\d+;sig=[0-9a-f]{64}$`));
      const leftMs = Date.parse(String(json["until"])) - Date.now();
      expect(leftMs).toBeGreaterThan(6.9 * 24 * 3_600_000);
      expect(leftMs).toBeLessThan(7.1 * 24 * 3_600_000);
    });

    it("refuses it for what is not there, with what is, and to whoever may not deploy", async () => {
      await registry.deploy(splitDraft(), 0);
      const digest = await candidateDigest();
      const unknown = await force({ slot: "gate", revision: "0123456789" });
      expect(codeOf(unknown)).toEqual({ status: 409, code: "SLUICE-E3057" });
      expect(unknown.json["message"]).toContain(`${digest.slice(7, 23)} (gate@v2)`);
      expect(codeOf(await force({ slot: "gate", revision: digest.slice(7, 14) })).status).toBe(409);
      expect(codeOf(await force({ slot: "nowhere", revision: digest })).status).toBe(409);
      expect((await force({ slot: "gate", revision: digest }, registry.proxyToken)).status).toBe(403);
    });

    it("refuses it where the split does not allow it", async () => {
      await registry.deploy(splitDraft({ split: { by: "source" } }), 0);
      expect(codeOf(await force({ slot: "gate", revision: await candidateDigest() })).status).toBe(409);
    });
  });
});
