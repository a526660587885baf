// HOT: bench proxy.
// Room for heads to live in until their stream's end. Ordinary heads fit what a pooled exchange keeps; what a large one
// takes is counted with all that slow peers make the worker hold, and given back after it.

import type { ByteAccount } from "./byte-account.ts";
import { POOLED_STORE_BYTES_MAX } from "./limits.ts";

/** A store of `bytes` in place of one that is too small. */
export function largerStore(account: ByteAccount, store: Uint8Array, bytes: number): Uint8Array {
  if (store.length > POOLED_STORE_BYTES_MAX) account.release(store.length);
  if (bytes > POOLED_STORE_BYTES_MAX) account.hold(bytes);
  return Buffer.allocUnsafeSlow(bytes);
}

/** What the exchange keeps of a store for its next stream: null when it is too large for that. */
export function keptStore(account: ByteAccount, store: Uint8Array): Uint8Array | null {
  if (store.length <= POOLED_STORE_BYTES_MAX) return store;
  account.release(store.length);
  return null;
}
