// Times and bounds of the proxy's main thread.

/** How often main looks at the workers' heartbeats. */
export const HEARTBEAT_CHECK_MS = 250;
/** A worker must have loaded its code within this time. */
export const WORKER_START_MS = 15_000;
/** JavaScript heap of a worker; past it the worker ends alone and is replaced. */
export const WORKER_HEAP_MB = 512;
/** Waiting time before a dead worker is replaced: none at first, then doubling. */
export const WORKER_BACKOFF_FIRST_MS = 100;
export const WORKER_BACKOFF_MAX_MS = 10_000;
/** A worker that lived so long is replaced at once again. */
export const WORKER_LIVED_WELL_MS = 30_000;
/** Waiting time before a refused deployment is tried again. */
export const APPLY_RETRY_FIRST_MS = 1_000;
export const APPLY_RETRY_MAX_MS = 60_000;
/** Loaded revisions that main keeps beside those in use: what was prepared, and what a rollback goes back to. */
export const LOADED_REVISIONS_MAX = 64;
/** How long streams may go on when the process is told to end. */
export const STOP_DRAIN_MS = 5_000;
/** Longest wait for one worker's answer to a question about what it holds. */
export const INSPECT_WAIT_MS = 1_000;
/** Bytes of a filter's module. */
export const MODULE_BYTES_MAX = 16 * 1024 * 1024;
