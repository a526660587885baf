// The seam of quota backends: who keeps the levels of quotas and answers at once. A store on another machine fits in by
// leases that it fetches ahead; what is asked here never waits. Each backend runs the kit of quota-backend.kit.ts.

/** At most `burst` units at once, refilled evenly at `count` units per `perMs`. */
export interface QuotaWindow {
  readonly count: number;
  readonly perMs: number;
  /** 1 … QUOTA_BURST_MAX. */
  readonly burst: number;
}

/** A quota as a deployment defines it: every window must have room, all or none. */
export interface QuotaDefinition {
  readonly name: string;
  /** 1 … QUOTA_WINDOWS_MAX of them. */
  readonly windows: readonly QuotaWindow[];
}

/** Finds the quotas of a deployment. */
export interface QuotaBackend {
  /** Null: the deployment has no quota of that name. */
  find(name: string): Quota | null;
}

/** What a question about an amount was answered. */
export interface QuotaAnswer {
  /** Units granted: the amount or 0; best effort any number up to the amount. */
  readonly granted: number;
  /** When the amount (of a partial grant: the rest of it) could be had, if nobody else asks; 0 when it was granted whole. Rounded up. */
  readonly retryAfterMs: number;
}

/** Units taken out of a quota. They are spent unless they are given back. */
export interface QuotaReservation extends QuotaAnswer {
  /**
   * Returns what was granted and never used; at most once. What the rate has refilled since it was taken is not
   * returned a second time, so that giving back never leaves more than if nothing had been asked.
   */
  giveBack(): void;
}

/** One quota, as long as the deployment that it was found in is in charge. */
export interface Quota {
  readonly name: string;
  /** The most that one question may ask for: the burst of the tightest window, the one with the smallest. */
  readonly burst: number;
  /** How long the tightest window takes to refill an empty bucket, in ms, rounded up. */
  readonly windowMs: number;
  /**
   * Takes `amount` units (1 … `burst`) for `key` (at most QUOTA_KEY_BYTES_MAX, read during the call). `used` is a reservation
   * that nobody needs any more: the answer may be that object.
   */
  reserve(key: Uint8Array, amount: number, isBestEffort: boolean, used?: QuotaReservation | null): QuotaReservation;
  /** The same question without taking anything. */
  peek(key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer;
}
