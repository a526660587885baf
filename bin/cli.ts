// The command line: puts the commands together and turns whatever they throw into a sentence and an exit code.
// Each command stands in its own file under commands/; --help lists exactly those.

import { SluiceError } from "@sluice/abi";
import { Command, CommanderError } from "commander";
import manifest from "./package.json" with { type: "json" };
import { backupCommand } from "./commands/backup.ts";
import { buildCommand } from "./commands/build.ts";
import { deleteCommand } from "./commands/delete.ts";
import { deployCommand } from "./commands/deploy.ts";
import { diffCommand } from "./commands/diff.ts";
import { devCommand } from "./commands/dev.ts";
import { forceCommand } from "./commands/force.ts";
import { historyCommand } from "./commands/history.ts";
import { initCommand } from "./commands/init.ts";
import { inspectCommand } from "./commands/inspect.ts";
import { listCommand } from "./commands/list.ts";
import { overrideCommand } from "./commands/override.ts";
import { profileCommand } from "./commands/profile.ts";
import { proxyCommand } from "./commands/proxy.ts";
import { pushCommand } from "./commands/push.ts";
import { registryCommand } from "./commands/registry.ts";
import { restoreCommand } from "./commands/restore.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { statusCommand } from "./commands/status.ts";
import { tailCommand } from "./commands/tail.ts";
import { testCommand } from "./commands/test.ts";
import { upCommand } from "./commands/up.ts";
import { validateCommand } from "./commands/validate.ts";
import { workersCommand } from "./commands/workers.ts";
import { EXIT, exitCodeOf } from "./exit-code.ts";
import { printable, processTerminal } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

/** Makes one command; `terminal` is its only way to the outside. */
export type CommandFactory = (terminal: Terminal) => Command;

const factories: readonly CommandFactory[] = [
  upCommand,
  proxyCommand,
  registryCommand,
  validateCommand,
  initCommand,
  devCommand,
  buildCommand,
  testCommand,
  inspectCommand,
  pushCommand,
  deployCommand,
  rollbackCommand,
  forceCommand,
  statusCommand,
  tailCommand,
  overrideCommand,
  workersCommand,
  profileCommand,
  historyCommand,
  listCommand,
  diffCommand,
  deleteCommand,
  backupCommand,
  restoreCommand,
];

/** Runs one command line (without `node` and the script) and answers its exit code; see `EXIT`. */
export async function runCli(args: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  try {
    await makeProgram(terminal).parseAsync(args, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    printError(terminal, error, args.includes("--json"));
    return exitCodeOf(error);
  }
}

function makeProgram(terminal: Terminal): Command {
  const program = new Command("sluice");
  program
    .version(manifest.version)
    .description("A WebAssembly-extensible policy proxy: filters are loaded and replaced while traffic flows.")
    .addHelpText(
      "after",
      "\nExit codes: 0 ok, 1 failed or refused, 2 usage, 3 a gate said no, 4 inconclusive, 5 unreachable.",
    );
  for (const factory of factories) program.addCommand(factory(terminal));
  for (const command of [program, ...program.commands]) {
    command.exitOverride();
    command.showHelpAfterError("(run with --help for what it takes)");
    command.configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
    });
  }
  return program;
}

function printError(terminal: Terminal, error: unknown, json: boolean): void {
  if (!(error instanceof SluiceError))
    return terminal.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  if (json) return terminal.err(JSON.stringify(error));
  terminal.err(printable(`error: ${error.message}`));
  terminal.err(printable(`  ${error.hint}`));
  terminal.err(printable(`  ${error.code}`));
}
