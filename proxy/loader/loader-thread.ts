// Main's view of the loader thread: started when first needed, asked one thing at a time, ended when an answer takes too
// long, started anew for the next. What it is given has survived a child process: metered code is contained by its fuel,
// and the compiler has shown that it can bear the module.

import { Worker } from "node:worker_threads";
import { ABI_ERRORS, SluiceError, errorOf } from "@sluice/abi";
import type { ModuleArtifact, PluginSpec } from "@sluice/abi";
import { Serial } from "../main/serial.ts";
import { LOADER_HEAP_MIB, LOADER_START_MS, LOADER_WALL_MS, LOADER_YOUNG_MIB } from "./limits.ts";
import type { FromLoader, LoaderStart, Rehearsal, ToLoader } from "./messages.ts";

const LOADER_FILE = new URL("./loader.ts", import.meta.url);

/** What a module is at, for the sentence of a refusal; the words of a trial in a child process. */
type Step = "waiting for its thread" | "being compiled" | "starting" | "rehearsing";

type Outcome =
  | FromLoader
  | { readonly type: "late"; readonly afterMs: number }
  | { readonly type: "died"; readonly error: Error };

export class LoaderThread {
  private readonly begin: LoaderStart;
  private readonly wallMs: number;
  private readonly serial = new Serial();
  private thread: StartedThread | null = null;

  constructor(begin: LoaderStart, bounds: { readonly wallMs?: number } = {}) {
    this.begin = begin;
    this.wallMs = bounds.wallMs ?? LOADER_WALL_MS;
  }

  /** Starts the thread for a question that is expected. */
  warm(): void {
    this.running();
  }

  /** Inspects, meters and compiles for good, every function at once. Throws the SluiceError of a refusal. */
  async compile(module: Uint8Array, memoryPagesMax: number): Promise<ModuleArtifact> {
    const answer = await this.ask({ type: "compile", module, memoryPagesMax }, "being compiled");
    return (answer as Extract<FromLoader, { type: "compiled" }>).artifact;
  }

  /** Instantiates, starts and configures once. Throws the SluiceError of a refusal. */
  async start(artifact: ModuleArtifact, spec: PluginSpec): Promise<void> {
    await this.ask({ type: "start", artifact, spec }, "starting");
  }

  /** Starts it and plays it requests for so long, so that it is fast when it serves. Throws as `start`. */
  async rehearse(artifact: ModuleArtifact, spec: PluginSpec, withinMs: number): Promise<Rehearsal> {
    const answer = await this.ask({ type: "rehearse", artifact, spec, withinMs }, "rehearsing");
    return (answer as Extract<FromLoader, { type: "rehearsed" }>).rehearsal;
  }

  close(): void {
    this.thread?.end();
    this.thread = null;
  }

  /** In turn, so that a question's time is its own and not that of the one before it. */
  private ask(question: ToLoader, step: Step): Promise<FromLoader> {
    return this.serial.run(async () => {
      const thread = this.running();
      this.judge(await thread.within(LOADER_START_MS, thread.ready), "waiting for its thread");
      return this.judge(await thread.within(this.wallMs, thread.ask(question)), step);
    });
  }

  private running(): StartedThread {
    if (this.thread === null || this.thread.hasEnded) this.thread = new StartedThread(this.begin);
    return this.thread;
  }

  private judge(outcome: Outcome, step: Step): FromLoader {
    if (outcome.type === "refused") throw errorOf(outcome.refusal);
    if (outcome.type !== "late" && outcome.type !== "died") return outcome;
    this.close();
    throw failure(outcome, step);
  }
}

/** One life of the thread. */
class StartedThread {
  readonly ready: Promise<Outcome>;
  hasEnded = false;
  private readonly thread: Worker;
  private readonly died: Promise<Outcome>;

  constructor(begin: LoaderStart) {
    this.thread = new Worker(LOADER_FILE, {
      workerData: begin,
      name: "loader",
      resourceLimits: { maxOldGenerationSizeMb: LOADER_HEAP_MIB, maxYoungGenerationSizeMb: LOADER_YOUNG_MIB },
    });
    this.thread.unref();
    this.thread.once("exit", () => (this.hasEnded = true));
    this.died = new Promise((resolve) => {
      this.thread.once("error", (error: Error) => resolve({ type: "died", error }));
      this.thread.once("exit", (code) => resolve({ type: "died", error: new Error(`exit code ${code}`) }));
    });
    this.ready = this.answer();
  }

  ask(question: ToLoader): Promise<Outcome> {
    const answer = this.answer();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.thread.postMessage(question);
    return answer;
  }

  /** Keeps the process alive until there is an answer, the thread's death, or the time is over. */
  async within(ms: number, answer: Promise<Outcome>): Promise<Outcome> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Outcome>((resolve) => {
      timer = setTimeout(() => resolve({ type: "late", afterMs: ms }), ms);
    });
    try {
      return await Promise.race([answer, this.died, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  end(): void {
    void this.thread.terminate();
  }

  private answer(): Promise<Outcome> {
    return new Promise((resolve) => this.thread.once("message", resolve));
  }
}

/** The sentences and codes that a child process has for the same. */
function failure(outcome: Exclude<Outcome, FromLoader>, step: Step): SluiceError {
  if (outcome.type === "late") {
    return new SluiceError(ABI_ERRORS.trialTimedOut, `The module was still ${step} after ${outcome.afterMs} ms`);
  }
  const { error } = outcome;
  if ((error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY") {
    const message = `The module took more than ${LOADER_HEAP_MIB} MiB while it was ${step}`;
    return new SluiceError(ABI_ERRORS.trialMemory, message);
  }
  const message = `The module's thread died (${error.message}) while it was ${step}`;
  return new SluiceError(ABI_ERRORS.trialDied, message, { cause: error });
}
