// What tells a worker that it is asked for more than it can do. Each signal is a share: 1 is full.

import { closeSync, openSync, statSync } from "node:fs";
import { LATE_LOOKS, LOOP_SAMPLE_MS, OTHER_DESCRIPTORS } from "./limits.ts";

export const SIGNALS = ["loopDelay", "bytes", "descriptors", "pending"] as const;

export type SignalName = (typeof SIGNALS)[number];

/** Shares by signal; reused, valid until the next look. */
export type SignalShares = Record<SignalName, number>;

/**
 * How late the event loop is, in ms: the median since the last look, and of those the least of the last looks. Node's own
 * histogram drops the first sample after each reset, which is the only one when turns are long.
 */
export class LoopDelay {
  private readonly samples: number[] = [];
  private readonly medians = new Float64Array(LATE_LOOKS);
  private looks = 0;
  private sampledMs = 0;
  private sampler: NodeJS.Timeout | null = null;

  start(): void {
    this.sampledMs = performance.now();
    this.sampler = setInterval(() => this.sample(), LOOP_SAMPLE_MS);
  }

  stop(): void {
    if (this.sampler !== null) clearInterval(this.sampler);
  }

  look(): number {
    // Both may be due in one turn; the sample that has not run yet is what the look is about.
    if (this.samples.length === 0) this.sample();
    const sorted = this.samples.sort((a, b) => a - b);
    this.medians[this.looks++ % LATE_LOOKS] = sorted[sorted.length >> 1]!;
    this.samples.length = 0;
    return Math.min(...this.medians);
  }

  private sample(): void {
    const nowMs = performance.now();
    this.samples.push(Math.max(0, nowMs - this.sampledMs - LOOP_SAMPLE_MS));
    this.sampledMs = nowMs;
  }
}

const OPEN_DESCRIPTORS = "/proc/self/fd";

/**
 * How many descriptors the process has in use, of `limit`. Linux has told that as the folder's size since 6.2, in some
 * microseconds. Elsewhere it is what `connections` take and room for the rest, until not one more is to be had. (The number
 * of a fresh one is no measure: it is the lowest free one, and connections leave holes.)
 */
export function descriptorsUsed(limit: number, connections: number, folder = OPEN_DESCRIPTORS): number {
  const counted = statSync(folder, { throwIfNoEntry: false })?.size ?? 0;
  if (counted > 0) return counted;
  return hasDescriptor() ? Math.min(limit, connections + OTHER_DESCRIPTORS) : limit;
}

function hasDescriptor(): boolean {
  try {
    closeSync(openSync("/dev/null", "r"));
    return true;
  } catch {
    return false;
  }
}
