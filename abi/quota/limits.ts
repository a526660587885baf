// Bounds of quotas.

/** Quotas that one memory can hold at a time, and windows of one quota. */
export const QUOTAS_MAX = 256;
export const QUOTA_WINDOWS_MAX = 8;

/** Bytes of a key that a filter hands over. */
export const QUOTA_KEY_BYTES_MAX = 1024;

/** The largest burst, in units: its level in ticks must stay far from where words wrap. */
export const QUOTA_BURST_MAX = 2 ** 30;

/** Ticks a full bucket may hold, and ticks that may pass in a second: words of 2^32 ticks then never wrap within a few seconds. */
export const LEVEL_TICKS_MAX = 2 ** 30;
export const TICKS_PER_SECOND_MAX = 2 ** 30;

/** A unit has 2^10 ticks, or fewer where a large burst or rate asks for it. */
export const TICK_EXPONENT_MAX = 10;

/** What `retryAfterMs` says at the most: 49 days. */
export const RETRY_AFTER_MS_MAX = 2 ** 32 - 1;

/** Entries of the shared table, 16 bytes each: 16 MiB, which the system hands out page by page as keys come. */
export const TABLE_ENTRIES = 2 ** 20;
/** Entries a key may stand at. All in use and not at rest: the table is full for that key. */
export const BUCKET_ENTRIES = 16;
/** Locks for bringing in new keys; keys that are known need none. */
export const TABLE_LOCKS = 256;
