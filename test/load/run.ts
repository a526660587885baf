// `npm run load -- slow-readers|big-bodies|held-crowd|storm`: the long runs of what the gate looks at for seconds. Exit code 1
// when anything went astray.

import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Loopback } from "../../proxy/exchange/loopback.ts";
import { Installation } from "../e2e/installation.ts";
import { chainWith, holdingsOf, NOTHING, watchfulPlugin, type Holdings } from "./books-of-a-proxy.ts";
import { passBigBodies } from "./big-bodies-run.ts";
import { holdCrowd } from "./held-crowd-run.ts";
import { startMarkedOrigin } from "./marked-origin.ts";
import { SlowReaders } from "./slow-readers-run.ts";
import { Storm, STORM_OPTIONS } from "./storm-run.ts";

const EXTRA_MEBIBYTES_MAX = 64;
const CALM_MS_MAX = 15_000;
const NO_FILTERS = "apiVersion: sluice/v1\nkind: Deployment\nname: default\nslots: []\n";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "60" },
    connections: { type: "string", default: "10000" },
    clients: { type: "string", default: "16" },
    mebibytes: { type: "string", default: "2048" },
    workers: { type: "string", default: "2" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
  },
});
const [seconds, workers] = [Number(values.seconds), Number(values.workers)];

/** Resolves with what went astray. */
const runs: Record<string, () => Promise<readonly string[]>> = {
  "slow-readers": runSlowReaders,
  "big-bodies": runBigBodies,
  "held-crowd": runHeldCrowd,
  storm: runStorm,
};

const run = runs[positionals[0] ?? ""];
if (run === undefined) {
  console.error(
    `usage: npm run load -- ${Object.keys(runs).join("|")} [--seconds 60] [--workers 2] [--clients 16] [--connections 10000] [--mebibytes 2048] [--seed N]`,
  );
  process.exit(2);
}
const faults = await run();
for (const fault of faults.slice(0, 20)) console.log(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

async function runSlowReaders(): Promise<readonly string[]> {
  const installation = await Installation.create();
  const origin = await startMarkedOrigin();
  try {
    const { port } = await installation.startProxy("slow", {
      workers,
      deployment: NO_FILTERS,
      sinks: "[]",
      originPort: origin.port,
      routeTimeout: "10m",
    });
    const clients = Number(values.clients);
    const figures = await SlowReaders.run({ port, seconds, slowClients: clients, fastClients: clients });
    const mebibytes = Math.round(figures.bytes / 1_048_576);
    console.log(`${figures.streams} streams with ${mebibytes} MiB of marked bytes, ${figures.faults.length} faults`);
    return [...figures.faults, ...origin.faults];
  } finally {
    await installation.close();
    await origin.close();
  }
}

async function runBigBodies(): Promise<readonly string[]> {
  const mebibytes = Number(values.mebibytes);
  const figures = await passBigBodies(mebibytes * 1_048_576);
  const extra = figures.extraMebibytes.toFixed(1);
  console.log(
    `${mebibytes} MiB down, then up and back in ${figures.seconds.toFixed(0)} s: ${extra} MiB of extra memory`,
  );
  const isTooMuch = figures.extraMebibytes > EXTRA_MEBIBYTES_MAX;
  return [...figures.faults, ...(isTooMuch ? [`that is more than ${EXTRA_MEBIBYTES_MAX} MiB`] : [])];
}

async function runHeldCrowd(): Promise<readonly string[]> {
  const connections = Number(values.connections);
  const { lost, reloads, spread, bytesPerConnection } = await holdCrowd({ connections, seconds, workers });
  console.log(
    `${connections} connections over ${reloads} reloads: ${lost} lost, ${Math.round(bytesPerConnection)} bytes each, by worker ${spread.join(" and ")}`,
  );
  return lost > 0 ? [`${lost} connections were lost`] : [];
}

/** In this process, where all that a proxy holds can be counted. */
async function runStorm(): Promise<readonly string[]> {
  const [seed, clients] = [Number(values.seed), Number(values.connections)];
  const plugin = await watchfulPlugin();
  const storm = new Storm({ seed, clients, abreast: 100 });
  const loopback = await Loopback.start({ ...STORM_OPTIONS, upstream: storm.upstream, chain: chainWith(plugin) });
  const { wholeAnswers, faults } = await storm.blow(loopback);
  const left = await untilNothing(loopback);
  await loopback.stop();
  plugin.close();
  console.log(`seed ${seed}: ${clients} clients, ${loopback.seen.length} streams, ${wholeAnswers} whole answers`);
  console.log(`left: ${JSON.stringify(left)}, ${plugin.instancesLive} instances`);
  const isClean = JSON.stringify(left) === JSON.stringify(NOTHING) && plugin.instancesLive === 0;
  return isClean ? faults : [...faults, "something was left when all was over"];
}

async function untilNothing(loopback: Loopback): Promise<Holdings> {
  const boundMs = performance.now() + CALM_MS_MAX;
  let left = holdingsOf(loopback);
  while (JSON.stringify(left) !== JSON.stringify(NOTHING) && performance.now() < boundMs) {
    await delay(100);
    left = holdingsOf(loopback);
  }
  return left;
}
