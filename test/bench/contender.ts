// What is compared: a proxy on a port of its own, started pinned to cores of its own in a temporary folder.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export interface Contender {
  readonly name: string;
  readonly url: string;
  /** The process whose tree is charged. */
  readonly pid: number;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const RETRY_MS = 50;

/** Starts a program pinned to `cores` and waits until `port` answers. Its output is shown only when it fails. */
export async function startPinned(options: {
  name: string;
  command: readonly string[];
  cores: readonly number[];
  port: number;
  path?: string;
}): Promise<Contender> {
  const { name, command, cores, port } = options;
  const child = spawn("taskset", ["-c", cores.join(","), ...command], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => (output = (output + String(chunk)).slice(-4000)));
  try {
    await untilListening(child, port, () => `${name} did not start:\n${output}`);
  } catch (error) {
    child.kill("SIGTERM");
    throw error;
  }
  return {
    name,
    url: `http://127.0.0.1:${port}${options.path ?? "/"}`,
    pid: child.pid!,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

async function untilListening(child: ChildProcess, port: number, failure: () => string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(failure());
    await delay(RETRY_MS);
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
