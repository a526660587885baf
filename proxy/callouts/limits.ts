// Bounds of what filters on one worker ask of clusters. What is over them fails, is counted, and is told to the filter.

/** Callouts and gRPC streams under way from one worker to one cluster. */
export const CALLOUTS_PER_CLUSTER_MAX = 1_024;
/** HTTP connections of one worker to one endpoint, for callouts alone: as many as callouts, each of which needs one to itself. */
export const CALLOUT_CONNECTIONS_PER_ENDPOINT_MAX = 1_024;
/** An answer's body, in bytes. */
export const ANSWER_BYTES_MAX = 1024 * 1024;
/** What all callouts of a worker hold of requests that were not taken and answers that are not whole. */
export const CALLOUT_BYTES_MAX = 64 * 1024 * 1024;

/** One gRPC message, as gRPC's own libraries bound it. */
export const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;
/** What a gRPC peer has not taken of a stream; beyond it nothing more is sent. */
export const STREAM_PENDING_BYTES_MAX = 1024 * 1024;
/** A gRPC answer's metadata, as HTTP/2 counts it, and its fields. */
export const METADATA_BYTES_MAX = 16 * 1024;
export const METADATA_FIELDS_MAX = 128;

/** HTTP/2 sessions to one endpoint: a further one is opened when all have as many streams as the peer allows. */
export const SESSIONS_PER_ENDPOINT_MAX = 4;
/** How long a session may stay without a stream. */
export const SESSION_IDLE_MS = 60_000;
/** First probe of a connection on which nothing moves, so that a peer which vanished is noticed by streams without end. */
export const SESSION_KEEPALIVE_MS = 30_000;
/** Between looks at connections that take too long or were idle too long. */
export const SWEEP_INTERVAL_MS = 250;
