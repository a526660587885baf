// What a kept connection without a request costs the proxy: its memory with many of them, less what it had with few, by
// their number.

import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import type { Contender } from "./contender.ts";
import { atMost, told, type Figure } from "./figure.ts";
import { HeldConnections } from "./held-connections.ts";
import { residentMebibytes } from "./process-tree.ts";

const FEW = 1_000;
const MANY = 11_000;
/** Descriptors that a process needs beside its connections. */
const DESCRIPTORS_SPARE = 512;
/** The engine gives the garbage of the connecting back when nothing has happened for a while. */
const SETTLE_MS = 10_000;
const KIBIBYTES_MAX = 8;

/** The budget is Sluice's; its peers are told. */
export async function measureIdleConnections(
  contenders: readonly Contender[],
  progress: (line: string) => void,
): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const contender of contenders) {
    progress(`idle connections: ${contender.name}`);
    figures.push(...(await measure(contender)));
  }
  return figures;
}

async function measure({ name, url, pid }: Contender): Promise<Figure[]> {
  const held = new HeldConnections(url);
  try {
    await held.grow(FEW);
    await delay(SETTLE_MS);
    const before = residentMebibytes(pid);
    await held.grow(Math.min(MANY, descriptorLimit() - DESCRIPTORS_SPARE));
    await delay(SETTLE_MS);
    const kibibytes = ((residentMebibytes(pid) - before) * 1024) / (held.count - FEW);
    const title = `idle connections, ${name}`;
    return [
      told(`${title}: held`, held.count, ""),
      name.startsWith("sluice")
        ? atMost(`${title}: memory each`, kibibytes, "KiB", KIBIBYTES_MAX)
        : told(`${title}: memory each`, kibibytes, "KiB"),
      atMost(`${title}: lost`, held.lost, "", 0),
    ];
  } finally {
    held.close();
  }
}

/** Node raises its own to the hard limit; what is started here inherits that. */
function descriptorLimit(): number {
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? MANY);
}
