// What bounds a stream in the engine.

/** Slots of a chain: bits of a slot mask that fit a small integer. */
export const SLOTS_MAX = 31;

/** Revisions of one slot. */
export const SLOT_REVISIONS_MAX = 16;

/** Bytes a direction's body may be buffered for filters that pause or buffer; over it 413, in a response 500. */
export const BODY_BUFFER_BYTES = 1024 * 1024;

/** Bytes a filter that paused at the headers lets pile up before the source is told to wait. */
export const READ_WATERMARK_BYTES = 64 * 1024;

/** User properties a stream may hold, and the bytes of all their paths and values. */
export const STREAM_PROPERTIES_MAX = 64;
export const STREAM_PROPERTY_BYTES = 64 * 1024;

/** Additions to the record by one slot, and the bytes of all their keys and values. */
export const REPORT_ADDITIONS_MAX = 32;
export const REPORT_ADDITION_BYTES = 4 * 1024;

/** Reservations of one stream, over all slots, quotas and keys. */
export const RESERVATIONS_MAX = 64;

/** Copies of one request that its slots may ask for. */
export const MIRRORS_MAX = 8;

/** Characters of a verdict's reason and of an error's message that are kept. */
export const REASON_LENGTH = 256;
export const MESSAGE_LENGTH = 1024;

/** Streams kept for reuse. */
export const POOLED_STREAMS_MAX = 4096;

/** How long a stream waits for an instance when all of a plugin's are in use, and how often it asks. */
export const INSTANCE_WAIT_MS_MAX = 100;
export const INSTANCE_RETRY_MS = 5;
