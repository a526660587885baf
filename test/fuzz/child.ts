// The process in which mutants run: `child.ts SEED FROM TO`. It tells each case before it begins it, on a pipe that is written at
// once, so that whoever watches knows which one it died or hangs in.
import { writeSync } from "node:fs";
import { runCase } from "./fuzz-case.ts";
import { RESIDENT_BYTES_MAX } from "./limits.ts";
import { mutantOf } from "./mutator.ts";
import { loadSeeds } from "./seeds.ts";

const PROGRESS_FD = 3;
/** Instances are garbage that V8 thinks small: 8 GiB of address space each. */
const COLLECT_EVERY = 100;

const [seed, from, to] = process.argv.slice(2).map(Number) as [number, number, number];
const seeds = await loadSeeds();
const collect = (globalThis as unknown as { gc: () => void }).gc;

for (let number = from; number < to; number++) {
  tell(`case ${number}`);
  tell(outcomeOf(number));
  if (number % COLLECT_EVERY === 0) collect();
  if (process.memoryUsage.rss() > RESIDENT_BYTES_MAX) checkResident();
}
tell("end");

function outcomeOf(number: number): string {
  try {
    const { module, config } = mutantOf(seeds, seed, number);
    return `outcome ${runCase(module, config)}`;
  } catch (error) {
    return `finding ${(error as Error).stack ?? String(error)}`.replaceAll("\n", " | ");
  }
}

function checkResident(): void {
  collect();
  const bytes = process.memoryUsage.rss();
  if (bytes > RESIDENT_BYTES_MAX) tell(`finding the process holds ${bytes} bytes`);
}

function tell(line: string): void {
  writeSync(PROGRESS_FD, `${line}\n`);
}
