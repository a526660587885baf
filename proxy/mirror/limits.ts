// Bounds of the copies that one listener of a worker sends to mirrors. What is over them is counted and not sent.

/** Copies under way at one time. */
export const COPIES_MAX = 1_024;
/** Connections to one mirror; a copy needs one to itself until it is answered. */
export const MIRROR_CONNECTIONS_PER_ENDPOINT_MAX = 64;
/** Bytes of one copy that its mirror has not taken; over it the copy is cut. */
export const COPY_PENDING_BYTES_MAX = 1024 * 1024;
/** The same of all copies together; over it none is begun. */
export const MIRROR_PENDING_BYTES_MAX = 16 * 1024 * 1024;
/** From the end of the copy to the end of its answer. */
export const ANSWER_MS_MAX = 10_000;
/** How long an endpoint that could not be reached is left alone: a dead mirror must not cost a connect per request. */
export const UNREACHABLE_MS = 1_000;
