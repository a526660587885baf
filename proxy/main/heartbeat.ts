// How long a worker has shown no beat, in time that main itself was awake for. A machine that was suspended, a stopped
// process or a starved CPU delays main and workers alike: one look after that must not condemn every worker.

import { HEARTBEAT_CHECK_MS } from "./limits.ts";

/** More than this between two looks was main's own delay and counts for nobody. */
const COUNTED_PER_LOOK_MS = 2 * HEARTBEAT_CHECK_MS;

export class Heartbeat {
  /** Without a beat for so long, as far as main saw. */
  silentMs = 0;
  private beats = 0;
  private lookedMs: number;

  constructor(nowMs: number) {
    this.lookedMs = nowMs;
  }

  /** Notes what the worker's beat count is now; a changed one ends the silence. */
  look(beats: number, nowMs: number): void {
    this.silentMs = beats === this.beats ? this.silentMs + Math.min(nowMs - this.lookedMs, COUNTED_PER_LOOK_MS) : 0;
    this.beats = beats;
    this.lookedMs = nowMs;
  }
}
