// What the record says of one slot of a stream.

import { CAUSE, type CauseName } from "./cause.ts";
import type { Addition } from "./additions.ts";
import type { QuotaUse } from "./reservations.ts";
import type { SlotRun } from "./slot-run.ts";
import { codeName, type VerdictKind } from "./verdict.ts";

/** What became of one slot in a stream; valid until the stream's end. */
export interface SlotReport {
  readonly slot: string;
  /** The slot's place in the chain, and the place of the revision that served among the slot's revisions. */
  readonly index: number;
  readonly arm: number;
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  readonly verdict: VerdictKind;
  /** google.rpc code name of a deny, else null. */
  readonly code: string | null;
  readonly reason: string | null;
  readonly cached: boolean;
  /** Fuel spent by this stream's callbacks so far. */
  readonly fuel: number;
  /** Wall time of its callbacks so far, to a tenth; null in a stream that is not timed. */
  readonly durationUs: number | null;
  /** When its first callback began, by the clock the stream is timed by; null in one that is not timed, and before it. */
  readonly startedMs: number | null;
  readonly dryRun: boolean;
  readonly error: { readonly cause: CauseName; readonly message: string; readonly at: string | null } | null;
  /** What the slot asked of quotas, peeks left out. */
  readonly quotas: readonly QuotaUse[];
  readonly additions: Readonly<Record<string, Addition>>;
}

/** The figures behind a report, for who only counts: no report is made. Valid until the stream's end. */
export interface SlotFigures {
  /** As in the report. */
  readonly index: number;
  readonly arm: number;
  readonly verdict: VerdictKind;
  /** google.rpc code of a deny, -1 without one. */
  readonly code: number;
  readonly fuel: number;
  /** Wall time of its callbacks so far; 0 in a stream that is not timed. */
  readonly durationMs: number;
  /** Negative in a stream that is not timed, and before its first callback. */
  readonly startedMs: number;
  /** A bit of CAUSE; 0 while all is well. */
  readonly failureCause: number;
}

export function reportOf(run: SlotRun, quotas: readonly QuotaUse[], isTimed: boolean): SlotReport {
  const slot = run.slot!;
  const { filter, version, revision } = run.revision!;
  return {
    slot: slot.name,
    index: slot.index,
    arm: run.arm,
    filter,
    version,
    revision,
    verdict: run.verdict,
    code: codeName(run.code),
    reason: run.reason,
    cached: false,
    fuel: run.fuel,
    durationUs: isTimed ? Math.round(run.durationMs * 10_000) / 10 : null,
    startedMs: run.startedMs < 0 ? null : run.startedMs,
    dryRun: slot.dryRun,
    error:
      run.failureCause === 0
        ? null
        : { cause: causeName(run.failureCause), message: run.failureMessage!, at: run.failureAt },
    quotas,
    additions: run.additions.toObject(),
  };
}

function causeName(cause: number): CauseName {
  return (Object.keys(CAUSE) as CauseName[]).find((name) => CAUSE[name] === cause)!;
}
