// `sluice history`: who changed the deployment, when and why.

import { Command } from "commander";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import { printable, printResult, table } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface HistoryOptions extends RegistryOptions {
  readonly json?: boolean;
  readonly deployment: string;
}

export function historyCommand(terminal: Terminal): Command {
  const command = new Command("history")
    .description("the deployment's changes, newest first")
    .option("--deployment <name>", "which deployment", "default");
  return withRegistry(command).action((options: HistoryOptions) => history(terminal, options));
}

async function history(terminal: Terminal, options: HistoryOptions): Promise<void> {
  const entries = await openRegistry(terminal, options).history(options.deployment);
  const newestFirst = entries.toSorted((left, right) => right.number - left.number);
  const rows = newestFirst.map((entry) => [String(entry.number), entry.when, entry.who, entry.why ?? ""]);
  printResult(
    terminal,
    options,
    { history: newestFirst },
    printable(table([["NUMBER", "WHEN", "WHO", "WHY"], ...rows])),
  );
}
