// Bodies of any size pass in bounded memory: `npm run load -- big-bodies` is the same with 2 GiB.

import { describe, expect, it } from "vitest";
import { passBigBodies } from "../load/big-bodies-run.ts";

describe("A proxy through which 256 MiB go down and up", () => {
  it("delivers each byte at its place and holds less than 64 MiB for it", async () => {
    const { extraMebibytes, faults } = await passBigBodies(256 << 20);
    expect(faults).toEqual([]);
    expect(extraMebibytes).toBeLessThan(64);
  });
});
