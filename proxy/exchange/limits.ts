/** How often deadlines are looked at; they are that much late at most. */
export const SWEEP_MS = 250;
/** How long a refused or last connection may linger for its client to read the answer. */
export const LINGER_MS = 2_000;
/** A client that is told to come back after an overload. */
export const RETRY_AFTER_S = 1;
/** Streams kept for reuse. */
export const POOLED_EXCHANGES_MAX = 1_024;
/** A pooled exchange keeps a head store up to this size. */
export const POOLED_STORE_BYTES_MAX = 8_192;
/** What a head store begins with: ordinary heads fit. */
export const STORE_BYTES = 2_048;
/** Retries of a cluster that a worker always allows at once, however few requests are live. */
export const RETRIES_LIVE_MIN = 3;
/** The first retry waits up to this long, each further one up to twice as long as the one before, up to the maximum. */
export const RETRY_BACKOFF_MS = 25;
export const RETRY_BACKOFF_MS_MAX = 250;
/** Of the streams with filters, those whose callbacks are timed; a power of two. Two clock readings a callback cost 90 ns. */
export const TIMED_ONE_IN = 64;
/** Trusted proxies in a row that are looked behind for the client; a longer chain is one that somebody made up. */
export const FORWARDED_HOPS_MAX = 32;
