// Builds every shipped filter that changed to filters-as/NAME/build/NAME.wasm: `npx node filters-as/build.ts [NAME …]`.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildFilter } from "@sluice/sdk-filter";

const here = import.meta.dirname;

/** The folders of this package that are filters. */
function shippedFilters(): string[] {
  const entries = readdirSync(here, { withFileTypes: true });
  return entries.filter((entry) => existsSync(join(here, entry.name, "filter.yaml"))).map(({ name }) => name);
}

const names = process.argv.length > 2 ? process.argv.slice(2) : shippedFilters();
for (const name of names) {
  const built = await buildFilter(join(here, name));
  console.log(`${name}: ${built.sizes.wasmBytes} bytes in ${Math.round(built.durationMs)} ms, ${built.wasmFile}`);
}
