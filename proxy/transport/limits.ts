/** Connections that the kernel may hold for us before they are accepted. */
export const BACKLOG = 4096;

/** One read takes at most this many bytes, so one connection's share of a loop turn is bounded. */
export const READ_BYTES = 65_536;
