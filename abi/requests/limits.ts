// What bounds filter.yaml, request.yaml and a run of request files.

/** Characters of free text: descriptions, names of cases, reasons. */
export const FREE_TEXT_CHARS_MAX = 1024;

/** Cases of one request file; header fields, chunks and callouts of one case. */
export const CASES_MAX = 256;
export const FIELDS_MAX = 256;
export const CHUNKS_MAX = 256;
export const CALLOUTS_MAX = 64;
/** Messages of one gRPC callout. */
export const MESSAGES_MAX = 256;

/** Patterns of request files in filter.yaml. */
export const REQUEST_PATTERNS_MAX = 64;

/** Environment variables of a module, and characters of a name and a value. */
export const ENVIRONMENT_VARIABLES_MAX = 64;
export const ENVIRONMENT_NAME_CHARS_MAX = 128;
export const ENVIRONMENT_VALUE_CHARS_MAX = 4096;

/** Bytes of a filter's configuration schema, as JSON. */
export const CONFIG_SCHEMA_BYTES_MAX = 64 * 1024;
/** Nesting of a filter's configuration schema. */
export const CONFIG_SCHEMA_DEPTH_MAX = 32;
/** Time one schema may take to compile, or one configuration to be checked against it: far above what an honest one needs
 * (20 ms), because it is measured by the wall and the machine may be busy. */
export const CONFIG_CHECK_MS_MAX = 3_000;

/** How long (of the case's own clock) a case may stay paused before its idle time ends it, and the steps it is waited in. */
export const CASE_PAUSED_MS_MAX = 60_000;
export const CASE_STEP_MS = 100;

/** What a filter under trial may use when nobody says otherwise: the defaults of a deployment. */
export const CASE_MEMORY_BYTES = 16 * 1024 * 1024;
export const CASE_FUEL = 5_000_000;
export const CASE_DEPTH = 1024;
