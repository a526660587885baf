// Builds every shipped filter that changed to filters-as/NAME/build/NAME.wasm: `npx node filters-as/build.ts [NAME …]`.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildFilter } from "@sluice/sdk-filter";

const here = import.meta.dirname;

const names = process.argv.length > 2 ? process.argv.slice(2) : shippedFilters();
for (const name of names) {
  const { isFresh, sizes, durationMs } = await buildFilter(join(here, name), { onlyWhenStale: true });
  console.log(`${name}: ${isFresh ? "up to date" : `built in ${Math.round(durationMs)} ms`}, ${sizes.wasmBytes} bytes`);
}

/** The folders of this package that are filters. */
function shippedFilters(): string[] {
  const entries = readdirSync(here, { withFileTypes: true });
  return entries.filter((entry) => existsSync(join(here, entry.name, "filter.yaml"))).map(({ name }) => name);
}
