// HOT: bench abi.
// What the slots of one stream took out of quotas. A slot has one reservation for a quota and key, however often it asks:
// a check that runs again costs nothing again. Spent when the head goes upstream; given back when it does not, and when the
// callback that took it fails.

import type { Quota, QuotaAnswer, QuotaReservation } from "../quota/quota-backend.ts";
import { RESERVATIONS_MAX } from "./limits.ts";

/** One question and its answer, as the record tells it. */
export interface QuotaUse {
  readonly name: string;
  readonly amount: number;
  readonly granted: number;
  readonly retryAfterMs: number;
}

interface Reserved {
  readonly slot: number;
  readonly quota: string;
  readonly key: Uint8Array;
  readonly amount: number;
  readonly reservation: QuotaReservation;
}

const NONE: readonly QuotaUse[] = [];

export class Reservations {
  private readonly all: Reserved[] = [];
  /** How many of them belong to callbacks that have returned. */
  private committed = 0;
  /** How many of them are spent or given back. */
  private settled = 0;
  private isSpending = false;

  clear(): void {
    if (this.all.length > 0) this.all.length = 0;
    this.committed = 0;
    this.settled = 0;
    this.isSpending = false;
  }

  /** The answer that was given before, or a new one; null when the stream has too many. `key` is copied. */
  ask(slot: number, quota: Quota, key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer | null {
    for (const known of this.all) {
      if (known.slot === slot && known.quota === quota.name && isSame(known.key, key)) return known.reservation;
    }
    if (this.all.length === RESERVATIONS_MAX) return null;
    const reservation = quota.reserve(key, amount, isBestEffort);
    this.all.push({ slot, quota: quota.name, key: key.slice(), amount, reservation });
    return reservation;
  }

  /** The callback has returned. */
  commit(): void {
    this.committed = this.all.length;
    if (this.isSpending) this.settled = this.committed;
  }

  /** The callback has failed: what it took is given back, and forgotten. */
  rollback(): void {
    for (let i = Math.max(this.committed, this.settled); i < this.all.length; i++) this.all[i]!.reservation.giveBack();
    this.all.length = this.committed;
    this.settled = Math.min(this.settled, this.committed);
  }

  /** The head went upstream: what was taken is spent, and so is what later callbacks take. */
  spend(): void {
    this.isSpending = true;
    this.settled = this.all.length;
  }

  /** The head will not go upstream. Without effect on what is spent. */
  giveBack(): void {
    for (; this.settled < this.all.length; this.settled++) this.all[this.settled]!.reservation.giveBack();
  }

  usesOf(slot: number): readonly QuotaUse[] {
    if (this.all.length === 0) return NONE;
    return this.all
      .filter((one) => one.slot === slot)
      .map(({ quota, amount, reservation: { granted, retryAfterMs } }) => {
        return { name: quota, amount, granted, retryAfterMs };
      });
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
