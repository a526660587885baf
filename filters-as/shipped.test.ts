// What holds for every shipped filter: it builds, keeps to its size, passes its own requests, and does what the examples of its
// README say, whose configurations fit its schema.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildFilter, readFilterFolder, testFilter } from "@sluice/sdk-filter";
import { FilterUnderTest, configProblem } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";
import { examplesOf, expectOutcome, readLine } from "./readme-examples.ts";

/** The largest module we ship. A filter's size is what a worker compiles and each of its instances is made of. */
const MODULE_BYTES_MAX = 64 * 1024;
/** What an instance may take when it has its configuration: two pages, so that putting it back between streams stays cheap. */
const INSTANCE_BYTES_MAX = 128 * 1024;

/** For the examples in filter.yaml. */
const QUOTAS = [{ name: "per-user", windows: [{ count: 10, perMs: 1000, burst: 10 }] }];

const names = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, "filter.yaml")),
);

it("there are filters", () => {
  expect(names).toEqual(["cors", "fault", "headers", "mirror", "rate-limit", "rbac"]);
});

for (const name of names) {
  const folder = join(import.meta.dirname, name);
  const { wasm, sizes, warnings } = await buildFilter(folder, { onlyWhenStale: true });
  const { document } = await readFilterFolder(folder);
  const examples = examplesOf(readFileSync(join(folder, "README.md"), "utf8"));
  const options = {
    requiresCheck: document.requires?.includes("check") ?? false,
    capabilities: document.capabilities ?? [],
    isolation: document.phase === "AUTHN" || document.phase === "AUTHZ" ? "stream" : "shared",
  } as const;

  describe(name, () => {
    it("builds without a warning and keeps to its size", async () => {
      const filter = await FilterUnderTest.load(wasm, { ...options, config: document.exampleConfig, quotas: QUOTAS });
      expect(warnings).toBe("");
      expect(sizes.wasmBytes).toBeLessThanOrEqual(MODULE_BYTES_MAX);
      filter.request();
      expect(filter.memoryBytes).toBeLessThanOrEqual(INSTANCE_BYTES_MAX * (options.isolation === "stream" ? 2 : 1));
    });

    it("passes its own requests", async () => {
      const { files, passed } = await testFilter(folder);
      const failures = files.flatMap(({ cases }) => cases.flatMap((result) => result.failures));
      expect(failures).toEqual([]);
      expect(passed).toBeGreaterThan(0);
    });

    it("has a strict schema, an example of it, and a README with examples", () => {
      expect(document.config).toMatchObject({ type: "object", additionalProperties: false });
      expect(document.exampleConfig).toBeDefined();
      expect(examples.length).toBeGreaterThan(1);
    });
  });

  describe.each(examples.map((example, i) => ({ number: i + 1, ...example })))(
    `example $number of the README of ${name}`,
    ({ config, quotas, lines }) => {
      it("has a configuration that fits the schema", () => {
        expect(configProblem(document, config)).toBeNull();
      });

      it("is taken, and does what its lines say", async () => {
        const filter = await FilterUnderTest.load(wasm, { ...options, config, quotas });
        for (const line of lines) {
          const { request, outcomes } = readLine(line);
          const result = filter.request(request);
          expect(result.error, line).toBeNull();
          for (const outcome of outcomes) expectOutcome(result, outcome);
        }
      });
    },
  );
}
