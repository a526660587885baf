// HOT: bench proxy.
// The tries of one request whose route retries: whether what has just failed is sent again, when, and what of the
// request's content is kept for it. It never decides once a response head has come that is passed on.
//
//   open ─► begin ─┬─► failed ─┬─► goOn ─► (back-off) ─► owner.sendAgain ─► begin …
//                  │           └─► the owner answers
//                  └─► a head that is passed on ─► settle
//
// One of these belongs to an exchange once it has needed one; a route without `retry` never touches it.

import type { RequestWriter } from "../codec/codec.ts";
import { copy } from "../codec/bytes.ts";
import type { Cluster, RetryPolicy } from "../snapshot/runtime.ts";
import type { ByteAccount } from "./byte-account.ts";
import { EXCHANGE_COUNTER, type WorkerCounters } from "./exchange-counters.ts";
import { RETRIES_LIVE_MIN, RETRY_BACKOFF_MS, RETRY_BACKOFF_MS_MAX } from "./limits.ts";

/** Why a try failed: one of these, or the status that the upstream answered with. */
export const TRY_FAILED = { connect: 1, reset: 2, timeout: 3 } as const;

/** Whose request is tried. */
export interface TryOwner {
  /** The back-off is over. */
  sendAgain(): void;
  /** The running try has not answered within its time. */
  tryOverdue(): void;
  /** What failed would be tried again, but all retries are used (`URX`), or there is no room for more (`UO`). */
  gaveUp(flag: "URX" | "UO"): void;
}

const NO_BYTES = new Uint8Array(0);
const BODY_BYTES_FIRST = 4_096;

export class Tries {
  private readonly owner: TryOwner;
  private readonly account: ByteAccount;
  private readonly counters: WorkerCounters;
  private policy: RetryPolicy | null = null;
  private cluster: Cluster | null = null;
  private left = 0;
  private isIdempotent = false;
  private isSettled = false;
  private isCounted = false;
  private timer: NodeJS.Timeout | null = null;
  private body: Uint8Array = NO_BYTES;
  private bodyBytes = 0;
  private canRepeat = true;
  /** Nothing more of the request comes than is kept. */
  private isWhole = false;
  /** The request has no content. */
  isHeadOnly = false;
  /** The next try begins when the answer that failed is through. */
  isDue = false;
  /** The next try is not to use a connection that was idle: those may be as dead as the one that failed. */
  needsFresh = false;

  constructor(owner: TryOwner, of: { readonly account: ByteAccount; readonly counters: WorkerCounters }) {
    this.owner = owner;
    this.account = of.account;
    this.counters = of.counters;
  }

  open(policy: RetryPolicy, cluster: Cluster, isIdempotent: boolean, isHeadOnly: boolean): void {
    this.policy = policy;
    this.cluster = cluster;
    this.left = policy.attempts;
    this.isIdempotent = isIdempotent;
    this.isHeadOnly = this.isWhole = isHeadOnly;
    this.canRepeat = true;
    this.isSettled = this.isCounted = this.isDue = this.needsFresh = false;
  }

  /** A try was sent. */
  begin(): void {
    const { perTryTimeoutMs } = this.policy!;
    this.stopTimer();
    if (perTryTimeoutMs > 0) this.timer = setTimeout(overdue, perTryTimeoutMs, this.owner);
  }

  /** Content that passes to the upstream, kept as far as it is little enough. */
  keep(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    if (endOfStream) this.isWhole = true;
    if (this.isSettled || !this.canRepeat) return;
    const length = this.bodyBytes + end - start;
    if (length > this.policy!.bodyBytesMax || this.account.isOver) {
      this.keepNothing();
      return;
    }
    if (length > this.body.length) this.growBody(length);
    copy(bytes, start, end, this.body, this.bodyBytes);
    this.bodyBytes = length;
  }

  /** The request cannot be sent again: its content is too long, or has trailers, or there is no room for more. */
  keepNothing(): void {
    this.canRepeat = false;
    this.dropBody();
  }

  /** Sends what is kept, behind the head. False when it does not fit the head. */
  replay(upstream: RequestWriter): boolean {
    if (this.bodyBytes === 0 && (this.isHeadOnly || !this.isWhole)) return true;
    return upstream.sendRequestData(this.body, 0, this.bodyBytes, this.isWhole);
  }

  /** True: the request is to be tried again, when the owner says `goOn`. `failure` is of TRY_FAILED, or a status. */
  failed(failure: number): boolean {
    this.stopTimer();
    if (this.isSettled || !this.isRetriable(failure)) return false;
    if (this.left === 0) return this.giveUp("URX", EXCHANGE_COUNTER.retriesExhausted);
    if (!this.isWithinBudget()) return this.giveUp("UO", EXCHANGE_COUNTER.retriesOverBudget);
    this.left--;
    if (!this.isCounted) this.cluster!.load.retries++;
    this.isCounted = true;
    this.needsFresh = failure === TRY_FAILED.connect || failure === TRY_FAILED.reset;
    return true;
  }

  private giveUp(flag: "URX" | "UO", counter: number): false {
    this.counters[counter]!++;
    this.owner.gaveUp(flag);
    return false;
  }

  private isRetriable(failure: number): boolean {
    const { onConnectFailure, onReset, onTimeout, onStatus, anyMethod } = this.policy!;
    if (!this.canRepeat) return false;
    // Nothing of the request has reached anybody, so even one that must happen once at most may be sent again.
    if (failure === TRY_FAILED.connect) return onConnectFailure;
    if (!anyMethod && !this.isIdempotent) return false;
    if (failure === TRY_FAILED.reset) return onReset;
    return failure === TRY_FAILED.timeout ? onTimeout : onStatus[failure] === 1;
  }

  /** Retries are a share of what the cluster is asked: when all of it fails they must not be the load that keeps it down. */
  private isWithinBudget(): boolean {
    if (this.account.isOver) return false;
    const { active, retries } = this.cluster!.load;
    const others = this.isCounted ? retries - 1 : retries;
    return others < Math.max(RETRIES_LIVE_MIN, active * this.policy!.budget);
  }

  /**
   * Has the owner send again, after a moment that grows and is drawn at random, so that those who failed together do not
   * return together. A request that still arrives does not wait: its content would have nowhere to go meanwhile.
   */
  goOn(): void {
    this.isDue = false;
    if (!this.isWhole) {
      this.owner.sendAgain();
      return;
    }
    const retried = this.policy!.attempts - this.left;
    const boundMs = Math.min(RETRY_BACKOFF_MS_MAX, RETRY_BACKOFF_MS * 2 ** (retried - 1));
    this.timer = setTimeout(backedOff, Math.random() * boundMs, this.owner);
  }

  /** A response head is passed on, or an answer of our own: no other try will be. */
  settle(): void {
    this.isSettled = true;
    this.isDue = false;
    this.stopTimer();
    this.dropBody();
  }

  /** The exchange is over. */
  close(): void {
    this.settle();
    if (this.isCounted) this.cluster!.load.retries--;
    this.isCounted = false;
    this.policy = null;
    this.cluster = null;
  }

  private stopTimer(): void {
    if (this.timer === null) return;
    clearTimeout(this.timer);
    this.timer = null;
  }

  private growBody(atLeast: number): void {
    const doubled = Math.max(atLeast, BODY_BYTES_FIRST, this.body.length * 2);
    const larger = new Uint8Array(Math.max(atLeast, Math.min(doubled, this.policy!.bodyBytesMax)));
    copy(this.body, 0, this.bodyBytes, larger, 0);
    this.account.hold(larger.length - this.body.length);
    this.body = larger;
  }

  private dropBody(): void {
    if (this.body.length > 0) this.account.release(this.body.length);
    this.body = NO_BYTES;
    this.bodyBytes = 0;
  }
}

function backedOff(owner: TryOwner): void {
  owner.sendAgain();
}

function overdue(owner: TryOwner): void {
  owner.tryOverdue();
}
