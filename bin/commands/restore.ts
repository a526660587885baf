// `sluice restore`: a registry's state folder from a backup. Works on files alone; no registry may run on the folder.

import { resolve } from "node:path";
import { Command } from "commander";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface RestoreOptions {
  readonly json?: boolean;
  readonly stateDir: string;
}

export function restoreCommand(terminal: Terminal): Command {
  return new Command("restore")
    .description("make a registry's state folder from a backup")
    .argument("<file>", "the archive that `sluice backup` wrote")
    .option("--state-dir <folder>", "the folder to fill; it must not hold a registry", ".sluice")
    .option("--json", "print the result as JSON")
    .action((file: string, options: RestoreOptions) => restore(terminal, file, options));
}

async function restore(terminal: Terminal, file: string, options: RestoreOptions): Promise<void> {
  const stateDir = resolve(terminal.cwd, options.stateDir);
  const { restoreBackup } = await import("@sluice/registry");
  const restored = await restoreBackup(resolve(terminal.cwd, file), stateDir);
  const { when, blobs, deployments } = restored;
  const text = `restored into ${options.stateDir}: ${deployments} deployments and ${blobs} blobs as of ${when}
tokens are those of then: a backup holds their hashes, so keep using the ones you have`;
  printResult(terminal, options, { stateDir, ...restored }, printable(text));
}
