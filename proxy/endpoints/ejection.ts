// Which endpoints are out because requests to them failed. Pure decisions; main alone takes them, so all workers agree.

import type { OutlierConfig } from "../contract/index.ts";

export interface Ejection {
  /** Asked no more until then; -Infinity: it is not ejected. */
  readonly untilMs: number;
  /** Ejections without a long enough calm between them: each lasts longer. */
  readonly inRow: number;
  readonly total: number;
}

export const NEVER_EJECTED: Ejection = { untilMs: -Infinity, inRow: 0, total: 0 };

export function isEjected({ untilMs }: Ejection, nowMs: number): boolean {
  return untilMs > nowMs;
}

/** One ejection more: the n-th in a row lasts n times as long. */
export function ejectedOnce(
  before: Ejection,
  { ejectionTimeMs, ejectionTimeMaxMs }: OutlierConfig,
  nowMs: number,
): Ejection {
  // Every ejection time that passed in calm since the last one takes one back.
  const calm = Math.max(0, Math.floor((nowMs - before.untilMs) / ejectionTimeMs));
  const inRow = Math.max(0, before.inRow - calm) + 1;
  const lastsMs = Math.min(ejectionTimeMs * inRow, Math.max(ejectionTimeMs, ejectionTimeMaxMs));
  return { untilMs: nowMs + lastsMs, inRow, total: before.total + 1 };
}

/** Whether one more of `all` may go: a fault that all of them share must not take the whole cluster away. */
export function mayEject(ejected: number, all: number, ejectedPercentMax: number): boolean {
  if (ejected + 1 >= all) return false;
  return ejected === 0 ? ejectedPercentMax > 0 : (ejected + 1) * 100 <= all * ejectedPercentMax;
}
