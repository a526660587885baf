/** Instructions that a path's expression may compile to: matching costs at most this many steps per byte of a path. */
export const PATTERN_PROGRAM_SIZE_MAX = 1_000;
/** Longer paths are not given to an expression: a route that has one ends the search for them, with 404. */
export const REGEX_PATH_BYTES_MAX = 2_048;
