// Shared data of filters in one SharedArrayBuffer: exact over all threads that hold it. Made by the main thread, which also
// frees the locks of threads that died; each worker opens it with its own owner number and epoch.
//
//   buffer:  last cas number | unused | shard 0 | shard 1 | …

import type { SharedDataStore, SharedValue } from "../host/services.ts";
import { SHARD_HALF_BYTES, SHARDS } from "./limits.ts";
import { Shard, shardBytes } from "./shard.ts";
import { acquireLock, lockWord, releaseLock, takeOverLock, type Owner } from "./shard-lock.ts";

const HEADER_BYTES = 8;
const LAST_CAS = 0;

/** Memory for a store; share it with the workers. */
export function createSharedDataBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + SHARDS * shardBytes(SHARD_HALF_BYTES));
}

/** Shared data that is exact over the threads that have the same buffer. */
export class SharedData implements SharedDataStore {
  roomMadeBytes = 0;
  private readonly words: Int32Array;
  private readonly shards: readonly Shard[];
  private readonly own: number;
  private readonly nextCas = (): number => this.countUp();

  constructor(buffer: SharedArrayBuffer, owner: Owner) {
    const bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.own = lockWord(owner);
    this.shards = Array.from(
      { length: SHARDS },
      (_, i) => new Shard(this.words, bytes, HEADER_BYTES + i * shardBytes(SHARD_HALF_BYTES), SHARD_HALF_BYTES),
    );
  }

  get(vmId: string, key: Uint8Array): SharedValue | "absent" | "busy" {
    const name = nameOf(vmId, key);
    const hash = hashOf(name);
    const shard = this.shardOf(hash);
    if (!this.lock(shard)) return "busy";
    try {
      return shard.get(name, hash) ?? "absent";
    } finally {
      releaseLock(this.words, shard.lockAt);
    }
  }

  set(vmId: string, key: Uint8Array, value: Uint8Array, cas: number): "ok" | "casMismatch" | "full" | "busy" {
    const name = nameOf(vmId, key);
    const hash = hashOf(name);
    const shard = this.shardOf(hash);
    this.roomMadeBytes = 0;
    if (!this.lock(shard)) return "busy";
    try {
      const outcome = shard.set({ name, hash, value }, cas, this.nextCas);
      this.roomMadeBytes = shard.roomMadeBytes;
      return outcome;
    } finally {
      releaseLock(this.words, shard.lockAt);
    }
  }

  /** Frees what a dead thread held, after a look at each such shard. Only for a thread that is known to have ended. */
  freeLocksOf(dead: Owner): FreedLocks {
    let freed = 0;
    let damaged = 0;
    for (const shard of this.shards) {
      if (!takeOverLock(this.words, shard.lockAt, lockWord(dead), this.own)) continue;
      freed++;
      if (!shard.check()) damaged++;
      releaseLock(this.words, shard.lockAt);
    }
    return { freed, damaged };
  }

  private lock(shard: Shard): boolean {
    const outcome = acquireLock(this.words, shard.lockAt, this.own);
    // Hostcalls do not nest, so a lock that is ours already was left behind when our stack ended in the middle of one.
    if (outcome === "mine") shard.check();
    return outcome !== "busy";
  }

  private shardOf(hash: number): Shard {
    // Bucket and shard come from different bits, else each shard would use a sixteenth of its buckets.
    return this.shards[(hash >>> 24) % SHARDS]!;
  }

  /** Compare-and-swap numbers are the store's, from 1, one for each value stored; 0 is never one. */
  private countUp(): number {
    const next = (Atomics.add(this.words, LAST_CAS, 1) + 1) >>> 0;
    return next === 0 ? this.countUp() : next;
  }
}

/** Locks that were taken from owners that had died. */
export interface FreedLocks {
  readonly freed: number;
  /** Shards that were emptied because what a writer left was not sound. */
  readonly damaged: number;
}

function nameOf(vmId: string, key: Uint8Array): Uint8Array {
  const prefix = Buffer.from(`${vmId}\0`);
  const name = new Uint8Array(prefix.length + key.length);
  name.set(prefix);
  name.set(key, prefix.length);
  return name;
}

/** FNV-1a, then mixed so that the high bits, which choose the shard, depend on every byte. */
function hashOf(name: Uint8Array): number {
  let hash = 0x811c9dc5 | 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name[i]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) | 0;
}
