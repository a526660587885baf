import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Http1Fuzz } from "./fuzz-case.ts";

const CASES = 6_000;
const SEED = 1;

describe("the proxy's HTTP/1.1", () => {
  let fuzz: Http1Fuzz;
  beforeAll(async () => void (fuzz = await Http1Fuzz.open()));
  afterAll(() => fuzz.close());

  it(`passes of ${CASES} mutants of requests and answers only what llhttp sees in them`, async () => {
    const counts = new Map<string, number>();
    for (let number = 0; number < CASES; number++) {
      const outcome = await fuzz.run(SEED, number).catch((error: unknown) => {
        throw new Error(`npm run fuzz -- http1 --seed ${SEED} --case ${number}: ${String(error)}`, { cause: error });
      });
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    // Mutants that are all refused would show nothing.
    for (const outcome of ["passed", "refused", "answered", "bad answer", "cut"])
      expect(counts.get(outcome)).toBeGreaterThan(CASES / 50);
    expect(counts.get("tunnelled")).toBeGreaterThan(CASES / 200);
  }, 120_000);
});
