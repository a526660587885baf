// Bounds of tails: somebody who looks must cost the proxy little, and one who reads slowly nothing.

/** Tails open on one proxy at a time. */
export const TAILS_MAX = 16;
/** Records that one tail is sent a second; more are counted and told. */
export const TAIL_RECORDS_PER_SECOND = 1_000;
/** Bytes that may wait for one slow reader; what comes then is dropped, counted and told. */
export const TAIL_QUEUE_BYTES_MAX = 1024 * 1024;
/** How often a tail is told what was dropped, and that the proxy is still there. */
export const TAIL_NOTICE_MS = 1_000;
export const TAIL_HEARTBEAT_MS = 10_000;
/** Characters of one post to the registry, and how long the first record waits for others. */
export const TAIL_POST_BYTES_MAX = 256 * 1024;
export const TAIL_POST_WAIT_MS = 100;
