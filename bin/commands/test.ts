// `sluice test`: runs request files against a module in the real host, without a proxy. Works for any language's wasm.

import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { parseRequests, prepareModule, runRequests, SluiceError } from "@sluice/abi";
import type { CaseReport, FilterDocument, ModuleArtifact } from "@sluice/abi";
import { buildFilter } from "@sluice/sdk-filter";
import { Command } from "commander";
import { BIN_ERRORS } from "../errors.ts";
import { hasFilterDocument, readFilterFolder } from "../filter-folder.ts";
import { readNamedBytes, readNamedText } from "../named-file.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface TestOptions {
  readonly json?: boolean;
  readonly requests?: readonly string[];
}

/** What is tested, and with which files. */
interface Subject {
  readonly artifact: ModuleArtifact;
  readonly filter: FilterDocument | null;
  readonly requestFiles: readonly string[];
}

interface FileReport {
  readonly file: string;
  readonly cases: readonly CaseReport[];
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
  const { artifact, filter, requestFiles } = await subjectAt(terminal, path, options);
  if (requestFiles.length === 0) {
    throw new SluiceError(BIN_ERRORS.usage, `No request file for "${path}".`, {
      hint: "Name one with --requests FILE.",
    });
  }
  const reports = requestFiles.map((file): FileReport => {
    const document = parseRequests(readNamedText(terminal, file), relative(terminal.cwd, file));
    return { file: relative(terminal.cwd, file), cases: runRequests(artifact, document, { filter }).cases };
  });
  const failed = reports.flatMap(({ cases }) => cases).filter(({ ok }) => !ok).length;
  printResult(terminal, options, { ok: failed === 0, files: reports }, printable(reports.map(reportText).join("\n")));
  if (failed > 0) throw new SluiceError(BIN_ERRORS.testsFailed, `${failed} ${failed === 1 ? "case" : "cases"} failed.`);
}

async function subjectAt(terminal: Terminal, path: string, options: TestOptions): Promise<Subject> {
  const named = options.requests?.map((file) => resolve(terminal.cwd, file));
  const full = resolve(terminal.cwd, path);
  const isFolder = existsSync(full) && statSync(full).isDirectory();
  const bytes = isFolder ? (await buildFilter(full, { onlyWhenStale: true })).wasm : readNamedBytes(terminal, path);
  const folder = isFolder ? full : [dirname(full), join(dirname(full), "..")].find(hasFilterDocument);
  const filter = folder === undefined ? null : readFilterFolder(terminal, folder);
  return {
    artifact: prepareModule(bytes),
    filter: filter?.document ?? null,
    requestFiles: named ?? filter?.requestFiles ?? [],
  };
}

function reportText({ file, cases }: FileReport): string {
  return [basename(file), ...cases.flatMap(caseLines)].join("\n");
}

function caseLines({ ok, name, fuel, failures, logs }: CaseReport): string[] {
  const line = `  ${ok ? "✓" : "✕"} ${name}  (${fuel} fuel)`;
  return ok
    ? [line]
    : [line, ...failures.map((failure) => `      ${failure}`), ...logs.map((log) => `      log: ${log}`)];
}
