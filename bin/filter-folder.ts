// A filter's folder as `sluice push` sends it: filter.yaml, the built module, its source map and the sample requests.

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { SluiceError } from "@sluice/abi";
import type { FilterFolder } from "@sluice/sdk-filter";
import { BIN_ERRORS } from "./errors.ts";
import type { PushParts } from "./registry-client.ts";

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
