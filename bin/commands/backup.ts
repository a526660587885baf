// `sluice backup`: the whole registry as one file, while it works. `sluice restore` makes a registry of it again.

import { createWriteStream } from "node:fs";
import { access, rename, rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SluiceError } from "@sluice/abi";
import { Command } from "commander";
import { BIN_ERRORS } from "../errors.ts";
import { openRegistry, withRegistry } from "../registry-access.ts";
import type { RegistryOptions } from "../registry-access.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface BackupOptions extends RegistryOptions {
  readonly json?: boolean;
}

export function backupCommand(terminal: Terminal): Command {
  const command = new Command("backup")
    .description("write the whole registry, as of now, into one archive")
    .argument("<file>", "the archive to write, for example registry.tar; it must not exist yet");
  return withRegistry(command).action((file: string, options: BackupOptions) => backup(terminal, file, options));
}

async function backup(terminal: Terminal, file: string, options: BackupOptions): Promise<void> {
  const path = resolve(terminal.cwd, file);
  await refuseExisting(path);
  const unfinished = `${path}.unfinished`;
  try {
    const archive = await openRegistry(terminal, options).backup();
    // It holds the split secret and the tokens' hashes.
    await pipeline(Readable.fromWeb(archive), createWriteStream(unfinished, { mode: 0o600, flush: true }));
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    if (cause instanceof SluiceError) throw cause;
    throw new SluiceError(BIN_ERRORS.backupBroken, `The backup was not written: ${(cause as Error).message}.`, {
      cause,
    });
  }
  const { size } = await stat(path);
  printResult(terminal, options, { file: path, bytes: size }, printable(`${file}: ${size} bytes`));
}

async function refuseExisting(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw new SluiceError(BIN_ERRORS.fileExists, `${path} is there already.`);
}
