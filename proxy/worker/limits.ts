// Times and bounds of a worker.

/** How often a worker shows that its event loop turns. */
export const HEARTBEAT_INTERVAL_MS = 200;
/** Over how long it tells how late its event loop was. */
export const LATENESS_WINDOW_MS = 5_000;
/** How often it tells how many instances each revision has. */
export const GAUGE_INTERVAL_MS = 500;
/** How often it looks for snapshots that have drained for too long. */
export const DRAIN_LOOK_MS = 250;
/** Without a beat for so long a worker is taken for hung and terminated. */
export const HEARTBEAT_LOST_MS = 2_000;
/** How often a worker looks whether it is asked for too much. */
export const OVERLOAD_LOOK_MS = 250;
/** Lines of filters' logs that a worker passes on a second; more are counted and dropped. */
export const FILTER_LOG_LINES_PER_SECOND = 200;
