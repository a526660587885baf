// One child process and its bounds: it is killed when it takes too long or too much, and what became of it is told as a
// report either way.
import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ErrorRow } from "../errors.ts";
import { ABI_ERRORS } from "../error-table.ts";
import { TRIAL_HEAP_MIB, TRIAL_START_MS, TRIAL_STDERR_BYTES, TRIAL_WATCH_MS } from "./limits.ts";
import { residentBytes } from "./resident-memory.ts";
import type { TrialInput, TrialMessage, TrialReport, TrialStep } from "./trial-report.ts";

/** What a trial may take of time and memory. */
export interface TrialBounds {
  readonly wallMs: number;
  readonly residentBytes: number;
}

const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));
const MIB = 1024 * 1024;

export class TrialChild {
  private readonly process: ChildProcess;
  private readonly ready: Promise<void>;
  private readonly ended: Promise<string>;
  private step: TrialStep | null = null;
  private stderr = "";

  constructor() {
    // No environment of ours: a module must not be able to learn what the operator keeps there.
    this.process = fork(CHILD, [], {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      env: compileCacheOf(process.env),
      execArgv: [...conditionsOf(process.execArgv), `--max-old-space-size=${TRIAL_HEAP_MIB}`],
    });
    this.ended = new Promise((resolve) => {
      this.process.once("error", (error) => resolve(error.message));
      this.process.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    this.ready = new Promise((resolve) => {
      this.process.on("message", (message: TrialMessage) => {
        if (message.kind === "ready") resolve();
        else if (message.kind === "step") this.step = message.step;
      });
    });
    this.process.stderr!.on("data", (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString("latin1")).slice(-TRIAL_STDERR_BYTES);
    });
  }

  /** Lets the parent end while this child only waits. */
  unref(): void {
    this.process.unref();
    this.process.channel?.unref();
    (this.process.stderr as unknown as { unref(): void }).unref();
  }

  kill(): void {
    this.process.kill("SIGKILL");
  }

  /** True until the process ended. */
  get isAlive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Runs one trial and kills the child. */
  async try(input: TrialInput, bounds: TrialBounds): Promise<TrialReport> {
    const watch = new Watch();
    this.process.ref();
    this.process.channel?.ref();
    try {
      const startedMs = performance.now();
      const started = await Promise.race([this.ready.then(() => null), this.failed(), watch.after(TRIAL_START_MS)]);
      if (started !== null) return refusedReport(this.cause(started, bounds), startedMs);
      return await this.tryReady(input, bounds, watch);
    } finally {
      watch.stop();
      this.kill();
    }
  }

  private async tryReady(input: TrialInput, bounds: TrialBounds, watch: Watch): Promise<TrialReport> {
    const startedMs = performance.now();
    const answered = new Promise<TrialReport>((resolve) => {
      this.process.on("message", (message: TrialMessage) => {
        if (message.kind === "report") resolve(message.report);
      });
    });
    this.process.send(input);
    const result = await Promise.race([
      answered,
      this.failed(),
      watch.after(bounds.wallMs),
      watch.untilAbove(this.process.pid!, bounds.residentBytes),
    ]);
    return typeof result === "object" && "ok" in result ? result : refusedReport(this.cause(result, bounds), startedMs);
  }

  private async failed(): Promise<Failed> {
    return { by: "death", how: await this.ended };
  }

  private cause({ by, how }: Failed, bounds: TrialBounds): { readonly row: ErrorRow; readonly message: string } {
    const step = this.step ?? "waiting for its process";
    if (by === "time") return { row: ABI_ERRORS.trialTimedOut, message: `The module was still ${step} after ${how}` };
    const outOfHeap = /heap (limit|out of memory)/i.test(this.stderr);
    if (by === "memory" || outOfHeap) {
      const bound = by === "memory" ? bounds.residentBytes / MIB : TRIAL_HEAP_MIB;
      return { row: ABI_ERRORS.trialMemory, message: `The module took more than ${bound} MiB while it was ${step}` };
    }
    return {
      row: ABI_ERRORS.trialDied,
      message: `The module's process died (${how}) while it was ${step}${this.lastWords()}`,
    };
  }

  private lastWords(): string {
    const line = this.stderr.split("\n").find((each) => each.startsWith("# Fatal") || /Error: /.test(each));
    return line === undefined ? "" : `: ${line.slice(0, 200)}`;
  }
}

interface Failed {
  readonly by: "time" | "memory" | "death";
  readonly how: string;
}

/** The bounds of one trial: timers that end with it. */
class Watch {
  private readonly timers = new Set<NodeJS.Timeout>();

  after(ms: number): Promise<Failed> {
    return new Promise((resolve) => {
      this.timers.add(setTimeout(() => resolve({ by: "time", how: `${ms} ms` }), ms));
    });
  }

  untilAbove(pid: number, bytes: number): Promise<Failed> {
    return new Promise((resolve) => {
      const look = async (): Promise<void> => {
        if ((await residentBytes(pid)) > bytes) resolve({ by: "memory", how: `${bytes} bytes` });
      };
      this.timers.add(setInterval(() => void look(), TRIAL_WATCH_MS));
    });
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
  }
}

function refusedReport(
  { row, message }: { readonly row: ErrorRow; readonly message: string },
  startedMs: number,
): TrialReport {
  return {
    ok: false,
    refusal: { code: row.code, message, hint: row.hint },
    inspection: null,
    configured: false,
    requests: [],
    fuelMax: 0,
    compileMs: 0,
    durationMs: Math.round(performance.now() - startedMs),
  };
}

/** Only what makes the child start faster. */
function compileCacheOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const cache = env["NODE_COMPILE_CACHE"];
  return cache === undefined ? {} : { NODE_COMPILE_CACHE: cache };
}

/** How packages resolve, so that the child reads the same files as we do: `-C x`, `--conditions x`, `--conditions=x`. */
function conditionsOf(args: readonly string[]): string[] {
  return args.filter((arg, at) => {
    const named = arg === "-C" || arg === "--conditions";
    const value = at > 0 && (args[at - 1] === "-C" || args[at - 1] === "--conditions");
    return named || value || arg.startsWith("--conditions=");
  });
}
