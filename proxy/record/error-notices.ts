// Tells main of slots that fail: the first of a kind at once, then at most one a second with the number of those that
// were alike. A request that makes a filter fail cannot flood the log.

import type { SlotReport } from "@sluice/abi";
import type { SlotErrorNotice } from "../worker/messages.ts";

const NOTICE_INTERVAL_MS = 1000;
const KINDS_MAX = 1024;

export class ErrorNotices {
  private readonly kinds = new Map<string, { toldMs: number; count: number }>();
  private readonly tell: (notice: SlotErrorNotice) => void;

  constructor(tell: (notice: SlotErrorNotice) => void) {
    this.tell = tell;
  }

  /** `report.error` is not null. */
  note(report: SlotReport, nowMs: number): void {
    const { cause, message, at } = report.error!;
    const key = `${report.slot} ${report.revision} ${cause}`;
    const kind = this.kinds.get(key) ?? { toldMs: -Infinity, count: 0 };
    kind.count++;
    if (nowMs - kind.toldMs >= NOTICE_INTERVAL_MS) {
      const { slot, filter, revision } = report;
      this.tell({ slot, filter, revision, cause, message, at, timeMs: nowMs, count: kind.count });
      kind.toldMs = nowMs;
      kind.count = 0;
    }
    if (this.kinds.size >= KINDS_MAX) this.kinds.clear();
    this.kinds.set(key, kind);
  }
}
