// A folder for one test, below the system's temporary folder but with the checkout's packages in reach, as a filter's
// folder inside a checkout has them.

import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** Removed when the test ends. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-sdk-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await symlink(join(import.meta.dirname, "..", "..", "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** A filter's folder with this source. */
export async function scratchFilter(source: string, document = ""): Promise<string> {
  const folder = join(await scratchFolder(), "sample");
  const files = {
    "assembly/index.ts": source,
    "filter.yaml": `apiVersion: sluice/v1\nkind: Filter\nname: sample\n${document}`,
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  return folder;
}
