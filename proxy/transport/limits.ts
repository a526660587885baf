/** Connections that the kernel may hold for us before they are accepted. */
export const BACKLOG = 4096;

/**
 * Connections that a listener accepts in one loop turn, by as many descriptors of its socket: libuv takes one a turn from
 * each. With one, of 1,000 clients that came at once hundreds waited for seconds, since a turn under load takes 10 ms;
 * with 8 the last one waited for 0.9 s, with 32 for 0.3. An idle listener pays nothing, a new connection 32 looks at the queue.
 */
export const ACCEPTS_PER_TURN = 32;

/** One read takes at most this many bytes, so one connection's share of a loop turn is bounded. */
export const READ_BYTES = 65_536;

/** A connection that fills this many reads in a row gives way to the others until the next turn (256 KiB). */
export const FULL_READS_PER_TURN_MAX = 4;

/** Room behind the read buffer for a table of the fields in it: 10,000 of them, and some tables. */
export const SCAN_ROOM_BYTES = 262_144;

/** Of the staging buffer's beginnings, those up to this length are kept as views: 0.4 MB at the most. */
export const KEPT_STARTS_MAX = 4_096;
