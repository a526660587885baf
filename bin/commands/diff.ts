// `sluice diff A B`: what changes between two numbers of a deployment, or between two versions of a filter.

import { SluiceError } from "@sluice/abi";
import { Command } from "commander";
import { differenceLines } from "../difference-lines.ts";
import { BIN_ERRORS } from "../errors.ts";
import { parseFilterReference } from "../filter-reference.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import type { DifferenceAnswer, RegistryClient } from "../registry-client.ts";
import { printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface DiffOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly deployment: string;
}

export function diffCommand(terminal: Terminal): Command {
  const command = new Command("diff")
    .description("what changes from one deployment number or filter version to another")
    .argument("<from>", "a deployment's number such as 41, or a version such as rbac@v1")
    .argument("[to]", "the other one; for a number, default: the one in charge")
    .option("--deployment <name>", "which deployment the numbers are of", "default");
  return withRegistry(command).action((from: string, to: string | undefined, options: DiffOptions) =>
    diff(terminal, { from, to }, options),
  );
}

interface Ends {
  readonly from: string;
  readonly to: string | undefined;
}

async function diff(terminal: Terminal, ends: Ends, options: DiffOptions): Promise<void> {
  const answer = await compared(openRegistry(terminal, options), ends, options.deployment);
  const text = answer.diff.length === 0 ? "no difference" : differenceLines(answer.diff);
  printResult(terminal, options, answer, text);
}

function compared(client: RegistryClient, { from, to }: Ends, deployment: string): Promise<DifferenceAnswer> {
  if (isNumber(from) && (to === undefined || isNumber(to))) return client.deploymentDiff(deployment, from, to ?? null);
  if (isNumber(from) || to === undefined)
    throw new SluiceError(
      BIN_ERRORS.usage,
      "diff takes two deployment numbers (41 42) or two versions (rbac@v1 rbac@v2).",
    );
  const [before, after] = [parseFilterReference(from), parseFilterReference(to)];
  if (before.filter !== after.filter)
    throw new SluiceError(
      BIN_ERRORS.usage,
      `${before.filter} and ${after.filter} are two filters; diff takes versions of one.`,
    );
  return client.versionDiff(before.filter, before.reference, after.reference);
}

function isNumber(text: string): boolean {
  return /^\d{1,9}$/.test(text);
}
