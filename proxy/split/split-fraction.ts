// Where on the line from 0 to 1 a key stands in a split. Alike on every proxy with the same secret; without the secret
// nobody can choose keys that stand where he wants them.

import { createHmac } from "node:crypto";

const NUL = new Uint8Array(1);
/** 2^52: more bits than that a fraction between 0 and 1 cannot hold without rounding. */
const STEPS = 2 ** 52;

/** `u` = the first 52 bits of HMAC-SHA-256(secret, slot NUL salt NUL key) as a fraction: 0 ≤ u < 1. */
export function splitFraction(secret: Uint8Array, slot: string, salt: string, key: Uint8Array): number {
  const digest = createHmac("sha256", secret).update(slot).update(NUL).update(salt).update(NUL).update(key).digest();
  return (digest.readUIntBE(0, 6) * 16 + (digest[6]! >> 4)) / STEPS;
}
