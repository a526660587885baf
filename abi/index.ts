// The public face of @sluice/abi.

export { Head, PSEUDO, headOf } from "./head/head.ts";
export type { Direction, StreamDriver, StreamFlag } from "./stream/driver.ts";
export { SluiceError } from "./errors.ts";
export type { ErrorRow, ErrorTable } from "./errors.ts";
