// Bounds on the way of a record from a worker to its sinks.

/** Bytes of records a worker gathers before it hands them over, at the latest after RECORD_FLUSH_MS. */
export const RECORD_BATCH_BYTES = 64 * 1024;
export const RECORD_FLUSH_MS = 20;
/** Bytes a sink may lag behind; what comes then is dropped and counted, the data path never waits. */
export const SINK_QUEUE_BYTES_MAX = 8 * 1024 * 1024;
/** Names of the configuration that are kept in quotes on a worker; more than that are many reloads, and they begin anew. */
export const KEPT_NAMES_MAX = 1024;
