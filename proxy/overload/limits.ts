// Where overload begins and ends, as shares of what each signal may reach.

/** Share of a signal's bound at which each action begins, in their order. */
export const ACTION_SHARES = [0.8, 0.85, 0.9, 0.95, 0.98] as const;
/** An action ends when the share is so much below the one it began at. */
export const RELEASE_SHARE = 0.05;
/** Looks in a row that must find less before a level is left: what helped for a moment has not helped yet. */
export const CALM_LOOKS = 4;
/** The event loop is late only when it was so at as many looks in a row: one compile or collection is no overload. */
export const LATE_LOOKS = 3;
/** How often the lateness of the event loop is sampled. */
export const LOOP_SAMPLE_MS = 50;
/** Descriptors for all that is no connection of a client or to an upstream: files, sinks, callouts, mirrors, threads. */
export const OTHER_DESCRIPTORS = 256;
/** However few descriptors there are, each side keeps so many connections. */
export const CONNECTIONS_LEFT_MIN = 8;
/** Places for counts by source in each of a worker's two rows; a power of two. */
export const SOURCE_BUCKETS = 4_096;
