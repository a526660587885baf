// The share of time that a thread's event loop was busy, over the last seconds. Main reads it from outside, so it is also
// told of a worker that is too busy to answer.

import { LOOP_SAMPLES_KEPT, LOOP_SAMPLE_MS } from "./limits.ts";

/** As `performance.eventLoopUtilization()` counts, in ms since the thread began. */
interface LoopTimes {
  readonly idle: number;
  readonly active: number;
}

export class LoopUse {
  private readonly read: () => LoopTimes;
  /** The oldest first. */
  private readonly samples: LoopTimes[] = [];
  private sampledMs = -Infinity;

  constructor(read: () => LoopTimes) {
    this.read = read;
  }

  /** To be called more often than every LOOP_SAMPLE_MS. */
  look(nowMs: number): void {
    if (nowMs - this.sampledMs < LOOP_SAMPLE_MS) return;
    this.sampledMs = nowMs;
    this.samples.push(this.read());
    if (this.samples.length > LOOP_SAMPLES_KEPT) this.samples.shift();
  }

  /** From 0 to 1; null while the thread has not been looked at for long enough. */
  get share(): number | null {
    const [oldest] = this.samples;
    if (oldest === undefined) return null;
    const now = this.read();
    const active = now.active - oldest.active;
    const all = active + now.idle - oldest.idle;
    return all <= 0 ? null : active / all;
  }
}
