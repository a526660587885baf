// `sluice validate`: reads the machine's document (and the deployment file it names) as a proxy would, and starts nothing.

import { dirname, join, resolve } from "node:path";
import { parseDeployment, parseMachine } from "@sluice/proxy/contract";
import { Command } from "commander";
import { readNamedBytes, readNamedText } from "../named-file.ts";
import { printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface ValidateOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly file?: string;
}

export function validateCommand(terminal: Terminal): Command {
  return new Command("validate")
    .description("check a machine's document (sluice.yaml) or a deployment and say what is wrong by line")
    .option("-c, --config <file>", "the machine's document; default sluice.yaml")
    .option("-f, --file <file>", "a deployment document")
    .option("--json", "print the result as JSON")
    .action((options: ValidateOptions) => validate(terminal, options));
}

function validate(terminal: Terminal, options: ValidateOptions): void {
  const files = [
    ...(options.file === undefined ? [] : [validateDeployment(terminal, options.file)]),
    ...(options.file === undefined || options.config !== undefined
      ? validateMachine(terminal, options.config ?? "sluice.yaml")
      : []),
  ];
  printResult(terminal, options, { ok: true, files }, files.map((file) => `${file}: ok`).join("\n"));
}

function validateMachine(terminal: Terminal, file: string): string[] {
  const machine = parseMachine(readNamedText(terminal, file), file, (name) =>
    readNamedBytes(terminal, resolve(terminal.cwd, dirname(file), name)),
  );
  if (machine.deployment === null) return [file];
  return [file, validateDeployment(terminal, join(dirname(file), machine.deployment.file), "files")];
}

function validateDeployment(terminal: Terminal, file: string, modules: "digests" | "files" = "digests"): string {
  parseDeployment(readNamedText(terminal, file), file, { modules });
  return file;
}
