// Bounds of shared memory.

/** Shards of a store; a lock holds up only the keys of its own. */
export const SHARDS = 16;
/** Bytes of one half of a shard. Values and keys of a shard fit into one half. Two halves a shard: 4 MiB in all. */
export const SHARD_HALF_BYTES = 128 * 1024;
/** Chains a shard's keys are spread over. */
export const BUCKETS = 256;
/** Attempts to get a lock: about 0.2 ms, a hundred times what a holder needs for a value of 4 KiB. */
export const LOCK_SPINS_MAX = 20_000;
