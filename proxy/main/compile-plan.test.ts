import { CAUSE } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { parseDeployment, parseMachine, revisionDigest, sha256 } from "../contract/index.ts";
import type { Deployment } from "../contract/index.ts";
import { chainPlaces } from "./chain-places.ts";
import { compilePlan, refuseUnserved, unknownRoutes } from "./compile-plan.ts";
import type { FailedLoad, LoadedRevision } from "./revision-loader.ts";

const version = sha256("version");
const machine = parseMachine(
  `apiVersion: sluice/v1
kind: Proxy
node: { id: n }
listeners: [{ name: l, address: 127.0.0.1:0 }]
clusters: [{ name: c, endpoints: [127.0.0.1:1] }]
routes: [{ name: api, cluster: c }]
`,
  "sluice.yaml",
);

function deploymentOf(slot: string, rest = ""): Deployment {
  return parseDeployment(
    `apiVersion: sluice/v1\nkind: Deployment\nname: d\nnumber: 7\n${rest}slots:\n  - { name: s, phase: AUTHZ, ${slot} }\n`,
    "d.yaml",
  );
}

const one = `revisions: [{ filter: f, version: "${version}", pluginConfig: { b: 1, a: 2 }, environment: { MODE: strict }, capabilities: [callout], limits: { memory: 1MiB, fuel: 9 } }]`;

const two = `split: { by: "header:x-user", salt: r1, force: true }, revisions: [{ filter: f, version: "${version}", weight: 90, pluginConfig: { a: 1 } }, { filter: f, version: "${version}", weight: 10 }]`;

function planOf(deployment: Deployment | null, load: LoadedRevision | FailedLoad | null) {
  const places = deployment === null ? [] : chainPlaces(deployment, ["api", "admin", "public"]);
  const loads = new Map(places.flatMap(({ revisions }) => revisions.map((one) => [one, load!] as const)));
  const splitSecret = new Uint8Array(32);
  const isClosed = deployment === null;
  const quotas: [] = [];
  const rowOf = (): number => 5;
  return compilePlan({ machine, deployment, isClosed, generation: 3, places, loads, quotas, splitSecret, rowOf });
}

describe("compilePlan", () => {
  const revision = sha256("revision");
  const loaded = {
    version,
    revision,
    artifact: {},
    document: { requires: ["check"], body: "none" },
  } as unknown as LoadedRevision;

  it("gives a loaded slot its plugin with every default filled in", () => {
    const plan = planOf(deploymentOf(one), loaded);
    expect(plan).toMatchObject({ number: 7, generation: 3 });
    const slot = plan.slots[0]!;
    expect(slot).toMatchObject({ name: "s", failOpen: 0, split: null });
    expect(slot.revisions).toMatchObject([
      { filter: "f", version, revision, requiresCheck: true, weight: 100, counterRow: 5 },
    ]);
    const { load } = slot.revisions[0]!;
    const { spec } = load as Extract<typeof load, { spec: unknown }>;
    expect(spec).toMatchObject({
      isolation: "stream",
      vmId: "s",
      bodyCallbacks: "none",
      environment: { MODE: "strict" },
      limits: { memoryBytes: 1_048_576, fuel: 9 },
    });
    expect(spec.capabilities).toEqual(expect.arrayContaining(["headers", "callout"]));
    expect(new TextDecoder().decode(spec.pluginConfig)).toBe('{"a":2,"b":1}');
  });

  it("names the revision of a slot that could not be loaded", () => {
    const deployment = deploymentOf(`failStrategy: FAIL_OPEN, ${one}`);
    const slot = planOf(deployment, { code: "SLUICE-E1", message: "m", hint: "h", loaded: null }).slots[0]!;
    expect(slot.revisions[0]!.load).toEqual({ notLoaded: { code: "SLUICE-E1", message: "m", hint: "h" } });
    expect(slot.revisions[0]!.revision).toBe(revisionDigest(deployment.slots[0]!.revisions[0]!));
    expect(slot.failOpen).toBe(CAUSE.notLoaded | CAUSE.backend);
  });

  it("closes every route with a slot that nothing serves while no deployment is known", () => {
    const plan = planOf(null, null);
    expect(plan.slots).toMatchObject([
      { routes: ["*"], failOpen: 0, dryRun: false, revisions: [{ load: { notLoaded: { code: "SLUICE-E2010" } } }] },
    ]);
  });

  it("compiles every revision of a split, with its share and where the key is", () => {
    const slot = planOf(deploymentOf(two), loaded).slots[0]!;
    expect(slot.split).toEqual({ by: { kind: "header", name: "x-user" }, salt: "r1", isForcible: true });
    expect(slot.revisions.map(({ weight }) => weight)).toEqual([90, 10]);
  });

  it("gives routes with a configuration of their own a place of their own, and leaves them out of the slot's", () => {
    const perRoute = "perRoute: [{ routes: [admin], pluginConfig: { c: 3 } }, { routes: [public], disabled: true }]";
    const { slots } = planOf(deploymentOf(`${perRoute}, ${two}`), loaded);
    expect(slots.map(({ name, routes }) => [name, routes])).toEqual([
      ["s", ["api"]],
      ["s", ["admin"]],
    ]);
    expect(slots[1]!.split).toEqual(slots[0]!.split);
    const configs = slots.map(({ revisions }) =>
      revisions.map(({ load }) => "spec" in load && new TextDecoder().decode(load.spec.pluginConfig)),
    );
    expect(configs).toEqual([
      ['{"a":1}', ""],
      ['{"c":3}', '{"c":3}'],
    ]);
  });
});

describe("refuseUnserved", () => {
  it.each([
    ["a bound on concurrency", deploymentOf(one, "quotas: [{ name: q, concurrency: 3 }]\n")],
    ["a quota in a store of its own", deploymentOf(one, "quotas: [{ name: q, rate: 1/s, store: shared }]\n")],
  ])("refuses %s", (_name, deployment) => {
    expect(() => refuseUnserved(deployment)).toThrow("Not served by this version");
  });

  it("lets one revision a slot pass", () => {
    refuseUnserved(deploymentOf(one));
  });
});

describe("unknownRoutes", () => {
  it("names routes that the machine does not have", () => {
    expect(unknownRoutes(deploymentOf(`match: { routes: [api] }, ${one}`), machine)).toEqual([]);
    expect(unknownRoutes(deploymentOf(`match: { routes: [ap] }, ${one}`), machine)).toEqual([
      'slot s matches route "ap", which this proxy does not have',
    ]);
  });
});
