import type { RevisionCounters } from "@sluice/proxy/contract";
import { sha256 } from "@sluice/proxy/contract";
import type { ProxyView, StoredDeployment } from "@sluice/registry";
import { describe, expect, it } from "vitest";
import { compareRevisions, comparisonText, sidelineLines } from "./revision-comparison.ts";

const row = (revision: string, changes: Partial<RevisionCounters> = {}): RevisionCounters => ({
  slot: "gate",
  filter: "rbac",
  version: sha256(revision),
  revision: sha256(`${revision} configured`),
  current: true,
  weight: 50,
  noOpinion: 0,
  allowed: 10,
  denied: {},
  errors: {},
  fuel: 0,
  fuelPerStream: { p50: 10, p90: 10, p99: 20 },
  timeUs: { count: 1, p50: 1.234, p90: 2, p99: 3 },
  instances: 1,
  memoryBytes: 2 ** 20,
  lastError: null,
  ...changes,
});

const proxy = (revisions: RevisionCounters[], more: Partial<NonNullable<ProxyView["counters"]>> = {}): ProxyView => ({
  id: "p",
  labels: {},
  connected: true,
  lastSeen: "",
  deployment: "default",
  wanted: 1,
  conflict: [],
  applied: 1,
  refused: null,
  ready: true,
  notLoaded: [],
  overrides: [],
  counters: {
    requests: 0,
    responses: {},
    connections: 0,
    streams: 0,
    revisions,
    keyless: {},
    mirrors: [],
    quotas: {},
    ...more,
  },
});

const deployment = {
  slots: [
    { name: "gate", revisions: [{ filter: "rbac", version: sha256("a"), tag: "v1" }] },
    { name: "later", revisions: [] },
  ],
} as unknown as StoredDeployment;

describe("compareRevisions", () => {
  it("sums a revision over the proxies and takes the highest of their percentiles", () => {
    const one = row("a", { denied: { PERMISSION_DENIED: 2 }, errors: { trap: 1 } });
    const two = row("a", {
      denied: { PERMISSION_DENIED: 1 },
      noOpinion: 4,
      fuelPerStream: { p50: 5, p90: 50, p99: 60 },
    });
    expect(compareRevisions(deployment, [proxy([one]), proxy([two])])).toEqual([
      {
        slot: "gate",
        name: "rbac@v1",
        revision: one.revision,
        share: 50,
        streams: 28,
        noOpinion: 4,
        allowed: 20,
        denied: { PERMISSION_DENIED: 3 },
        errors: { trap: 1 },
        fuelPerStream: { p50: 10, p90: 50, p99: 60 },
        timeUs: { count: 2, p50: 1.234, p90: 2, p99: 3 },
        instances: 2,
        memoryBytes: 2 ** 21,
      },
    ]);
  });

  it("leaves out what serves no more and proxies that are away, and keeps the deployment's order", () => {
    const later = row("b", { slot: "later", weight: 100 });
    const overridden = row("c", { slot: "overridden" });
    const shares = [row("small", { weight: 10 }), row("large", { weight: 90 })];
    const here = proxy([overridden, later, ...shares, row("old", { current: false, weight: null })]);
    const away = { ...proxy([row("away")]), connected: false };
    expect(compareRevisions(deployment, [here, away]).map(({ slot, share }) => [slot, share])).toEqual([
      ["gate", 90],
      ["gate", 10],
      ["later", 100],
      ["overridden", 50],
    ]);
  });

  it("names no share while proxies have different ones", () => {
    const [compared] = compareRevisions(deployment, [proxy([row("a")]), proxy([row("a", { weight: 90 })])]);
    expect(compared!.share).toBeNull();
  });
});

describe("comparisonText", () => {
  it("puts revisions side by side, a line each", () => {
    const denied = row("a", { denied: { PERMISSION_DENIED: 2, UNAUTHENTICATED: 1 }, weight: 90 });
    const idle = row("b", { weight: 10, allowed: 0, timeUs: { count: 0, p50: 0, p90: 0, p99: 0 } });
    const text = comparisonText(compareRevisions(deployment, [proxy([denied, idle])]));
    const cells = text.split("\n").map((line) => line.split(/ {2,}/));
    expect(cells[0]!.slice(0, 4)).toEqual(["SLOT", "REVISION", "SHARE", "STREAMS"]);
    const digits = (of: RevisionCounters): string => of.revision.slice(7, 15);
    expect(cells.slice(1)).toEqual([
      [
        "gate",
        `rbac@v1 (${digits(denied)})`,
        "90 %",
        "13",
        "10",
        "0",
        "2 PERMISSION_DENIED, 1 UNAUTHENTICATED",
        "0",
        "10/20",
        "1.2/3",
        "1",
        "1 MiB",
      ],
      ["gate", `rbac (${digits(idle)})`, "10 %", "0", "0", "0", "0", "0", "–", "–", "1", "1 MiB"],
    ]);
  });
});

describe("sidelineLines", () => {
  it("sums keyless streams and mirrors over proxies", () => {
    const mirror = { cluster: "shadow", sent: 3, answered: 1, failed: 1, cut: 1, dropped: { unreachable: 2 } };
    const told = { keyless: { gate: 2 }, mirrors: [mirror] };
    expect(sidelineLines([proxy([], told), proxy([], told)])).toEqual([
      "slot gate: 4 streams had no key and went to its first revision",
      "mirror shadow: 6 copies, 2 answered, 2 failed, 2 cut; not sent: 4 unreachable",
    ]);
  });
});
