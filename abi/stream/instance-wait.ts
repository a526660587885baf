// A stream that found a plugin's pool empty asks again, because most instances come back within microseconds.

import type { TickTarget } from "../host/services.ts";
import type { SlotRun } from "./slot-run.ts";

export interface InstanceRetry {
  retryInstance(run: SlotRun): void;
}

export class InstanceWait implements TickTarget {
  private readonly stream: InstanceRetry;
  private readonly run: SlotRun;

  constructor(stream: InstanceRetry, run: SlotRun) {
    this.stream = stream;
    this.run = run;
  }

  tick(): void {
    this.stream.retryInstance(this.run);
  }
}
