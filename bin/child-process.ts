// Child processes of `up` and `proxy`: started with our Node, their output passed through, ended politely and surely.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { stopWaitMs } from "./limits.ts";

/** This process's own output, or a file that is open for writing. */
export type ChildOutput = "inherit" | number;

export interface RunningChild {
  readonly process: ChildProcess;
  /** Resolves with the exit code; null when a signal ended it. Never rejects. */
  readonly ended: Promise<number | null>;
}

/** Starts `node file args`, and a channel by whose end the child sees that we are gone, even killed. */
export function startChild(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv; output: ChildOutput },
): RunningChild {
  // A session of its own: Ctrl-C in a terminal reaches the whole group, and the order of stopping is ours to give.
  const child = spawn(process.execPath, [file, ...args], {
    cwd: options.cwd,
    env: options.env,
    stdio: ["ignore", options.output, options.output, "ipc"],
    detached: true,
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("exit", (code) => resolve(code));
  });
  return { process: child, ended };
}

/** SIGTERM, and SIGKILL when that was not enough within `stopWaitMs`. */
export async function stopChild(child: RunningChild): Promise<number | null> {
  if (child.process.exitCode === null && child.process.signalCode === null) child.process.kill("SIGTERM");
  const killer = setTimeout(() => child.process.kill("SIGKILL"), stopWaitMs);
  const code = await child.ended;
  clearTimeout(killer);
  return code;
}
