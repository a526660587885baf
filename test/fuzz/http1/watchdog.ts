// A thread that ends the process when a case hangs: then nothing else in it can say which one.

import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { CASE_MS_MAX } from "./limits.ts";

const { progress, seed } = workerData as { progress: Int32Array; seed: number };
const STDERR = 2;

for (let seen = progress[0]!; ; seen = progress[0]!) {
  // Woken as soon as the case is over; a case that is not over in time never will be.
  if (Atomics.wait(progress, 0, seen, CASE_MS_MAX) !== "timed-out") continue;
  writeSync(STDERR, `npm run fuzz -- http1 --seed ${seed} --case ${seen}: hangs for ${CASE_MS_MAX} ms\n`);
  process.kill(process.pid, "SIGKILL");
}
