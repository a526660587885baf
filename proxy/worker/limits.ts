// Times and bounds of a worker.

/** How often a worker shows that its event loop turns. */
export const HEARTBEAT_INTERVAL_MS = 200;
/** How often it tells how many instances each revision has. */
export const GAUGE_INTERVAL_MS = 500;
/** Without a beat for so long a worker is taken for hung and terminated. */
export const HEARTBEAT_LOST_MS = 2_000;
/** Bytes a worker may hold outside its JavaScript heap before it refuses new streams. */
export const ACCOUNT_BYTES_MAX = 512 * 1024 * 1024;
/** Lines of filters' logs that a worker passes on a second; more are counted and dropped. */
export const FILTER_LOG_LINES_PER_SECOND = 200;
