// Times and bounds of what a proxy takes from its registry.

/** Without a byte for so long the watch stream is taken for dead: three heartbeats of the registry. */
export const WATCH_SILENCE_MS = 30_000;
export const WATCH_RETRY_FIRST_MS = 200;
export const WATCH_RETRY_MAX_MS = 15_000;
/** Characters of one server-sent event: a deployment is at most 1 MiB of JSON. */
export const WATCH_EVENT_CHARS_MAX = 2 * 1024 * 1024;
/** Bytes of one blob: the largest module a registry takes. */
export const BLOB_BYTES_MAX = 16 * 1024 * 1024;
/** For the whole of it: a registry that sends slower than 1 MiB a second is taken for broken. */
export const BLOB_TIMEOUT_MS = 15_000;
export const STATUS_TIMEOUT_MS = 5_000;
/** How often counters are posted while nothing changes. */
export const STATUS_INTERVAL_MS = 1_000;
/** Bytes the blob cache may hold; what serves and what may be gone back to stays beyond that. */
export const CACHE_BYTES_MAX = 512 * 1024 * 1024;
