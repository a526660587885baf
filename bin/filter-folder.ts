// A filter's folder as `sluice push` sends it: filter.yaml, the built module, its source map and the sample requests.

import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { SluiceError } from "@sluice/abi";
import { readFilterFolder } from "@sluice/sdk-filter";
import { BIN_ERRORS } from "./errors.ts";
import type { PushParts } from "./registry-client.ts";

export interface BuiltFolder {
  readonly name: string;
  readonly parts: PushParts;
}

export function hasFilterDocument(folder: string): boolean {
  return existsSync(join(folder, "filter.yaml"));
}

/** Reads the folder; `moduleFile` replaces `build/NAME.wasm`. Throws SLUICE-E5012 when nothing is built. */
export async function readBuiltFolder(folder: string, moduleFile?: string): Promise<BuiltFolder> {
  const filter = await readFilterFolder(folder);
  const file = moduleFile ?? join(folder, "build", `${filter.name}.wasm`);
  if (!existsSync(file)) throw new SluiceError(BIN_ERRORS.noModule, `"${file}" is not there.`);
  const sourceMap = `${file}.map`;
  const requests = globSync([...filter.requests], { cwd: folder }).toSorted();
  return {
    name: filter.name,
    parts: {
      module: readFileSync(file),
      filter: filter.documentText,
      sourceMap: existsSync(sourceMap) ? readFileSync(sourceMap, "utf8") : null,
      requests: requests.map((path) => ({ name: basename(path), text: readFileSync(join(folder, path), "utf8") })),
    },
  };
}
