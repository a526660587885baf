// `npm run fuzz [-- --seed N] [--cases N] [--case N]`: mutants in a child process with bounds of time and memory. A crash or a
// hang is named by its case, and the rest goes on in a new child. Exit code 1 when anything was found.
// `npm run fuzz -- http1 …` makes mutants of messages instead of modules: `http1/run.ts`.

import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { parseArgs } from "node:util";
import { fuzzHttp1 } from "./http1/run.ts";
import { CASE_MS_MAX, FINDINGS_MAX, HEAP_MIB_MAX, START_MS_MAX } from "./limits.ts";

const CHILD = new URL("./child.ts", import.meta.url).pathname;
const PROGRESS_EVERY = 5_000;

if (process.argv[2] === "http1") process.exit(await fuzzHttp1(process.argv.slice(3)));

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    cases: { type: "string", default: "100000" },
    case: { type: "string" },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const from = values.case === undefined ? 0 : Number(values.case);
const to = values.case === undefined ? Number(values.cases) : from + 1;
if (![seed, from, to].every((number) => Number.isSafeInteger(number) && number >= 0)) {
  console.error("usage: npm run fuzz [-- --seed N] [--cases N] [--case N]");
  process.exit(2);
}

class Fuzzing {
  readonly counts = new Map<string, number>();
  readonly findings: string[] = [];
  private next = from;
  private readonly startedMs = performance.now();

  async run(): Promise<void> {
    while (this.next < to && this.findings.length < FINDINGS_MAX) await this.runChild();
  }

  report(): void {
    const rows = [...this.counts].toSorted(([, a], [, b]) => b - a);
    for (const [outcome, count] of rows) console.log(`${String(count).padStart(8)}  ${outcome}`);
    console.log(`${this.next - from} cases of seed ${seed} in ${this.seconds} s, ${this.findings.length} findings`);
    for (const finding of this.findings) console.log(finding);
  }

  /** One child, until it is through, dies or hangs. */
  private async runChild(): Promise<void> {
    const child = spawn(
      process.execPath,
      ["--expose-gc", `--max-old-space-size=${HEAP_MIB_MAX}`, CHILD, String(seed), String(this.next), String(to)],
      { stdio: ["ignore", "inherit", "inherit", "pipe"] },
    );
    const watch = new Watch(child);
    let current: number | null = null;
    let isThrough = false;
    for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
      watch.alive();
      const [kind, ...words] = line.split(" ");
      const text = words.join(" ");
      if (kind === "case") current = Number(text);
      else if (kind === "outcome") this.passed(text);
      else if (kind === "finding") this.found(current, text);
      else if (kind === "end") isThrough = true;
    }
    const how = await watch.ended;
    if (isThrough) return;
    if (current === null) throw new Error(`the process of the mutants did not begin: ${how}`);
    // Told before it began, and never how it ended.
    this.next = current + 1;
    this.findings.push(this.title(current, how));
  }

  private passed(outcome: string): void {
    this.counts.set(outcome, (this.counts.get(outcome) ?? 0) + 1);
    this.next++;
    if (this.next % PROGRESS_EVERY === 0) console.log(`${this.next} of ${to}, ${this.seconds} s`);
  }

  private found(number: number | null, text: string): void {
    this.findings.push(this.title(number ?? this.next, text));
    this.next = (number ?? this.next) + 1;
  }

  private title(number: number, what: string): string {
    return `npm run fuzz -- --seed ${seed} --case ${number}: ${what}`;
  }

  private get seconds(): number {
    return Math.round((performance.now() - this.startedMs) / 1_000);
  }
}

/** Kills a child that has told nothing for too long. */
class Watch {
  /** How it ended. */
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private timer: NodeJS.Timeout;
  private hungMs: number | null = null;

  constructor(child: ChildProcess) {
    this.child = child;
    this.timer = this.killAfter(START_MS_MAX);
    this.ended = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        clearTimeout(this.timer);
        const death = `the process died (${signal ?? `exit code ${code}`})`;
        resolve(this.hungMs === null ? death : `hangs: nothing for ${this.hungMs} ms`);
      });
    });
  }

  alive(): void {
    clearTimeout(this.timer);
    this.timer = this.killAfter(CASE_MS_MAX);
  }

  private killAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.hungMs = ms;
      this.child.kill("SIGKILL");
    }, ms);
  }
}

console.log(`seed ${seed}, cases ${from} to ${to - 1}`);
const fuzzing = new Fuzzing();
await fuzzing.run();
fuzzing.report();
process.exitCode = fuzzing.findings.length > 0 ? 1 : 0;
