// How late a worker's event loop was over the last seconds, told by a timer that should fire at a steady pace: what a
// single long callback or a pause for garbage costs everybody else.

import { HEARTBEAT_INTERVAL_MS, LATENESS_WINDOW_MS } from "./limits.ts";

const BEATS = LATENESS_WINDOW_MS / HEARTBEAT_INTERVAL_MS;

export class LoopLateness {
  private readonly lateMs = new Float64Array(BEATS);
  private at = 0;
  private lastMs: number;

  constructor(nowMs: number) {
    this.lastMs = nowMs;
  }

  /** Called every HEARTBEAT_INTERVAL_MS, as far as the loop lets it. */
  beat(nowMs: number): void {
    this.lateMs[this.at] = Math.max(0, nowMs - this.lastMs - HEARTBEAT_INTERVAL_MS);
    this.at = (this.at + 1) % BEATS;
    this.lastMs = nowMs;
  }

  /** The most that a beat of the window was late. */
  get worstMs(): number {
    return this.lateMs.reduce((worst, late) => Math.max(worst, late), 0);
  }
}
