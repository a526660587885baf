// The bounds of building and testing filters, named once.

/** A source map larger than this is not kept beside the module. */
export const SOURCE_MAP_BYTES_MAX = 8 * 1024 * 1024;

/** Properties of one object of a configuration: the decoder keeps which were seen in 64 bits. */
export const SCHEMA_PROPERTIES_MAX = 64;

/** Nesting of a configuration schema, as deep as the decoder reads. */
export const SCHEMA_DEPTH_MAX = 32;

/** What a filter under test may use: a proxy's defaults. */
export const MEMORY_BYTES_MAX = 16 * 1024 * 1024;
export const FUEL_MAX = 5_000_000;
export const DEPTH_MAX = 1024;
