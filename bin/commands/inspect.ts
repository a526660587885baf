// `sluice inspect`: what the host finds in a module: ABI, imports, callbacks, memory – or why it would refuse it.

import { inspect, SluiceError } from "@sluice/abi";
import type { Inspection } from "@sluice/abi";
import { Command } from "commander";
import { readNamedBytes } from "../named-file.ts";
import { printable, printResult, table } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface InspectOptions {
  readonly json?: boolean;
}

export function inspectCommand(terminal: Terminal): Command {
  return new Command("inspect")
    .description("show what a module needs and offers, or why it is refused")
    .argument("<file>", "the module, any language")
    .option("--json", "print the result as JSON")
    .action((file: string, options: InspectOptions) => inspectFile(terminal, file, options));
}

function inspectFile(terminal: Terminal, file: string, options: InspectOptions): void {
  const result = inspect(readNamedBytes(terminal, file));
  if (!result.ok) throw refusalOf(file, result.refusal);
  printResult(terminal, options, result.inspection, printable(inspectionText(result.inspection)));
}

function inspectionText(inspection: Inspection): string {
  const { abi, policyAbi, memory, callbacks, imports, sha256 } = inspection;
  const notServed = imports.filter((row) => row.status !== "served").map((row) => `${row.module}.${row.name}`);
  return table([
    ["module", sha256],
    ["ABI", `proxy-wasm ${abi}${policyAbi ? " with policy 1" : ""}`],
    ["language", inspection.language ?? "unknown"],
    ["start", inspection.start ?? "none"],
    ["memory", `${memory.minPages} to ${memory.maxPages ?? "unbounded"} pages of 64 KiB`],
    ["callbacks", callbacks.join(", ")],
    ["imports", imports.map((row) => row.name).join(", ") || "none"],
    ["not served yet", notServed.join(", ") || "none"],
  ]);
}

function refusalOf(file: string, refusal: { code: string; message: string; hint: string }): SluiceError {
  const { code, message, hint } = refusal;
  return new SluiceError({ code: code as `SLUICE-E${number}`, meaning: message, hint }, `${file}: ${message}`);
}
