// `sluice inspect`: what the host finds in a module: ABI, imports, exports, memory, sizes, origin – or why it would refuse it.

import { errorOf, inspect } from "@sluice/abi";
import type { Inspection } from "@sluice/abi";
import { DEFAULT_CAPABILITIES } from "@sluice/abi/spec";
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
  // As it stands: registry, proxy and console show the same words for the same module.
  if (!result.ok) throw errorOf(result.refusal);
  printResult(terminal, options, result.inspection, printable(inspectionText(result.inspection)));
}

function inspectionText(inspection: Inspection): string {
  return [
    table(factRows(inspection)),
    `\nexports (${inspection.exports.length})`,
    indented(inspection.exports.map(({ name, kind, type }) => [name, type ?? kind])),
    `\nimports (${inspection.imports.length})`,
    indented(inspection.imports.map(({ module, name, type, advice }) => [`${module}.${name}`, type, advice ?? ""])),
    `\nsections (${inspection.sections.length})`,
    indented(
      inspection.sections.map(({ name, bytes, count }) => [name, `${bytes} bytes`, count > 1 ? `in ${count}` : ""]),
    ),
  ].join("\n");
}

function indented(rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? "  none" : table(rows).replaceAll(/^/gm, "  ");
}

function factRows(inspection: Inspection): string[][] {
  const { abi, policyAbi, callbacks, sha256, sizes, producers } = inspection;
  return [
    ["module", sha256],
    ["ABI", `proxy-wasm ${abi}${policyAbi ? " with policy 1" : ""}`],
    ["made with", origin(inspection)],
    ...(producers.length === 0 ? [] : [["producers", producers.join(", ")]]),
    ["size", `${sizes.bytes} bytes: code ${sizes.codeBytes}, data ${sizes.dataBytes}, custom ${sizes.customBytes}`],
    ["functions", `${sizes.functions}, ${sizes.localsMax} local variables at most`],
    ["memory", memory(inspection)],
    ...inspection.tables.map(({ holds, minEntries, maxEntries }) => [
      "table",
      `of ${holds}, ${range(minEntries, maxEntries)} entries`,
    ]),
    ["start", start(inspection)],
    ["allocator", inspection.allocator ?? "none: the host can hand it no values"],
    ["callbacks", callbacks.join(", ") || "none: the host never calls it"],
    ["capabilities", capabilities(inspection)],
    ["names", names(inspection)],
    ["source map", inspection.sourceMapUrl ?? "none: failures name functions but no lines"],
    ["compiling", compiling(inspection)],
    ["put back", putBack(inspection)],
  ];
}

function origin({ language, sdk }: Inspection): string {
  return [language, sdk].filter((part) => part !== null).join(", ") || "unknown";
}

function memory({ memory: { minPages, maxPages } }: Inspection): string {
  return `${range(minPages, maxPages)} pages of 64 KiB`;
}

function range(min: number, max: number | null): string {
  return max === null ? `${min} and more` : `${min} to ${max}`;
}

function start({ start: exported, startSection }: Inspection): string {
  const parts = [...(startSection ? ["a start section"] : []), ...(exported === null ? [] : [exported])];
  return parts.join(", then ") || "none";
}

/** Families that its imports need, and which of them a revision must be granted. */
function capabilities({ imports }: Inspection): string {
  const families = [...new Set(imports.map(({ family }) => family).filter((family) => family !== "always"))];
  const granted = families.filter((family) => DEFAULT_CAPABILITIES.includes(family));
  const asked = families.filter((family) => !granted.includes(family));
  const usual = granted.join(", ") || "none";
  return asked.length === 0 ? usual : `${usual}; to be granted: ${asked.join(", ")}`;
}

function names({ names: section }: Inspection): string {
  if (section === null) return "none: failures name functions by number";
  const module = section.module === null ? "" : `, module ${section.module}`;
  const kept = section.usable ? "" : "; too long or damaged: failures name functions by number";
  return `${section.functions} functions${module}${kept}`;
}

function compiling({ compile: { expectedMs, dearest } }: Inspection): string {
  const time = `at most about ${expectedMs} ms`;
  if (dearest === null) return time;
  const { function: title, bytes, values, share } = dearest;
  return `${time}; dearest is function ${title}: ${bytes} bytes, ${values} values, ${(share * 100).toFixed(1)} % of the bound`;
}

function putBack({ lastingChanges }: Inspection): string {
  if (lastingChanges.length === 0) return "from an image after each stream";
  return `made anew for each stream, for ${lastingChanges.join("; ")}`;
}
