// build/ of a filter's folder: module, source map, and the digest of all that they were made from. Files appear by rename,
// so that a watcher or a second build never reads half a module.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { FilterFolder } from "./filter-folder.ts";

export interface BuildOutput {
  readonly folder: string;
  readonly wasmFile: string;
  readonly mapFile: string;
  /** Holds the digest of the inputs of what stands there. */
  readonly stampFile: string;
  readonly inputsDigest: string;
}

const SDK_SOURCES = join(import.meta.dirname, "..", "assembly");

/** Where a build of the folder as it is now goes. Makes build/. */
export async function outputOf({ folder, name, documentText }: FilterFolder): Promise<BuildOutput> {
  const output = join(folder, "build");
  await mkdir(output, { recursive: true });
  const wasmFile = join(output, `${name}.wasm`);
  return {
    folder: output,
    wasmFile,
    mapFile: `${wasmFile}.map`,
    stampFile: `${wasmFile}.inputs`,
    inputsDigest: await digestInputs([join(folder, "assembly"), SDK_SOURCES, import.meta.dirname], documentText),
  };
}

/** What stands in build/ was made from the present inputs. */
export async function isUpToDate({ wasmFile, mapFile, stampFile, inputsDigest }: BuildOutput): Promise<boolean> {
  if (![wasmFile, mapFile, stampFile].every((file) => existsSync(file))) return false;
  return (await readFile(stampFile, "utf8")) === inputsDigest;
}

/** Moves the files of a finished compiler run from `draft` into build/. */
export async function publish(
  { wasmFile, mapFile, stampFile, inputsDigest }: BuildOutput,
  draft: string,
): Promise<void> {
  await writeFile(join(draft, basename(stampFile)), inputsDigest);
  for (const file of [mapFile, wasmFile, stampFile]) await rename(join(draft, basename(file)), file);
}

async function digestInputs(folders: readonly string[], documentText: string): Promise<string> {
  const hash = createHash("sha256").update(documentText);
  for (const folder of folders) {
    const files = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
    for (const file of files.filter((name) => /\.[jt]s$/.test(name)).sort()) {
      hash.update(`\0${file}\0`).update(await readFile(join(folder, file)));
    }
  }
  return hash.digest("hex");
}
