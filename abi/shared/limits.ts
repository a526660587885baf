// Bounds of shared memory.

/** Shards of a store; a lock holds up only the keys of its own. */
export const SHARDS = 16;
/** Bytes of one half of a shard. Values and keys of a shard fit into one half. Two halves a shard: 4 MiB in all. */
export const SHARD_HALF_BYTES = 128 * 1024;
/** Chains a shard's keys are spread over. */
export const BUCKETS = 256;
/** Attempts to get a lock: about 0.2 ms, a hundred times what a holder needs for a value of 4 KiB. */
export const LOCK_SPINS_MAX = 20_000;
/** After those, how often a thread gives up its core for so long: on a machine with more threads than cores the holder may have none. */
export const LOCK_NAPS_MAX = 50;
export const LOCK_NAP_MS = 0.2;

/** Shared queues of a process, and of one vm id. */
export const QUEUES_MAX = 128;
export const QUEUES_PER_VM_MAX = 32;
/** Bytes of a vm id and a queue's name together, with one between them. */
export const QUEUE_NAME_BYTES_MAX = 512;
/** Bytes of a queue's items, 4 and what rounds up to 4 for each; a power of two. Memory of queues nobody uses is never touched. */
export const QUEUE_BYTES = 128 * 1024;
/** Items in one queue. */
export const QUEUE_ITEMS_MAX = 4096;
/** Fuel of putting an item in or taking it out, besides that of its bytes, and of finding a queue by name: 0.2 µs and up to 2 µs. */
export const QUEUE_FUEL = 100;
export const QUEUE_NAME_FUEL = 1_000;
/** How soon a queue whose lock was not to be had is asked again for what its receiver must be told. */
export const QUEUE_RETRY_MS = 5;
/** Callbacks of queues may take a tenth of a thread: after a turn that took longer than 1 ms the next waits nine times as long. */
export const QUEUE_REST_FACTOR = 9;
