// Bounds and times of what main finds out about endpoints.

/** Addresses that one name may stand for; more are left out. */
export const RESOLVED_ADDRESSES_MAX = 64;
/** A name is not asked for again before so long, whatever its records say, and after so long at the latest. */
export const RESOLVE_MS_MIN = 1_000;
export const RESOLVE_MS_MAX = 3_600_000;
/** Longest wait for a name server, and how often it is asked. */
export const NAME_SERVER_MS = 2_000;
export const NAME_SERVER_TRIES = 2;
/** Checks and resolutions are spread by so much of their interval, so that many do not fall together. */
export const JITTER = 0.1;
/** The first check of an endpoint comes within so long. */
export const FIRST_CHECK_MS_MAX = 500;
