// A lock in shared memory whose word names its holder, so that the lock of a thread that died can be told from one that is
// at work. A worker that is terminated, or whose stack ends between two statements, leaves any lock held, `finally` or not.
//
//   word:  0 free  ·  (owner + 1) << 16 | epoch   held; the epoch tells a replaced worker from its predecessor

import { LOCK_NAP_MS, LOCK_NAPS_MAX, LOCK_SPINS_MAX } from "./limits.ts";

const FREE = 0;
const EPOCH_MASK = 0xffff;

/** A thread: its number (0 … 32,766) and how many threads had this number before it. */
export interface Owner {
  readonly index: number;
  readonly epoch: number;
}

export function lockWord({ index, epoch }: Owner): number {
  return ((index + 1) << 16) | (epoch & EPOCH_MASK);
}

/** `busy` after LOCK_SPINS_MAX attempts and as many naps as it may have. `mine`: held already by this owner, who left it behind. */
export function acquireLock(words: Int32Array, at: number, own: number): "taken" | "mine" | "busy" {
  for (let spin = 0; spin < LOCK_SPINS_MAX; spin++) {
    const holder = Atomics.compareExchange(words, at, FREE, own);
    if (holder === FREE) return "taken";
    if (holder === own) return "mine";
  }
  for (let nap = 0; nap < LOCK_NAPS_MAX; nap++) {
    // Nobody notifies: releasing a lock costs no system call, and this is rare.
    Atomics.wait(words, at, Atomics.load(words, at), LOCK_NAP_MS);
    if (Atomics.compareExchange(words, at, FREE, own) === FREE) return "taken";
  }
  return "busy";
}

export function releaseLock(words: Int32Array, at: number): void {
  Atomics.store(words, at, FREE);
}

/** Takes over a lock from an owner known to be dead. False when that owner does not hold it. */
export function takeOverLock(words: Int32Array, at: number, dead: number, own: number): boolean {
  return Atomics.compareExchange(words, at, dead, own) === dead;
}
