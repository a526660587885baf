// Lets a bounded number of filters' log lines a second through to main and says how many it held back.

import type { FilterLog } from "@sluice/abi";
import { FILTER_LOG_LINES_PER_SECOND } from "./limits.ts";
import type { FilterLogNotice } from "./messages.ts";

const WARN = 3;

export class FilterLogGate {
  private readonly tell: (entry: FilterLogNotice) => void;
  private readonly nowMs: () => number;
  private windowMs = -Infinity;
  private passed = 0;
  private held = 0;

  constructor(tell: (entry: FilterLogNotice) => void, nowMs: () => number = Date.now) {
    this.tell = tell;
    this.nowMs = nowMs;
  }

  pass(entry: FilterLog): void {
    const now = this.nowMs();
    if (now - this.windowMs >= 1000) this.open(now, entry);
    if (this.passed >= FILTER_LOG_LINES_PER_SECOND) {
      this.held++;
      return;
    }
    this.passed++;
    const { level, message, source, slot, filter, revision } = entry;
    this.tell({ level, message, source, slot, filter, revision });
  }

  private open(now: number, entry: FilterLog): void {
    const { held } = this;
    this.windowMs = now;
    this.passed = 0;
    this.held = 0;
    if (held === 0) return;
    const { slot, filter, revision } = entry;
    this.tell({
      level: WARN,
      message: `${held} log lines of filters were held back`,
      source: "host",
      slot,
      filter,
      revision,
    });
  }
}
