// What a module may cost to hold and to compile. V8 compiles lazily and fuel does not count that: 21 KB with one function
// of 49,000 locals took 5.3 s and 1.7 GB at its first call. The bounds stand far above what compilers produce.

/** Bytes of a pushed module. */
export const MODULE_BYTES_MAX = 16 * 1024 * 1024;

/** Functions a module defines; a std Go filter has about 3,000. */
export const FUNCTIONS_MAX = 100_000;

/** Entries of the type section, and of imports, exports, globals, segments each. */
export const ENTRIES_MAX = 100_000;

/** Sections, custom ones included: each costs a reader more than its three bytes. */
export const SECTIONS_MAX = 1_000;

/** Tables of one module; compilers make one for functions and at most one for references of the host. */
export const TABLES_MAX = 8;

/** Entries of one element segment. */
export const ELEMENT_ENTRIES_MAX = 1_000_000;

/** Local variables of one function, parameters not counted; most seen in Go, Haskell and C: 40. */
export const LOCALS_MAX = 2_000;

/** Bytes of one function's body. */
export const BODY_BYTES_MAX = 1024 * 1024;

/** Blocks open at once in one function. Go nests one per point where a goroutine may resume. */
export const NESTING_MAX = 2_000;

/** Parameters, or results, of one type. */
export const TYPE_VALUES_MAX = 100;

/** (Values live at once: parameters, locals, operands) × body bytes of one function: what its compilation may grow with. */
export const COMPILE_COST_MAX = 10_000_000;

/** The same for the whole module; measured at the bound of one function: 40 to 70 ms to compile. A std Go filter: 10^8. */
export const MODULE_COST_MAX = 2_000_000_000;

/** Of that cost V8's baseline compiler takes about so much in a millisecond on one core, at the least. */
export const COST_PER_MS = 100_000;

/** However small they are: 100,000 empty ones take 0.4 s. */
export const FUNCTIONS_PER_MS = 200;

/** Targets of all br_table instructions of one function. */
export const BRANCH_TARGETS_MAX = 100_000;

/** Bytes of an import's, export's or section's name. */
export const NAME_BYTES_MAX = 4_096;

/** Memory a revision gets when it asks for nothing: 16 MiB in pages of 64 KiB. */
export const MEMORY_PAGES_DEFAULT = 256;

/** The most a revision can be given: 256 MiB. */
export const MEMORY_PAGES_MAX = 4_096;

/** Entries of one table; a std Go filter has about 3,000. */
export const TABLE_ENTRIES_MAX = 100_000;

/** Fuel a call of an imported function costs: crossing to the host and back is worth about as many instructions. */
export const HOSTCALL_FUEL = 100;

/** Fuel of memory.grow, table.grow and the like beside what they touch: they leave compiled code. */
export const GROW_FUEL = 2_000;

/** memory.fill, copy and init cost one fuel per 2^3 bytes: about what an instruction would have moved. */
export const BULK_BYTES_SHIFT = 3;

/** One unit of depth for every 2^5 values of a function's frame, at least one: so 1,024 units fit V8's stack. */
export const FRAME_VALUES_SHIFT = 5;

/** Depth units of functions that are not counted, one below the other: a chain without recursion has an end. */
export const CHAIN_UNITS_MAX = 64;

/** Most fuel of a small function that its callers pay for it. */
export const FOLDED_FUEL_MAX = 50;

/** A loop with more own instructions than this is charged segment by segment. */
export const LONG_LOOP_FUEL = 200;

/**
 * The most fuel there can be at once. Fuel is an i32: the host sets and reads it around every callback, and an i64 would
 * take a BigInt each time (60 ns). So nothing that is charged at once may be as much as 2^30.
 */
export const FUEL_MAX = 2 ** 30 - 1;

/** What the fuel global holds before the host sets it: enough for a start function. */
export const FUEL_INITIAL = 500_000_000;

/** Memory is put back in blocks of 2^12 bytes: a check writes to three or four, and copying one takes 40 ns. */
export const BLOCK_SHIFT = 12;

/** What the depth global holds before the host sets it. */
export const DEPTH_INITIAL = 1_024;

/** Exports, sections and producers that an inspection lists; the rest is only counted. */
export const EXPORTS_SHOWN_MAX = 200;
export const SECTIONS_SHOWN_MAX = 64;
export const PRODUCERS_SHOWN_MAX = 32;

/** Characters of a source map's address that an inspection shows. */
export const SOURCE_MAP_URL_CHARS_MAX = 500;
