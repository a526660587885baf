import { describe, expect, it } from "vitest";
import { RevisionGauges, clearGauges } from "./revision-gauges.ts";
import { REVISION_CELL, createSlab, revisionRowOf } from "./slab.ts";

const plugin = (instancesLive: number) => ({ instancesLive, memoryBytes: instancesLive * 100 });
const read = (slab: SharedArrayBuffer, at: number): (number | undefined)[] => {
  const row = revisionRowOf(slab, at);
  return [row[REVISION_CELL.instances], row[REVISION_CELL.memoryBytes]];
};

describe("RevisionGauges", () => {
  it("sums a revision over the snapshots that have it, and forgets it when none has it any more", () => {
    const slab = createSlab();
    const gauges = new RevisionGauges();
    gauges.write([
      { row: revisionRowOf(slab, 0), plugin: plugin(2) },
      { row: revisionRowOf(slab, 0), plugin: plugin(1) },
      { row: revisionRowOf(slab, 1), plugin: null },
    ]);
    expect([read(slab, 0), read(slab, 1)]).toEqual([
      [3, 300],
      [0, 0],
    ]);
    gauges.write([]);
    expect(read(slab, 0)).toEqual([0, 0]);
  });

  it("has nothing left of a dead worker", () => {
    const slab = createSlab();
    new RevisionGauges().write([{ row: revisionRowOf(slab, 3), plugin: plugin(5) }]);
    clearGauges(slab);
    expect(read(slab, 3)).toEqual([0, 0]);
  });
});
