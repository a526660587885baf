// `sluice rollback`: a new deployment in which one slot stands as it stood in an earlier one.

import { Command, InvalidArgumentError } from "commander";
import { awaitFleet, fleetSentence, requireApplied } from "../fleet.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import { printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface RollbackOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly to?: number;
  readonly why?: string;
  readonly deployment: string;
}

export function rollbackCommand(terminal: Terminal): Command {
  const command = new Command("rollback")
    .description("put a slot back to what it was before")
    .argument("<slot>", "the slot")
    .option("--to <number>", "to what it was in this deployment; else the one before its last change", parseNumber)
    .option("--deployment <name>", "the deployment to change", "default")
    .option("--why <text>", "the reason, for the history");
  return withRegistry(command).action((slot: string, options: RollbackOptions) => rollback(terminal, slot, options));
}

async function rollback(terminal: Terminal, slot: string, options: RollbackOptions): Promise<void> {
  const client = openRegistry(terminal, options);
  const current = await client.deployment(options.deployment);
  const change = {
    slot,
    ...(options.to === undefined ? {} : { to: options.to }),
    ...(options.why === undefined ? {} : { why: options.why }),
  };
  const answer = await client.rollback(options.deployment, change, current?.number ?? 0);
  const fleet = await awaitFleet(client, answer.number);
  requireApplied(fleet, answer.number);
  printResult(terminal, options, { ...answer, fleet }, `deployment ${answer.number}: ${fleetSentence(fleet)}`);
}

function parseNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It is a deployment's number, see `sluice history`.");
  return Number(text);
}
