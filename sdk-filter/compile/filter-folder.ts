// A filter's folder as its author keeps it: filter.yaml beside assembly/, tests and requests.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SluiceError } from "@sluice/abi";
import { parse } from "yaml";
import { SDK_ERRORS } from "../errors.ts";
import type { AssemblyRuntime } from "./compile-assembly.ts";

export interface FilterFolder {
  readonly folder: string;
  readonly name: string;
  readonly documentText: string;
  readonly requires: readonly string[];
  readonly runtime: AssemblyRuntime;
  /** The JSON Schema of the configuration, null when filter.yaml has none. */
  readonly configSchema: object | null;
  readonly exampleConfig: unknown;
  /** Patterns of request files, relative to the folder. */
  readonly requests: readonly string[];
}

/** Reads filter.yaml. Throws E4001 when there is none, E1001 when it is not as it should be. */
export async function readFilterFolder(folder: string): Promise<FilterFolder> {
  const file = join(folder, "filter.yaml");
  if (!existsSync(file)) throw new SluiceError(SDK_ERRORS.notAFilterFolder, `${folder} has no filter.yaml`);
  const documentText = await readFile(file, "utf8");
  const document = parse(documentText);
  return {
    folder,
    name: document.name,
    documentText,
    requires: document.requires ?? [],
    runtime: document.runtime ?? "minimal",
    configSchema: document.config ?? null,
    exampleConfig: document.exampleConfig ?? null,
    requests: document.requests ?? [],
  };
}
