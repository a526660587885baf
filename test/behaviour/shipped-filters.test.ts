// The meter changes nothing that a shipped filter does: each of its request files tells the same of the module as it was
// before metering, and costs the same fuel every time.

import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRequests, runRequests } from "@sluice/abi";
import type { CaseReport } from "@sluice/abi";
import { buildFilter, readFilterFolder } from "@sluice/sdk-filter";
import { metered, unmetered } from "./observe-case.ts";

const filters = join(import.meta.dirname, "../../filters-as");
const folders = globSync("*/filter.yaml", { cwd: filters }).map(dirname).toSorted();

describe.each(folders)("the shipped filter %s", (name) => {
  it("does the same without a meter, and spends the same with it", async () => {
    const folder = join(filters, name);
    const { wasm } = await buildFilter(folder, { onlyWhenStale: true });
    const { document, requestFiles } = await readFilterFolder(folder);
    const artifact = metered(wasm);
    const plain = unmetered(artifact, wasm);
    expect(requestFiles).not.toEqual([]);
    for (const file of requestFiles) {
      const requests = parseRequests(readFileSync(file, "utf8"), file);
      const { ok, cases } = runRequests(artifact, requests, { filter: document });
      expect(ok).toBe(true);
      expect(runRequests(artifact, requests, { filter: document }).cases).toEqual(cases);
      expect(runRequests(plain, requests, { filter: document }).cases.map(withoutFuel)).toEqual(cases.map(withoutFuel));
    }
  });
});

function withoutFuel(report: CaseReport): CaseReport {
  return { ...report, fuel: 0 };
}
