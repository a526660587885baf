/** Connections of one worker to one endpoint; more streams than that are refused with 503. */
export const CONNECTIONS_PER_ENDPOINT_MAX = 4_096;
/**
 * Connects of one worker to one endpoint that are begun at once, and after how long as many more are, while requests wait.
 * When 1,000 clients come together, each with a connect of its own, an ordinary backlog of 511 overflows and the rest waits
 * for a second; and most of them are served sooner by a connection that comes free.
 */
export const CONNECTS_AT_ONCE = 16;
export const CONNECT_PACE_MS = 5;
/** Main is told of a failing endpoint at most this often: it may have reasons to leave it in. */
export const TELL_FAILING_MS = 100;
/**
 * Shorter than the 5 s after which common servers (Node, Apache) close: a request must not meet a closing connection. No
 * number bounds idle ones beside it, since only time tells which are too many: with 512, a load of 1,000 clients closed and
 * opened them all the time, at half the throughput.
 */
export const IDLE_MS = 4_000;
