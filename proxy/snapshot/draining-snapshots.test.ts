import { describe, expect, it } from "vitest";
import { DrainingSnapshots } from "./draining-snapshots.ts";

const limits = { drainTimeoutMs: 1_000, drainingSnapshotsMax: 2 };

describe("DrainingSnapshots", () => {
  it("names a snapshot once, when it has drained for the time allowed", () => {
    const draining = new DrainingSnapshots<string>();
    draining.add("a", 0);
    draining.add("b", 500);
    expect(draining.takeOverdue(limits, 999)).toEqual([]);
    expect(draining.takeOverdue(limits, 1_000)).toEqual([{ snapshot: "a", bound: "time" }]);
    expect(draining.takeOverdue(limits, 1_400)).toEqual([]);
    expect(draining.all).toEqual(["a", "b"]);
  });

  it("names the oldest when more drain than may", () => {
    const draining = new DrainingSnapshots<string>();
    for (const [at, name] of ["a", "b", "c", "d"].entries()) draining.add(name, at);
    expect(draining.takeOverdue(limits, 10)).toEqual([
      { snapshot: "a", bound: "count" },
      { snapshot: "b", bound: "count" },
    ]);
    draining.add("e", 20);
    expect(draining.takeOverdue(limits, 20)).toEqual([{ snapshot: "c", bound: "count" }]);
  });

  it("does not count what has ended, or what was told already", () => {
    const draining = new DrainingSnapshots<string>();
    for (const name of ["a", "b", "c"]) draining.add(name, 0);
    draining.delete("b");
    expect(draining.takeOverdue(limits, 1)).toEqual([]);
    draining.add("d", 1);
    expect(draining.takeOverdue(limits, 1)).toEqual([{ snapshot: "a", bound: "count" }]);
    expect(draining.takeOverdue(limits, 1)).toEqual([]);
    expect(draining.all).toEqual(["a", "c", "d"]);
  });
});
