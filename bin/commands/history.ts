// `sluice history`: who changed the deployment, when and why.

import { overrideSentence } from "@sluice/proxy/contract";
import type { StoredOverrideEvent } from "@sluice/registry";
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
  const { history: entries, overrides } = await openRegistry(terminal, options).wholeHistory(options.deployment);
  const newestFirst = entries.toSorted((left, right) => right.number - left.number);
  const rows = [
    ...newestFirst.map(({ number, when, who, why }) => [String(number), when, who, why ?? ""]),
    ...overrides.map((event) => ["override", event.when, event.who, overrideText(event)]),
  ].toSorted(([, left = ""], [, right = ""]) => (left < right ? 1 : -1));
  printResult(
    terminal,
    options,
    { history: newestFirst, overrides },
    printable(table([["NUMBER", "WHEN", "WHO", "WHY"], ...rows])),
  );
}

function overrideText(event: StoredOverrideEvent): string {
  return `${event.act} on ${event.proxy} under ${event.deployment.number}: ${overrideSentence(event)}`;
}
