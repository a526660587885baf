// A filter's folder as its author keeps it: filter.yaml beside assembly/, tests and requests.

import { existsSync } from "node:fs";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
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
}

/** Reads filter.yaml. Throws E4001 when there is none, E1001 when it is not as it should be. */
export async function readFilterFolder(folder: string): Promise<FilterFolder> {
  const file = join(folder, "filter.yaml");
  if (!existsSync(file)) throw new SluiceError(SDK_ERRORS.notAFilterFolder, `${folder} has no filter.yaml`);
  const documentText = await readFile(file, "utf8");
  const document = parseFilterDocument(documentText, file);
  return { folder, name: document.name, documentText, document, runtime: document.runtime ?? "minimal" };
}

/** The request files that filter.yaml names, sorted, absolute. */
export async function requestFilesOf({ folder, document }: FilterFolder): Promise<string[]> {
  const files = new Set<string>();
  for (const pattern of document.requests ?? []) {
    for await (const file of glob(pattern, { cwd: folder })) files.add(join(folder, file));
  }
  return [...files].sort();
}
