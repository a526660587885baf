// What tells a worker that it is asked for more than it can do. Each signal is a share: 1 is full.

import { closeSync, openSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { LATE_LOOKS, LOOP_SAMPLE_MS } from "./limits.ts";

export const SIGNALS = ["loopDelay", "bytes", "descriptors", "pending"] as const;

export type SignalName = (typeof SIGNALS)[number];

/** Shares by signal; reused, valid until the next look. */
export type SignalShares = Record<SignalName, number>;

const NS_PER_MS = 1e6;

/** How late the event loop is, in ms: the median since the last look, and of those the least of the last looks. */
export class LoopDelay {
  private readonly samples = monitorEventLoopDelay({ resolution: LOOP_SAMPLE_MS });
  private readonly medians = new Float64Array(LATE_LOOKS);
  private looks = 0;

  start(): void {
    this.samples.enable();
  }

  stop(): void {
    this.samples.disable();
  }

  look(): number {
    // A sample counts from the one before it, so it is the interval when nothing is late.
    const late = this.samples.count === 0 ? 0 : this.samples.percentile(50) / NS_PER_MS - LOOP_SAMPLE_MS;
    this.samples.reset();
    this.medians[this.looks++ % LATE_LOOKS] = Math.max(0, late);
    return Math.min(...this.medians);
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
