import { CAUSE } from "@sluice/abi/data-path";
import type { SlotFigures } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { sha256 } from "../contract/index.ts";
import { REVISION_ROWS_MAX } from "./limits.ts";
import { countSlot } from "./revision-counter.ts";
import { RevisionRows } from "./revision-rows.ts";
import { REVISION_CELL, createSlab, revisionRowOf } from "./slab.ts";

const name = (revision: string) => ({ slot: "s", filter: "f", version: sha256("v"), revision: sha256(revision) });
const figures = (changes: Partial<SlotFigures>): SlotFigures => {
  return {
    index: 0,
    arm: 0,
    verdict: "allow",
    code: -1,
    fuel: 10,
    durationMs: 0,
    startedMs: -1,
    failureCause: 0,
    ...changes,
  };
};

describe("RevisionRows", () => {
  it("sums what every worker counted, by verdict, code and cause", () => {
    const slabs = [createSlab(), createSlab()];
    const rows = new RevisionRows(slabs);
    const at = rows.rowOf(name("a"));
    rows.serve(new Map([[at, 90]]));
    const [one, two] = slabs.map((slab) => revisionRowOf(slab, at));
    countSlot(one!, figures({}));
    countSlot(two!, figures({}));
    countSlot(one!, figures({ verdict: "noOpinion" }));
    countSlot(two!, figures({ verdict: "deny", code: 7 }));
    countSlot(two!, figures({ verdict: "error", code: 14, failureCause: CAUSE.trap }));
    expect(rows.counters()).toEqual([
      {
        ...name("a"),
        current: true,
        weight: 90,
        noOpinion: 1,
        allowed: 2,
        denied: { PERMISSION_DENIED: 1 },
        errors: { trap: 1 },
        fuel: 50,
        fuelPerStream: { p50: 11, p90: 11, p99: 11 },
        timeUs: { count: 0, p50: 0, p90: 0, p99: 0 },
        instances: 0,
        memoryBytes: 0,
        lastError: null,
      },
    ]);
  });

  it("reads percentiles of fuel and of the time of the streams that were timed", () => {
    const slabs = [createSlab(), createSlab()];
    const rows = new RevisionRows(slabs);
    const at = rows.rowOf(name("a"));
    for (let i = 0; i < 98; i++) countSlot(revisionRowOf(slabs[i % 2]!, at), figures({ fuel: 100 }));
    countSlot(revisionRowOf(slabs[0]!, at), figures({ fuel: 5000, startedMs: 0, durationMs: 0.002 }));
    countSlot(revisionRowOf(slabs[1]!, at), figures({ fuel: 5000, startedMs: 0, durationMs: 0.04 }));
    const { fuelPerStream, timeUs } = rows.counters()[0]!;
    expect(fuelPerStream).toEqual({ p50: 111, p90: 111, p99: 5119 });
    expect(timeUs).toEqual({ count: 2, p50: 2.047, p90: 40.959, p99: 40.959 });
    const { fuel, timeNs } = rows.histograms()[0]!;
    expect([fuel.sum, timeNs.sum]).toEqual([98 * 100 + 2 * 5000, 42_000]);
  });

  it("sums what splits sent to a slot's first revision for want of a key", () => {
    const slab = createSlab();
    const rows = new RevisionRows([slab]);
    revisionRowOf(slab, rows.rowOf(name("a")))[REVISION_CELL.keyless]! += 3;
    rows.rowOf(name("b"));
    expect(rows.keyless()).toEqual({ s: 3 });
  });

  it("gives a revision that comes back its row, and says which serve", () => {
    const rows = new RevisionRows([createSlab()]);
    const a = rows.rowOf(name("a"));
    rows.serve(new Map([[a, 100]]));
    rows.serve(new Map([[rows.rowOf(name("b")), 100]]));
    expect(rows.counters().map(({ current }) => current)).toEqual([false, true]);
    expect(rows.rowOf(name("a"))).toBe(a);
  });

  it("gives away the row that has not served for longest, emptied, when all are used", () => {
    const slab = createSlab();
    const rows = new RevisionRows([slab]);
    for (let i = 0; i < REVISION_ROWS_MAX; i++) rows.serve(new Map([[rows.rowOf(name(`r${i}`)), 100]]));
    countSlot(revisionRowOf(slab, 0), figures({}));
    const at = rows.rowOf(name("new"));
    expect(at).toBe(0);
    expect(revisionRowOf(slab, at).every((cell) => cell === 0)).toBe(true);
  });

  it("keeps the last error of a revision", () => {
    const rows = new RevisionRows([createSlab()]);
    rows.rowOf(name("a"));
    const error = { cause: "fuel", message: "m", at: null, time: "t" };
    rows.noteError("s", name("a").revision, error);
    expect(rows.counters()[0]!.lastError).toEqual(error);
  });
});
