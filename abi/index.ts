// The public face of @sluice/abi.

export { Head, PSEUDO, headOf } from "./head/head.ts";
export type { Direction, StreamDriver, StreamFlag } from "./stream/driver.ts";
export { SluiceError } from "./errors.ts";
export type { ErrorRow, ErrorTable } from "./errors.ts";
export { DOCUMENT_BYTES_MAX, DocumentError, nearestWord, readDocument, valueProblems } from "./documents/index.ts";
export type { Complain, DocumentOptions, Path, Problem } from "./documents/index.ts";
export { ABI_ERRORS } from "./error-table.ts";
export { CAUSE, FAIL_OPEN_DEFAULT, causeMask } from "./stream/cause.ts";
export type { CauseName } from "./stream/cause.ts";
export { Chain } from "./stream/chain.ts";
export type { ChainSlot } from "./stream/chain.ts";
export { Stream, takeStream } from "./stream/stream.ts";
export type { SlotReport, VerdictKind } from "./stream/stream.ts";
