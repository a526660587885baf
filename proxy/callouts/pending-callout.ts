// One callout under way, whatever its protocol: counted when it begins, over exactly once, with a time to be over by.

import type { Callout } from "@sluice/abi";
import { CALLOUT_CELL, CALLOUT_FAILURES } from "../counters/slab.ts";
import type { CalloutDesk } from "./callout-desk.ts";

/** Why a callout has no answer. */
export type CalloutFailure = (typeof CALLOUT_FAILURES)[number];

export abstract class PendingCallout implements Callout {
  protected readonly desk: CalloutDesk;
  private timer: NodeJS.Timeout | null = null;
  private hasEnded = false;

  constructor(desk: CalloutDesk) {
    this.desk = desk;
    desk.begun(this);
  }

  cancel(): void {
    if (!this.over(CALLOUT_CELL.cancelled)) return;
    this.drop();
  }

  /** Ends it from our side; the sink is told within the call. */
  abort(failure: CalloutFailure): void {
    if (!this.over(failureCell(failure))) return;
    this.drop();
    this.tellFailure(failure);
  }

  /** The same, after the caller has returned: a sink is never called within the call that asked. */
  protected abortSoon(failure: CalloutFailure): void {
    // Not a microtask: a filter that asks again in every failure would keep the event loop from all else.
    setImmediate(() => this.abort(failure));
  }

  protected get isOver(): boolean {
    return this.hasEnded;
  }

  protected startDeadline(timeoutMs: number): void {
    this.timer = setTimeout(() => this.overdue(), timeoutMs).unref();
  }

  protected overdue(): void {
    this.abort("timeout");
  }

  /** True once; then the sink may be told. */
  protected answered(): boolean {
    return this.over(CALLOUT_CELL.answered);
  }

  /** Lets go of connection or stream and of what is held; no event of theirs may reach the sink any more. */
  protected abstract drop(): void;
  protected abstract tellFailure(failure: CalloutFailure): void;

  private over(cell: number): boolean {
    if (this.hasEnded) return false;
    this.hasEnded = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.desk.ended(this, cell);
    return true;
  }
}

function failureCell(failure: CalloutFailure): number {
  return CALLOUT_CELL.failed + CALLOUT_FAILURES.indexOf(failure);
}
