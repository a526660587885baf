// `sluice build`: compiles the filter of a folder.

import { relative, resolve } from "node:path";
import { buildFilter } from "@sluice/sdk-filter";
import { Command } from "commander";
import { printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface BuildOptions {
  readonly json?: boolean;
  readonly ifStale?: boolean;
}

export function buildCommand(terminal: Terminal): Command {
  return new Command("build")
    .description("compile a filter's folder to build/NAME.wasm")
    .argument("[folder]", "the filter's folder", ".")
    .option("--if-stale", "keep the module of an earlier build when nothing it was made from has changed")
    .option("--json", "print the result as JSON")
    .action((folder: string, options: BuildOptions) => build(terminal, folder, options));
}

async function build(terminal: Terminal, folder: string, options: BuildOptions): Promise<void> {
  const built = await buildFilter(resolve(terminal.cwd, folder), { onlyWhenStale: options.ifStale === true });
  if (built.warnings !== "") terminal.err(built.warnings.trim());
  const { name, wasmFile, sizes, durationMs } = built;
  const file = relative(terminal.cwd, wasmFile);
  printResult(
    terminal,
    options,
    { name, wasmFile, sizes, durationMs },
    `${file}  ${sizes.wasmBytes} B  ${(durationMs / 1000).toFixed(1)} s`,
  );
}
