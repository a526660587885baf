// Bounds of what a deployment and a machine document may say.

export const DEPLOYMENT_SLOTS_MAX = 31;
export const SLOT_REVISIONS_MAX = 16;
export const QUOTAS_MAX = 256;
export const ROUTES_MAX = 4096;
export const CLUSTERS_MAX = 1024;
export const CLUSTER_ENDPOINTS_MAX = 256;
export const LISTENERS_MAX = 16;
export const SINKS_MAX = 16;
export const WORKERS_MAX = 128;
export const LABELS_MAX = 32;
/** Characters of a label's value, of `why` and of other free words. */
export const FREE_TEXT_CHARS_MAX = 1024;
/** Bytes of one filter instance's memory: what a slot gets without a word, and the most it may ask for. */
export const FILTER_MEMORY_BYTES_DEFAULT = 16 * 1024 ** 2;
export const FILTER_MEMORY_BYTES_MAX = 1024 ** 3;
/** Instructions one callback may spend. */
export const FILTER_FUEL_DEFAULT = 5_000_000;
export const FILTER_FUEL_MAX = 1_000_000_000;
/** Nested calls inside a filter. */
export const FILTER_DEPTH_DEFAULT = 1_024;
/** Overrides in force on one proxy: one a slot, also for slots that a later deployment took away. */
export const OVERRIDES_MAX = 64;
/** Events of overrides in one status; more wait for the next. */
export const OVERRIDE_EVENTS_POSTED_MAX = 32;
