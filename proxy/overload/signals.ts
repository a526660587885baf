// What tells a worker that it is asked for more than it can do. Each signal is a share: 1 is full.

import { closeSync, openSync } from "node:fs";
import { LATE_LOOKS, LOOP_SAMPLE_MS } from "./limits.ts";

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

/**
 * How many descriptors of the process are in use: the system hands out the lowest free one, so a fresh one's number says
 * how far they are from their end, whoever holds them. It costs an open and a close, some microseconds.
 */
export function descriptorsUsed(limit: number): number {
  try {
    const descriptor = openSync("/dev/null", "r");
    closeSync(descriptor);
    return descriptor;
  } catch {
    return limit;
  }
}
