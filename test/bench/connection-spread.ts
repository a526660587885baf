// How evenly the kernel gives connections to workers: each worker has a listening socket of its own in one SO_REUSEPORT group,
// and a hash of the client's address and port chooses. It is told, not bounded: chance decides.

import { told, type Figure } from "./figure.ts";
import { HeldConnections } from "./held-connections.ts";
import type { SluiceContender } from "./sluice.ts";

const COUNTS = [64, 1_000];

export async function measureConnectionSpread(proxy: SluiceContender): Promise<Figure[]> {
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
    told(`${title}: the fullest by the mean`, Math.max(...byWorker) / mean, "x"),
    told(`${title}: the emptiest by the mean`, Math.min(...byWorker) / mean, "x"),
  ];
}

async function connectionsByWorker(proxy: SluiceContender): Promise<number[]> {
  const { workers } = (await proxy.stats()) as { workers: { each: readonly { connections: number }[] } };
  return workers.each.map(({ connections }) => connections);
}
