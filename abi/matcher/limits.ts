// What bounds the tables of policy_matcher.

/** Matchers of one plugin, and the bytes of all their tables as handed over. */
export const MATCHERS_MAX = 64;
export const MATCHER_BYTES_MAX = 4 * 1024 * 1024;
/** Entries and bytes of one table. */
export const TABLE_ENTRIES_MAX = 65_536;
export const TABLE_BYTES_MAX = 2 * 1024 * 1024;
/** Fuel of a byte of a table that is sorted and checked. */
export const TABLE_FUEL_PER_BYTE = 16;
/** Fuel of a match besides that of its value's bytes. */
export const MATCH_FUEL = 100;
