// Bounds of the HTTP/1.1 codec that the machine's configuration does not set.

/** Longest request target; longer ones are refused with 414. */
export const TARGET_BYTES_MAX = 8_192;
/** Longest method. */
export const METHOD_BYTES_MAX = 24;
/** Content-Length and chunk sizes beyond 2^53 cannot be counted. */
export const LENGTH_DIGITS_MAX = 15;
export const CHUNK_SIZE_DIGITS_MAX = 12;
/** Extensions of one chunk; and of a body, beyond as many bytes of content as it has: more is work for nothing. */
export const CHUNK_EXTENSION_BYTES_MAX = 256;
export const CHUNK_EXTENSIONS_EXCESS_MAX = 16_384;
/** Interim answers (1xx) before the answer itself. */
export const INTERIM_ANSWERS_MAX = 16;
/** Trailer section, also the head of an upstream's answer. */
export const TRAILER_BYTES_MAX = 8_192;
export const RESPONSE_HEAD_BYTES_MAX = 65_536;
export const RESPONSE_HEAD_FIELDS_MAX = 200;
/** Names that one Connection field may nominate. */
export const NOMINATIONS_MAX = 16;
/** Pipelined requests served in one loop turn before other connections get theirs. */
export const PIPELINED_PER_TURN_MAX = 8;
/** Bytes read ahead on a connection whose answer is still under way (pipelining), before reads stop. */
export const HELD_BYTES_MAX = 131_072;
/** Room of the stage: one read's body, the largest head and the framing. */
export const STAGE_BYTES = 163_840;
/** What a refused client may still send before it is cut; reading it lets the answer arrive. */
export const LINGER_BYTES_MAX = 1_048_576;
/** Fields of a head, whatever the configuration allows. */
export const HEAD_FIELDS_MAX = 10_000;
