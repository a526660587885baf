// `sluice push`: sends a module to the registry, which tries it at once and answers with a proof or a refusal. Pushing
// never changes traffic.

import { resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import type { Pushed } from "@sluice/registry";
import { folderOfModule, readFilterFolder } from "@sluice/sdk-filter";
import type { FilterFolder } from "@sluice/sdk-filter";
import { Command } from "commander";
import { BIN_ERRORS } from "../errors.ts";
import { pushPartsOf } from "../filter-folder.ts";
import { readNamedBytes } from "../named-file.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import type { PushParts } from "../registry-client.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface PushOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly name?: string;
  readonly tag?: string;
}

export function pushCommand(terminal: Terminal): Command {
  const command = new Command("push")
    .description("send a built filter to the registry; traffic stays as it is")
    .argument("[file]", "the module; without it build/NAME.wasm of the filter's folder here")
    .option("--name <filter>", "the filter's name; else the one in filter.yaml")
    .option("--tag <tag>", "a movable name for the version, for example v2");
  return withRegistry(command).action((file: string | undefined, options: PushOptions) =>
    push(terminal, file, options),
  );
}

async function push(terminal: Terminal, file: string | undefined, options: PushOptions): Promise<void> {
  const { name, parts } = await whatToPush(terminal, file, options.name);
  const answer = await openRegistry(terminal, options).push(name, parts, options.tag ?? null);
  printResult(terminal, options, answer, printable(answerText(answer)));
}

interface PushPlan {
  readonly name: string;
  readonly parts: PushParts;
}

// The document that belongs to a module lies beside it or one folder up (build/NAME.wasm). A module without one, or
// pushed under another name, goes alone; the registry says which document it took instead.
async function whatToPush(terminal: Terminal, file: string | undefined, name: string | undefined): Promise<PushPlan> {
  if (file === undefined) return folderPlan(await readFilterFolder(terminal.cwd));
  const module = readNamedBytes(terminal, file);
  const full = resolve(terminal.cwd, file);
  const folder = folderOfModule(full);
  const filter = folder === null ? null : await readFilterFolder(folder);
  if (filter !== null && (name === undefined || name === filter.document.name)) return folderPlan(filter, full);
  if (name === undefined) {
    throw new SluiceError(BIN_ERRORS.usage, `"${file}" has no filter.yaml beside it; say whose it is with --name.`);
  }
  return { name, parts: { module, filter: null, sourceMap: null, requests: [] } };
}

function folderPlan(filter: FilterFolder, moduleFile?: string): PushPlan {
  return { name: filter.document.name, parts: pushPartsOf(filter, moduleFile) };
}

function answerText(answer: Omit<Pushed, "isNew">): string {
  const lines = [
    `pushed ${answer.filter}${answer.tag === null ? "" : `:${answer.tag}`}`,
    `  version  ${answer.version}`,
    `  module   ${answer.moduleDigest}`,
    ...proofLines(answer.proof),
  ];
  if (answer.documentFrom === "default")
    lines.push("  without filter.yaml: phase OTHER, nothing required, any configuration");
  else if (answer.documentFrom !== "upload") lines.push(`  filter.yaml taken over from ${answer.documentFrom}`);
  return lines.join("\n");
}

/** The proof's plain facts, one a line; what is nested is for --json. */
function proofLines(proof: unknown): string[] {
  if (typeof proof !== "object" || proof === null) return [];
  const facts = Object.entries(proof).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  return ["  proof", ...facts.map(([key, value]) => `    ${key}: ${String(value)}`)];
}
