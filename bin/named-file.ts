// Files named on the command line: read relative to the working folder, a missing one told in one sentence.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import { BIN_ERRORS } from "./errors.ts";
import type { Terminal } from "./terminal.ts";

export function readNamedText(terminal: Terminal, file: string): string {
  return readNamedBytes(terminal, file).toString("utf8");
}

export function readNamedBytes(terminal: Terminal, file: string): Buffer<ArrayBuffer> {
  try {
    return readFileSync(resolve(terminal.cwd, file));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const reason =
      { ENOENT: "there is no such file", EISDIR: "it is a folder", EACCES: "permission denied" }[code] ?? code;
    throw new SluiceError(BIN_ERRORS.fileUnreadable, `"${file}" cannot be read: ${reason}.`, { cause });
  }
}
