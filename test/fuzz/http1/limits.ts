/** How long a run takes without a word. */
export const MINUTES_DEFAULT = 10;

/** Findings after which there is nothing more to learn. */
export const FINDINGS_MAX = 20;

/** Cases between two signs of life. */
export const REPORT_EVERY = 50_000;

/** What may be held more behind a run than before it: compiled code and pools, whatever the number of cases. */
export const GROWTH_BYTES_MAX = 64 * 1024 * 1024;

/** Longest that one case may take, on a machine with other work to do: most take half a millisecond. */
export const CASE_MS_MAX = 20_000;
