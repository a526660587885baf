// Bounds of a profile.

/** Longest time that one is taken over: what it holds grows with it, some 100 KiB a second. */
export const PROFILE_SECONDS_MAX = 30;
export const PROFILE_SECONDS_DEFAULT = 10;
/** Between two samples of a CPU profile. */
export const CPU_SAMPLE_US = 1_000;
/** Bytes allocated between two samples of a heap profile, on average. */
export const HEAP_SAMPLE_BYTES = 32 * 1024;
/** A worker must have begun, or have put its profile together, within this time. */
export const PROFILE_ANSWER_MS = 10_000;
