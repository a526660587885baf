// What one worker has under way to one cluster, by the cluster's name: it outlives the snapshots that name the cluster, so
// bounds and counters hold over reloads.

import { CALLOUT_CELL } from "../counters/slab.ts";
import type { ByteAccount } from "../exchange/byte-account.ts";
import { CALLOUTS_PER_CLUSTER_MAX } from "./limits.ts";
import type { PendingCallout } from "./pending-callout.ts";

export class CalloutDesk {
  /** Bytes that all callouts of the worker hold. */
  readonly account: ByteAccount;
  private readonly row: Float64Array;
  private readonly pending = new Set<PendingCallout>();

  constructor(row: Float64Array, account: ByteAccount) {
    this.row = row;
    this.account = account;
  }

  get live(): number {
    return this.pending.size;
  }

  /** The newest callout is one too many. */
  get isOverfull(): boolean {
    return this.pending.size > CALLOUTS_PER_CLUSTER_MAX || this.account.isOver;
  }

  begun(callout: PendingCallout): void {
    this.row[CALLOUT_CELL.sent]! += 1;
    this.pending.add(callout);
  }

  /** `cell` of the row says how. */
  ended(callout: PendingCallout, cell: number): void {
    this.row[cell]! += 1;
    this.pending.delete(callout);
  }

  /** The worker ends. */
  close(): void {
    for (const callout of this.pending) callout.abort("shutdown");
  }
}
