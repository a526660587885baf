/** Longest that one case may take, on a machine with other work to do: most take 2 ms. */
export const CASE_MS_MAX = 20_000;

/** Until a child has loaded the host and built its seeds. */
export const START_MS_MAX = 120_000;

/** Most that the process of the mutants may hold, garbage included. */
export const RESIDENT_BYTES_MAX = 768 * 1024 * 1024;

/** V8's heap in that process. */
export const HEAP_MIB_MAX = 256;

/** Findings after which there is nothing more to learn. */
export const FINDINGS_MAX = 20;
