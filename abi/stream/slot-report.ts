// What the record says of one slot of a stream.

import { CAUSE, type CauseName } from "./cause.ts";
import type { Addition } from "./additions.ts";
import type { SlotRun } from "./slot-run.ts";
import { codeName, type VerdictKind } from "./verdict.ts";

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
  readonly durationUs: number | null;
  readonly dryRun: boolean;
  readonly error: { readonly cause: CauseName; readonly message: string; readonly at: string | null } | null;
  readonly quotas: readonly [];
  readonly additions: Readonly<Record<string, Addition>>;
}

export function reportOf(run: SlotRun): SlotReport {
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
    durationUs: null,
    dryRun: slot.dryRun,
    error:
      run.failureCause === 0
        ? null
        : { cause: causeName(run.failureCause), message: run.failureMessage!, at: run.failureAt },
    quotas: [],
    additions: run.additions.toObject(),
  };
}

function causeName(cause: number): CauseName {
  return (Object.keys(CAUSE) as CauseName[]).find((name) => CAUSE[name] === cause)!;
}
