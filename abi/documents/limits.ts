// Bounds of every document that people or machines hand us, before and after parsing.

/** UTF-8 bytes of a document's text. */
export const DOCUMENT_BYTES_MAX = 1024 * 1024;
/** Nesting of maps and lists. */
export const DOCUMENT_DEPTH_MAX = 64;
/** YAML aliases followed while a document is expanded, nested ones counted each time they are met. */
export const DOCUMENT_ALIASES_MAX = 50;
/** Values of a document once its aliases are followed. */
export const DOCUMENT_VALUES_MAX = 250_000;
/** Problems named in one refusal; the rest is counted. */
export const DOCUMENT_PROBLEMS_MAX = 20;
