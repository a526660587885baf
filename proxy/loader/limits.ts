// Times and bounds of the loader thread.

/** Wall time of compiling a module or of one start with a configuration; as long as the child process has for a trial. */
export const LOADER_WALL_MS = 10_000;
/** The thread must have loaded its code within this time. */
export const LOADER_START_MS = 15_000;
/** JavaScript heap of the thread; as much as the child process has. */
export const LOADER_HEAP_MIB = 256;
/** Its young generation: V8's own choice costs 12 MB more, and nothing here is so hot that it would gain by it. */
export const LOADER_YOUNG_MIB = 4;
/** Streams that a filter is played at most, and for how long: in a small one a deploy must not wait for it. */
export const REHEARSED_STREAMS_MAX = 3_000;
export const REHEARSAL_MS = 500;
export const SMALL_REHEARSAL_MS = 10;
/** A module up to this size serves within 100 ms of its deployment. */
export const SMALL_MODULE_BYTES = 100 * 1024;
