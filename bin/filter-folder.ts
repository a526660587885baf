// A filter's folder as `sluice push` sends it: filter.yaml, the built module, its source map and the sample requests.

import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseFilterDocument, SluiceError } from "@sluice/abi";
import type { FilterDocument } from "@sluice/abi";
import { BIN_ERRORS } from "./errors.ts";
import { readNamedText } from "./named-file.ts";
import type { PushParts } from "./registry-client.ts";
import type { Terminal } from "./terminal.ts";

export interface FilterFolder {
  readonly folder: string;
  readonly document: FilterDocument;
  /** filter.yaml as it stands, which is what travels. */
  readonly documentText: string;
  /** Absolute paths of the request files that the document names. */
  readonly requestFiles: readonly string[];
}

export function hasFilterDocument(folder: string): boolean {
  return existsSync(join(folder, "filter.yaml"));
}

export function readFilterFolder(terminal: Terminal, folder: string): FilterFolder {
  const file = join(folder, "filter.yaml");
  const documentText = readNamedText(terminal, file);
  const document = parseFilterDocument(documentText, file);
  const found = globSync(document.requests ?? [], { cwd: folder }).toSorted();
  return { folder, document, documentText, requestFiles: found.map((path) => join(folder, path)) };
}

/** What a push of the folder sends; `moduleFile` replaces `build/NAME.wasm`. Throws SLUICE-E5012 when nothing is built. */
export function pushPartsOf(filter: FilterFolder, moduleFile?: string): PushParts {
  const file = moduleFile ?? join(filter.folder, "build", `${filter.document.name}.wasm`);
  if (!existsSync(file)) throw new SluiceError(BIN_ERRORS.noModule, `"${file}" is not there.`);
  const sourceMap = `${file}.map`;
  return {
    module: readFileSync(file),
    filter: filter.documentText,
    sourceMap: existsSync(sourceMap) ? readFileSync(sourceMap, "utf8") : null,
    requests: filter.requestFiles.map((path) => ({ name: basename(path), text: readFileSync(path, "utf8") })),
  };
}
