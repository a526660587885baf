// Bounds of a worker's counter slab.

/** Revisions in slots that can be counted apart at one time; old ones give their row back. */
export const REVISION_ROWS_MAX = 256;
/** Clusters whose copies are counted apart, on each worker; those of all further ones are counted as one. */
export const MIRROR_ROWS_MAX = 64;
/** Clusters whose callouts are counted apart, in the same way. */
export const CALLOUT_ROWS_MAX = 64;
/** Clusters whose requests are counted apart, in the same way. */
export const CLUSTER_ROWS_MAX = 256;
/** Cells for the metrics of filters, on each worker. */
export const FILTER_METRIC_CELLS = 16_384;
/** Metrics one slot may define; more are refused and counted. */
export const METRICS_PER_SLOT = 64;
/** Characters of an error that are kept for status and statistics. */
export const ERROR_CHARS_MAX = 1024;
/** Buckets of a filter's histogram: powers of two up to 2^30, and one for all above. */
export const HISTOGRAM_BUCKETS = 32;
