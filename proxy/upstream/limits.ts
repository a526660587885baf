/** Connections of one worker to one endpoint; more streams than that are refused with 503. */
export const CONNECTIONS_PER_ENDPOINT_MAX = 4_096;
/** Main is told of a failing endpoint at most this often: it may have reasons to leave it in. */
export const TELL_FAILING_MS = 100;
/**
 * Shorter than the 5 s after which common servers (Node, Apache) close: a request must not meet a closing connection. No
 * number bounds idle ones beside it, since only time tells which are too many: with 512, a load of 1,000 clients closed and
 * opened them all the time, at half the throughput.
 */
export const IDLE_MS = 4_000;
