// Specs in AssemblyScript as vitest tests: one line in a *.test.ts beside the filter.
//
//   await describeSpecs(import.meta.dirname);

import { describe, it } from "vitest";
import { runSpecs } from "./run-specs.ts";
import type { SpecResult } from "./run-specs.ts";

/** Registers every test in `folder`/assembly/**\/*.spec.ts under its groups. */
export async function describeSpecs(folder: string): Promise<void> {
  const byGroup = Map.groupBy(await runSpecs(folder), ({ groups }) => groups.join(" › "));
  for (const [group, results] of byGroup) describe(group || "specs", () => results.forEach(register));
}

function register({ name, failure }: SpecResult): void {
  it(name, () => {
    if (failure !== null) throw new Error(failure);
  });
}
