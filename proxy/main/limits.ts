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
/** An idle connection of a worker that is replaced may ask once more within this time: its client may be about to. */
export const REPLACED_IDLE_MS = 1_000;
/** Longest wait for one worker's answer to a question about what it holds. */
export const INSPECT_WAIT_MS = 1_000;
/** Bytes of a filter's module. */
export const MODULE_BYTES_MAX = 16 * 1024 * 1024;
/** Hex digits of a revision's digest by which an override may name it. */
export const PIN_DIGITS_MIN = 8;
/** Earlier entries of a slot that the proxy keeps for overrides, and slots it keeps them of. */
export const SLOT_ENTRIES_KEPT = 3;
export const SLOTS_KEPT_MAX = 64;
/** An override may be given at most so long: what shall last longer is a deployment. */
export const OVERRIDE_FOR_MAX_MS = 366 * 24 * 3_600_000;
/** Events of overrides that wait for a registry that is away; beyond that the oldest are lost, with a line in the log. */
export const OVERRIDE_EVENTS_MAX = 512;
/** How often the log says that overrides are in force. */
export const OVERRIDE_REMINDER_MS = 60_000;
/** Characters of overrides.json and slot-history.json: each slot's entry may be most of a document. */
export const STATE_FILE_BYTES_MAX = 64 * 1024 * 1024;
/** Watched documents must hold still for so long before they are read. */
export const WATCH_SETTLE_MS = 100;
/** How often they are looked at whatever the system tells. */
export const WATCH_LOOK_MS = 2_000;
/** How often main reads how busy a worker's event loop is, and how many readings it tells the share of. */
export const LOOP_SAMPLE_MS = 1_000;
export const LOOP_SAMPLES_KEPT = 5;
