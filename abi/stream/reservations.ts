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

/** Kept from stream to stream, with its reservation and room for a key. */
class Reserved {
  slot = 0;
  quota = "";
  amount = 0;
  reservation: QuotaReservation | null = null;
  private key = new Uint8Array(KEPT_KEY_BYTES);
  private keyLength = 0;

  isOf(slot: number, quota: string, key: Uint8Array): boolean {
    if (this.slot !== slot || this.quota !== quota || this.keyLength !== key.length) return false;
    for (let i = 0; i < key.length; i++) if (this.key[i] !== key[i]) return false;
    return true;
  }

  /** By hand: to copy a short key as an array of its own costs more than the quota. */
  keepKey(key: Uint8Array): void {
    this.keyLength = key.length;
    if (key.length > this.key.length) this.key = new Uint8Array(key.length);
    for (let i = 0; i < key.length; i++) this.key[i] = key[i]!;
  }
}

const KEPT_KEY_BYTES = 64;
const NONE: readonly QuotaUse[] = [];

export class Reservations {
  /** The first `count` are this stream's. */
  private readonly all: Reserved[] = [];
  private count = 0;
  /** How many of them belong to callbacks that have returned. */
  private committed = 0;
  /** How many of them are spent or given back. */
  private settled = 0;
  private isSpending = false;

  clear(): void {
    this.count = 0;
    this.committed = 0;
    this.settled = 0;
    this.isSpending = false;
  }

  /** The answer that was given before, or a new one; null when the stream has too many. `key` is copied. */
  ask(slot: number, quota: Quota, key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer | null {
    for (let i = 0; i < this.count; i++) {
      const known = this.all[i]!;
      if (known.isOf(slot, quota.name, key)) return known.reservation;
    }
    if (this.count === RESERVATIONS_MAX) return null;
    const reserved = (this.all[this.count] ??= new Reserved());
    reserved.keepKey(key);
    reserved.slot = slot;
    reserved.quota = quota.name;
    reserved.amount = amount;
    reserved.reservation = quota.reserve(key, amount, isBestEffort, reserved.reservation);
    this.count++;
    return reserved.reservation;
  }

  /** The callback has returned. */
  commit(): void {
    this.committed = this.count;
    if (this.isSpending) this.settled = this.committed;
  }

  /** The callback has failed: what it took is given back, and forgotten. */
  rollback(): void {
    for (let i = Math.max(this.committed, this.settled); i < this.count; i++) this.all[i]!.reservation!.giveBack();
    this.count = this.committed;
    this.settled = Math.min(this.settled, this.committed);
  }

  /** The head went upstream: what was taken is spent, and so is what later callbacks take. */
  spend(): void {
    this.isSpending = true;
    this.settled = this.count;
  }

  /** The head will not go upstream. Without effect on what is spent. */
  giveBack(): void {
    for (; this.settled < this.count; this.settled++) this.all[this.settled]!.reservation!.giveBack();
  }

  usesOf(slot: number): readonly QuotaUse[] {
    if (this.count === 0) return NONE;
    return this.all.slice(0, this.count).flatMap(({ slot: of, quota, amount, reservation }) => {
      if (of !== slot) return [];
      const { granted, retryAfterMs } = reservation!;
      return [{ name: quota, amount, granted, retryAfterMs }];
    });
  }
}
