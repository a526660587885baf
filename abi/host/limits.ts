// Everything the host bounds, in one place.

/**
 * Instances a plugin with `isolation: stream` may have lent to streams on one thread. A filter that only checks gives its
 * instance back at once, but one that logs keeps it until its stream ends: then this bounds the streams of a slow upstream.
 * Those above it wait, and fail with cause `limit`. With 64 a worker answered 503 from the 65th such stream on.
 */
export const POOL_INSTANCES_MAX = 1_024;
/** Memory of one plugin's instances on one thread. A filter of 128 KiB never meets it, one that fills 16 MiB has 64. */
export const POOL_BYTES_MAX = 1024 * 1024 * 1024;
/** Instances that stay when no stream has them: more than that were a burst. */
export const POOL_IDLE_MAX = 64;
/** Pooled instances of all plugins of a process: each takes 8 GiB of address space, and 16,313 were the end of it. */
export const POOLED_INSTANCES_PER_PROCESS = 12_288;

/** Instructions for instantiation, start and configure together. */
export const START_FUEL = 500_000_000;
/**
 * The same for an instance that is made for one stream because no image can put it back: a start while requests wait. At the
 * bound it takes a tenth of a second; with START_FUEL two of them would stop a worker's heartbeat.
 */
export const STREAM_START_FUEL = 50_000_000;

/** Bytes that one callback may make the host keep: header edits, bodies, replies, properties, shared data, report. */
export const CALLBACK_HELD_BYTES_MAX = 4 * 1024 * 1024;

/** Effects (continue, close, local response) that one callback may queue. */
export const CALLBACK_EFFECTS_MAX = 256;

/** Callouts that one instance may have open. */
export const CALLOUTS_OPEN_MAX = 256;
/** Of a callout whose filter names no time, and the longest it may name. */
export const CALLOUT_MS_DEFAULT = 1_000;
export const CALLOUT_MS_MAX = 60_000;

/** Bytes of edits after which a header map takes no more of them. */
export const HEAD_EDITS_BYTES_MAX = 1024 * 1024;

/** A serialised header map, as in proxy-wasm-cpp-host. */
export const PAIRS_BYTES_MAX = 1024 * 1024;
export const PAIRS_COUNT_MAX = 1024;

/** One log line; the rest is cut off and said to be. */
export const LOG_LINE_BYTES_MAX = 4096;
/** What a failure's message quotes of the guest's own words. */
export const LAST_WORDS_BYTES = 200;
/** Lines of one plugin on one thread; further ones of the same second are counted. */
export const LOG_LINES_PER_SECOND = 1000;

/** Bytes a name may have: property paths, metrics, attributes, reasons, report keys. */
export const NAME_BYTES_MAX = 4096;
/** `policy_attribute` ids of one plugin. */
export const ATTRIBUTES_MAX = 1024;
/** Quotas whose names a plugin keeps as its guest spells them; further ones are looked up each time. */
export const QUOTAS_KEPT_MAX = 16;
/** Metrics of one slot; a further one gets the overflow id. */
export const METRICS_PER_SLOT = 64;

/** What `random_get` gives in one call, as in proxy-wasm-cpp-host. */
export const RANDOM_BYTES_MAX = 65_536;

/** Bytes that hostcalls move for one unit of fuel. */
export const BYTES_PER_FUEL = 8;

/** Fuel of a byte of text that is decoded and made safe to print: up to 90 ns where every byte is a control character. */
export const TEXT_FUEL_PER_BYTE = 4;

/** Below this period ticks are not armed more often: a guest must not own a worker. */
export const TICK_PERIOD_MS_MIN = 10;
/** Timers take no more: a longer delay would fire at once, again and again. */
export const TICK_PERIOD_MS_MAX = 2_147_483_647;
/** Fuel a tick may have spent for each millisecond until the next: one of 5 M is followed by 100 ms, a tenth of them its own. */
export const TICK_FUEL_PER_MS = 50_000;

/** Waits between attempts to start a plugin again whose start fails: doubled from MIN to MAX. */
export const RESTART_BACKOFF_MS_MIN = 1_000;
export const RESTART_BACKOFF_MS_MAX = 60_000;

/** How long a closed plugin whose root said "not done" may keep its root. */
export const PENDING_DONE_MS_MAX = 10_000;
