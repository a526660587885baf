// `npm run soak [-- --minutes 10] [--connections 64] [--workers 2]`: exit code 1 when anything but requests on killed
// workers' connections was lost, or memory grows.

import { parseArgs } from "node:util";
import { growthMebibytes, Soak } from "./soak-run.ts";

const PERIOD_SECONDS = 20;
/** What the heaps of a proxy breathe by. */
const GROWTH_MEBIBYTES_MAX = 32;

/** A process for trials that was not there at first, and what a worker opens for itself. */
const DESCRIPTORS_MORE_MAX = 64;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    connections: { type: "string", default: "64" },
    workers: { type: "string", default: "2" },
  },
});
const figures = await Soak.run({
  seconds: Number(values.minutes) * 60,
  periodSeconds: PERIOD_SECONDS,
  connections: Number(values.connections),
  workers: Number(values.workers),
  progress: (line) => console.log(line),
});
for (const { kind, number, what } of figures.faults.slice(0, 20)) console.log(`${kind}: request ${number}: ${what}`);
const growth = growthMebibytes(figures.residentMebibytes);
console.log(
  `memory of the last third above the one before: ${growth.toFixed(1)} MiB (at most ${GROWTH_MEBIBYTES_MAX})`,
);
const { left, moreDescriptors } = figures;
console.log(`left: ${JSON.stringify(left)}, ${moreDescriptors} more descriptors than before`);
const isAnythingLeft = left.connections + left.streams + left.bytes !== 0 || moreDescriptors > DESCRIPTORS_MORE_MAX;
process.exitCode = figures.faults.length > 0 || growth > GROWTH_MEBIBYTES_MAX || isAnythingLeft ? 1 : 0;
