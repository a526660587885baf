// assembly/config.ts of a filter's folder, kept in step with the schema in filter.yaml.

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FilterFolder } from "./filter-folder.ts";
import { printConfig } from "./print-config.ts";

/** Written only when it differs, so that editors and watchers are left in peace. */
export async function writeConfigClasses({ folder, document }: FilterFolder): Promise<void> {
  if (document.config === undefined) return;
  const file = join(folder, "assembly", "config.ts");
  const text = printConfig(document.config);
  if (existsSync(file) && (await readFile(file, "utf8")) === text) return;
  await writeFile(file, text);
}
