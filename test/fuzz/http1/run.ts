// `npm run fuzz -- http1 [--minutes M] [--seed N] [--case N]`: mutants of requests and answers for ten minutes. Each
// finding is printed with the words that repeat it; exit code 1 when there is one.

import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { FINDINGS_MAX, GROWTH_BYTES_MAX, MINUTES_DEFAULT, REPORT_EVERY } from "./limits.ts";
import { Http1Fuzz } from "./fuzz-case.ts";

export async function fuzzHttp1(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: String(MINUTES_DEFAULT) },
      seed: { type: "string" },
      case: { type: "string" },
    },
  });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  const untilMs = performance.now() + Number(values.minutes) * 60_000;
  const only = values.case === undefined ? null : Number(values.case);
  if (![seed, untilMs, only ?? 0].every((number) => Number.isFinite(number) && number >= 0)) {
    console.error("usage: npm run fuzz -- http1 [--minutes M] [--seed N] [--case N]");
    return 2;
  }
  return run(seed, only, untilMs);
}

async function run(seed: number, only: number | null, untilMs: number): Promise<number> {
  const counts = new Map<string, number>();
  let findings = 0;
  let fuzz = await Http1Fuzz.open();
  let number = only ?? 0;
  const watchdog = new Watchdog(seed);
  const startBytes = heldBytes();
  for (; findings < FINDINGS_MAX && performance.now() < untilMs; number++) {
    watchdog.begins(number);
    try {
      const outcome = await fuzz.run(seed, number);
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    } catch (error) {
      findings++;
      console.log(`npm run fuzz -- http1 --seed ${seed} --case ${number}: ${(error as Error).stack}`);
      // What a failed case left behind is not the next one's.
      await fuzz.close();
      fuzz = await Http1Fuzz.open();
    }
    if (number % REPORT_EVERY === REPORT_EVERY - 1) console.log(`${number + 1} cases`);
    if (only !== null) break;
  }
  await watchdog.stop();
  await fuzz.close();
  for (const [outcome, count] of counts) console.log(`${String(count).padStart(9)}  ${outcome}`);
  const grownBytes = heldBytes() - startBytes;
  console.log(
    `${number - (only ?? 0)} cases of seed ${seed}, ${findings} findings, memory grew by ${grownBytes} bytes`,
  );
  return findings > 0 || grownBytes > GROWTH_BYTES_MAX ? 1 : 0;
}

/** Ends the process when a case hangs. */
class Watchdog {
  private readonly progress = new Int32Array(new SharedArrayBuffer(4));
  private readonly thread: Worker;

  constructor(seed: number) {
    const workerData = { progress: this.progress, seed };
    this.thread = new Worker(new URL("./watchdog.ts", import.meta.url), { workerData });
  }

  begins(number: number): void {
    Atomics.store(this.progress, 0, number);
    Atomics.notify(this.progress, 0);
  }

  async stop(): Promise<void> {
    await this.thread.terminate();
  }
}

/** Heap and buffers that are reachable. */
function heldBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
