// Bounds of what splits keep and read.

/** Keys of one split slot whose fraction a worker remembers, and the bytes of the longest one it keeps. A power of two. */
export const CACHED_KEYS = 1024;
export const CACHED_KEY_BYTES_MAX = 128;
/** Fields `x-sluice-revision` of one request that are looked at, and the bytes of each. */
export const FORCED_FIELDS_MAX = 8;
export const FORCED_FIELD_BYTES_MAX = 256;
