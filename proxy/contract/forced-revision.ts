// A request that says itself which revision of a slot shall serve it, signed by who may: `x-sluice-revision`. Registry and
// command line sign it, workers verify it. Workers load this, so it knows nothing of schemas.

import { createHmac, timingSafeEqual } from "node:crypto";

export const FORCED_REVISION_HEADER = "x-sluice-revision";
/** Hex digits of a revision's digest that name it at least. */
export const REVISION_DIGITS_MIN = 8;

export interface ForcedRevision {
  readonly slot: string;
  /** First hex digits of the revision's digest, without `sha256:`. */
  readonly digits: string;
  /** Unix seconds after which it counts no more. */
  readonly expires: number;
}

/** The header's value. */
export function signForcedRevision(forced: ForcedRevision, secret: Uint8Array): string {
  const { slot, digits, expires } = forced;
  return `${slot}=${digits};exp=${expires};sig=${signature(forced, secret).toString("hex")}`;
}

/** What a value says, when its signature is right and its time is not over; else null. */
export function readForcedRevision(value: string, secret: Uint8Array, nowMs: number): ForcedRevision | null {
  const match = FORM.exec(value);
  if (match === null) return null;
  const [, slot = "", digits = "", expires = "", given = ""] = match;
  const forced = { slot, digits, expires: Number(expires) };
  if (forced.expires * 1000 <= nowMs) return null;
  return timingSafeEqual(Buffer.from(given, "hex"), signature(forced, secret)) ? forced : null;
}

/** The 32 bytes of a split secret as its file holds them; null when it is none. */
export function parseSplitSecret(text: string): Uint8Array | null {
  const hex = text.trim().toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? Buffer.from(hex, "hex") : null;
}

const FORM = /^([a-z0-9-]{1,63})=([0-9a-f]{8,64});exp=(\d{1,12});sig=([0-9a-f]{64})$/;

/** No slot's name has a dot, so nothing that is hashed for a split is hashed here. */
function signature({ slot, digits, expires }: ForcedRevision, secret: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(`sluice.force.v1\0${slot}\0${digits}\0${expires}`).digest();
}
