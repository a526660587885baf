// Bounds on the way of a span from a worker to the collector.

/** Spans a worker gathers before it hands them over, at the latest after SPAN_FLUSH_MS. */
export const SPAN_BATCH_MAX = 128;
export const SPAN_FLUSH_MS = 100;
/** Spans that may wait for the collector; what comes then is dropped and counted. */
export const SPAN_QUEUE_MAX = 8_192;
export const SPAN_EXPORT_MAX = 512;
export const SPAN_EXPORT_INTERVAL_MS = 1_000;
export const SPAN_EXPORT_TIMEOUT_MS = 10_000;
/** How long the end of the process waits for the collector. */
export const SPAN_CLOSE_MS = 2_000;
/** Characters of one attribute of a span that others wrote. */
export const SPAN_TEXT_CHARS_MAX = 1_024;
/** Bytes of the file with the collector's headers. */
export const HEADERS_FILE_BYTES_MAX = 64 * 1024;
