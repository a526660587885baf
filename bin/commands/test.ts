// `sluice test`: runs request files against a module in the real host, without a proxy. Works for any language's wasm.

import { relative, resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import type { CaseReport } from "@sluice/abi";
import { testFilter } from "@sluice/sdk-filter";
import type { RequestFileReport } from "@sluice/sdk-filter";
import { Command } from "commander";
import { BIN_ERRORS } from "../errors.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface TestOptions {
  readonly json?: boolean;
  readonly requests?: readonly string[];
}

export function testCommand(terminal: Terminal): Command {
  return new Command("test")
    .description("run request files against a filter, without a proxy")
    .argument("[path]", "a filter's folder (built when stale) or a .wasm file", ".")
    .option("--requests <files...>", "request files; else those that filter.yaml names")
    .option("--json", "print the result as JSON")
    .action((path: string, options: TestOptions) => test(terminal, path, options));
}

async function test(terminal: Terminal, path: string, options: TestOptions): Promise<void> {
  const requests = options.requests?.map((file) => resolve(terminal.cwd, file));
  const report = await testFilter(resolve(terminal.cwd, path), requests === undefined ? {} : { requests });
  const files = report.files.map((file) => ({ ...file, file: relative(terminal.cwd, file.file) }));
  printResult(terminal, options, { ...report, files }, printable(files.map(reportText).join("\n")));
  if (report.ok) return;
  throw new SluiceError(BIN_ERRORS.testsFailed, `${report.failed} ${report.failed === 1 ? "case" : "cases"} failed.`);
}

function reportText({ file, cases }: RequestFileReport): string {
  return [file, ...cases.flatMap(caseLines)].join("\n");
}

function caseLines({ ok, name, fuel, failures, logs }: CaseReport): string[] {
  const line = `  ${ok ? "✓" : "✕"} ${name}  (${fuel} fuel)`;
  return ok
    ? [line]
    : [line, ...failures.map((failure) => `      ${failure}`), ...logs.map((log) => `      log: ${log}`)];
}
