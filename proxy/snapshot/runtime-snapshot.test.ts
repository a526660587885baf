import { describe, expect, it } from "vitest";
import { CLUSTER_DEFAULTS, settleLimits } from "../contract/index.ts";
import { EndpointDirectory } from "../routing/endpoint-directory.ts";
import { VitalSigns, createVitalSigns } from "../worker/vital-signs.ts";
import type { RevisionPlan, SlotPlan, SnapshotPlan } from "./plan.ts";
import { RuntimeSnapshot } from "./runtime-snapshot.ts";

function slot(name: string, routes: string[]): SlotPlan {
  return {
    name,
    routes,
    failOpen: 0,
    dryRun: false,
    bodyWhilePaused: false,
    tickOn: "each",
    split: null,
    revisions: [revision("r", 100)],
  };
}

function revision(digest: string, weight: number): RevisionPlan {
  const load = { notLoaded: { code: "SLUICE-E1", message: "m", hint: "h" } };
  return { filter: "f", version: "v", revision: digest, weight, requiresCheck: false, counterRow: 0, load };
}

const plan: SnapshotPlan = {
  number: 1,
  generation: 1,
  slots: [slot("all", ["*"]), slot("one", ["b"])],
  quotas: [],
  routes: ["a", "b"].map((name) => ({
    name,
    hosts: [`${name}.test`],
    path: { prefix: "/" },
    methods: [],
    headers: [],
    clusters: [{ name: "c", weight: 100 }],
    answer: null,
    rewrite: null,
    retry: null,
    requestHeaders: null,
    responseHeaders: null,
    timeoutMs: 1,
    upgrade: [],
  })),
  clusters: [{ ...CLUSTER_DEFAULTS, name: "c", endpoints: [] }],
  splitSecret: new Uint8Array(32),
  tracing: null,
  limits: settleLimits({}),
  trustedProxies: [],
};

function compile(): RuntimeSnapshot {
  return RuntimeSnapshot.compile(plan, {
    endpoints: new EndpointDirectory(),
    signs: new VitalSigns(createVitalSigns()),
    counterRow: () => new Float64Array(32),
    forcedCounters: () => undefined,
    services: () => {
      throw new Error("no plugin is started");
    },
  });
}

describe("RuntimeSnapshot", () => {
  it("is closed once it is retired and its last stream has ended, in either order", () => {
    const closed: RuntimeSnapshot[] = [];
    const idle = compile();
    idle.retire((snapshot) => closed.push(snapshot));
    expect(closed).toEqual([idle]);

    const busy = compile();
    busy.pin();
    busy.pin();
    busy.unpin();
    busy.retire((snapshot) => closed.push(snapshot));
    expect(closed).toEqual([idle]);
    busy.unpin();
    expect(closed).toEqual([idle, busy]);
  });

  it("stays open while it is current, however often its streams end", () => {
    const snapshot = compile();
    snapshot.pin();
    snapshot.unpin();
    expect(snapshot.pins).toBe(0);
    expect(snapshot.instancesLive).toBe(0);
  });

  it("tells why a slot has nothing to run, and gives a place in the counters to each", () => {
    const snapshot = compile();
    expect(snapshot.chain.slots.map(({ revisions }) => revisions[0]!.notLoaded)).toEqual(["m", "m"]);
    expect(snapshot.counterRows.map((arms) => arms.length)).toEqual([1, 1]);
  });
});
