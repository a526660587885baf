// How evenly the kernel gives connections to workers: each worker has a listening socket of its own in one SO_REUSEPORT group,
// and a hash of the client's address and port chooses. It is told, not bounded: chance decides.

import { setTimeout as delay } from "node:timers/promises";

import { told, type Figure } from "./figure.ts";
import { HeldConnections } from "./held-connections.ts";
import type { SluiceContender } from "./sluice.ts";

const COUNTS = [64, 1_000];
const STATS_EVERY_MS = 50;

export async function measureConnectionSpread(proxy: SluiceContender, workers: number): Promise<Figure[]> {
  // Its port answers as soon as the first of them listens.
  while ((await workersOf(proxy)).serving < workers) await delay(STATS_EVERY_MS);
  const held = new HeldConnections(proxy.url);
  const figures: Figure[] = [];
  try {
    for (const count of COUNTS) {
      await held.grow(count);
      figures.push(...spreadOf(count, await connectionsByWorker(proxy)));
    }
    return figures;
  } finally {
    held.close();
  }
}

function spreadOf(count: number, byWorker: readonly number[]): Figure[] {
  const mean = byWorker.reduce((sum, one) => sum + one, 0) / byWorker.length;
  const title = `connection-spread, ${count} connections over ${byWorker.length} workers`;
  return [
    told(`${title}: fullest worker by the mean`, Math.max(...byWorker) / mean, "x"),
    told(`${title}: emptiest worker by the mean`, Math.min(...byWorker) / mean, "x"),
  ];
}

async function connectionsByWorker(proxy: SluiceContender): Promise<number[]> {
  return (await workersOf(proxy)).each.map(({ connections }) => connections);
}

interface Workers {
  readonly serving: number;
  readonly each: readonly { readonly connections: number }[];
}

async function workersOf(proxy: SluiceContender): Promise<Workers> {
  return ((await proxy.stats()) as { workers: Workers }).workers;
}
