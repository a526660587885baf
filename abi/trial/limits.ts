// What trying a module may cost. The trial is where an unknown module is met first, so it is bounded from outside.

/** Wall time of a trial, once its child is ready. */
export const TRIAL_WALL_MS = 10_000;

/** Time a child may take to start: it only loads our own code. */
export const TRIAL_START_MS = 20_000;

/** Resident memory of a child; about 60 MiB of it are Node's. */
export const TRIAL_RESIDENT_BYTES = 512 * 1024 * 1024;

/** JavaScript heap of a child. */
export const TRIAL_HEAP_MIB = 256;

/** How often a child's resident memory is read. */
export const TRIAL_WATCH_MS = 25;

/** How long after a trial the next child is started: what the trial was for is done by then. */
export const TRIAL_SPARE_AFTER_MS = 1_000;

/** How long a started child waits for the next trial before it is let go. */
export const TRIAL_SPARE_MS = 60_000;

/** What is kept of a child's last words on stderr. */
export const TRIAL_STDERR_BYTES = 4_096;
