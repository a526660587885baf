// `sluice profile`: where one worker's time goes, or what it allocates, as a file for Chrome's tools or VS Code.

import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import { Command } from "commander";
import { openAdmin, withAdmin } from "../admin-client.ts";
import { BIN_ERRORS } from "../errors.ts";
import { statusWatchMs } from "../limits.ts";
import { printable, printResult } from "../terminal.ts";
import type { Terminal } from "../terminal.ts";

interface ProfileOptions {
  readonly proxy: string;
  readonly json?: boolean;
  readonly worker: string;
  readonly seconds: string;
  readonly heap?: boolean;
  readonly output?: string;
}

export function profileCommand(terminal: Terminal): Command {
  const command = new Command("profile")
    .description("a profile of one worker while it serves, for Chrome's tools or VS Code")
    .option("--worker <n>", "which one; `sluice workers` lists them", "0")
    .option("--seconds <n>", "how long, at most 30", "10")
    .option("--heap", "what is allocated and held, not where time goes")
    .option("-o, --output <file>", "where to write it; default worker-N.cpuprofile or worker-N.heapprofile");
  return withAdmin(command).action((options: ProfileOptions) => profile(terminal, options));
}

async function profile(terminal: Terminal, options: ProfileOptions): Promise<void> {
  const { worker, seconds } = options;
  const kind = options.heap === true ? "heap" : "cpu";
  const client = openAdmin(terminal, options.proxy);
  const name = options.output ?? `worker-${worker}.${kind}profile`;
  const path = resolve(terminal.cwd, name);
  // Before it is taken: a profile that cannot be kept would cost its time, and its worker's, for nothing.
  const file = await create(path);
  try {
    const stopTelling = tellProgress(terminal, worker, Number(seconds));
    const taken = await client.profile(new URLSearchParams({ worker, seconds, kind })).finally(stopTelling);
    const text = JSON.stringify(taken);
    await file.writeFile(text);
    printResult(terminal, options, { file: name, bytes: text.length }, printable(`${name}: ${text.length} bytes`));
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Never over a file that is there: it may be the profile to compare with. Throws SLUICE-E5030 and E5032. */
async function create(path: string): Promise<FileHandle> {
  try {
    // It names functions and files, and nothing of any request.
    return await open(path, "wx", 0o600);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "EEXIST") throw new SluiceError(BIN_ERRORS.fileExists, `${path} is there already.`, { cause });
    throw new SluiceError(BIN_ERRORS.fileNotWritable, `${path} cannot be written: ${message}.`, { cause });
  }
}

function tellProgress(terminal: Terminal, worker: string, seconds: number): () => void {
  const beganMs = performance.now();
  const timer = setInterval(() => {
    const passed = Math.round((performance.now() - beganMs) / 1000);
    if (passed < seconds) terminal.err(printable(`profiling worker ${worker}: ${passed} s of ${seconds}`));
  }, statusWatchMs);
  return () => clearInterval(timer);
}
