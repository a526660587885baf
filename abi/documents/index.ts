export { canonicalJson } from "./canonical-json.ts";
export { DocumentError, readDocument, valueProblems } from "./read-document.ts";
export type { Complain, DocumentOptions } from "./read-document.ts";
export type { Path, Problem } from "./document-tree.ts";
export { nearestWord } from "./nearest-word.ts";
export { SIZE_PATTERN, durationMs, sizeBytes } from "./quantities.ts";
export { DurationSchema, SIZE_DESCRIPTION, SizeSchema } from "./quantity-schemas.ts";
export { DOCUMENT_BYTES_MAX } from "./limits.ts";
