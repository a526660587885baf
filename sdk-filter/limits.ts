// The bounds of building and testing filters, named once.

/** Properties of one object of a configuration: the decoder keeps which were seen in 64 bits. */
export const SCHEMA_PROPERTIES_MAX = 64;

/** Nesting of a configuration schema, as deep as the decoder reads. */
export const SCHEMA_DEPTH_MAX = 32;

/** What a filter under test may use: a proxy's defaults. */
export const MEMORY_BYTES_MAX = 16 * 1024 * 1024;
export const FUEL_MAX = 5_000_000;
export const DEPTH_MAX = 1024;

/** How long (of the test's own clock) a filter under test may hold a request before its idle time ends it, and the steps it is waited in. */
export const HELD_MS_MAX = 60_000;
export const HELD_STEP_MS = 10;
