// A filter's folder as its author keeps it: filter.yaml beside assembly/, tests and requests.

import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { SluiceError, parseFilterDocument } from "@sluice/abi";
import type { FilterDocument } from "@sluice/abi";
import { SDK_ERRORS } from "../errors.ts";
import type { AssemblyRuntime } from "./compile-assembly.ts";

export interface FilterFolder {
  readonly folder: string;
  readonly name: string;
  /** filter.yaml as it stands there, and what it says. */
  readonly documentText: string;
  readonly document: FilterDocument;
  readonly runtime: AssemblyRuntime;
  /** The request files that filter.yaml names, sorted, absolute. */
  readonly requestFiles: readonly string[];
}

/** Reads filter.yaml. Throws E4001 when there is none, E1001 when it is not as it should be. */
export async function readFilterFolder(folder: string): Promise<FilterFolder> {
  const file = join(folder, "filter.yaml");
  if (!existsSync(file)) throw new SluiceError(SDK_ERRORS.notAFilterFolder, `${folder} has no filter.yaml`);
  const documentText = await readFile(file, "utf8");
  const document = parseFilterDocument(documentText, file);
  return {
    folder,
    name: document.name,
    documentText,
    document,
    runtime: document.runtime ?? "minimal",
    requestFiles: await filesMatching(folder, document.requests ?? []),
  };
}

/** The folder whose filter.yaml belongs to a module: its own or the one above (`build/NAME.wasm`); null for a bare module. */
export function folderOfModule(moduleFile: string): string | null {
  const own = dirname(moduleFile);
  return [own, join(own, "..")].find((folder) => existsSync(join(folder, "filter.yaml"))) ?? null;
}

/** A filter.yaml may be a stranger's: what it names is read, shown and pushed, so it stays within its folder. */
function insideOf(folder: string, file: string): string {
  const full = resolve(folder, file);
  if (!relative(folder, full).startsWith("..")) return full;
  throw new SluiceError(SDK_ERRORS.requestsOutside, `${join(folder, "filter.yaml")} names ${file}`);
}

async function filesMatching(folder: string, patterns: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const pattern of patterns) {
    for await (const file of glob(pattern, { cwd: folder })) files.add(insideOf(folder, file));
  }
  return [...files].sort();
}
