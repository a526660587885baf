import { beforeAll, describe, expect, it } from "vitest";
import { runCase } from "./fuzz-case.ts";
import { MUTANT_BYTES_MAX, mutantOf } from "./mutator.ts";
import { loadSeeds, type Seed } from "./seeds.ts";

const CASES = 2_000;
const SEED = 1;

describe("The host", () => {
  let seeds: readonly Seed[];
  // A fresh checkout has to compile the shipped filters first.
  beforeAll(async () => void (seeds = await loadSeeds()), 120_000);

  it(`refuses or runs ${CASES} mutants of real modules, the same on a second run`, () => {
    const counts = new Map<string, number>();
    for (let number = 0; number < CASES; number++) {
      const { module, config } = mutantOf(seeds, SEED, number);
      expect(module.length).toBeLessThanOrEqual(MUTANT_BYTES_MAX);
      const outcome = named(number, () => runCase(module, config));
      const kind = outcome.split(" ")[0]!;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    // A mutator that only breaks modules would show nothing.
    for (const kind of ["refused", "not", "ran", "failed"]) expect(counts.get(kind)).toBeGreaterThan(CASES / 50);
  }, 120_000);
});

function named<T>(number: number, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(`npm run fuzz -- --seed ${SEED} --case ${number}: ${String(error)}`, { cause: error });
  }
}
