// A program of ours as a child process: what it printed, waiting for a condition, ending it.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";

const sluiceFile = join(import.meta.dirname, "../../bin/sluice.js");

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<ProgramEnd>;
  stdout = "";
  stderr = "";
  readonly #name: string;

  /** Starts `sluice ARGS` in `cwd` with this process's Node. */
  static sluice(args: readonly string[], options: { cwd: string; env?: Record<string, string> }): Program {
    return new Program(process.execPath, [sluiceFile, ...args], options);
  }

  constructor(program: string, args: readonly string[], options: { cwd: string; env?: Record<string, string> }) {
    this.#name = args.slice(1, 3).join(" ");
    this.child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.on("data", (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = new Promise((resolve) => this.child.once("close", (code, signal) => resolve({ code, signal })));
  }

  /** The records the program printed: one JSON line each. */
  get jsonLines(): Record<string, unknown>[] {
    const lines = this.stdout.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Resolves when `condition` holds; throws with what the program said when it ends first or `timeoutMs` is over. */
  async until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    await until(
      () => this.#describe(what),
      condition,
      timeoutMs,
      () => this.child.exitCode !== null,
    );
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<ProgramEnd> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
    return this.ended;
  }

  #describe(what: string): string {
    return `${this.#name}: ${what} did not happen\nstdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr.slice(-4000)}`;
  }
}

/** Looks every 20 ms until `condition` holds. What crosses processes has no event to wait for. */
export async function until(
  describe: () => string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
  isHopeless: () => boolean = () => false,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs || isHopeless()) throw new Error(describe());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
