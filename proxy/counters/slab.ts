// HOT: bench proxy.
// One worker's counters: a Float64Array in shared memory that only this worker adds to and that main reads when
// somebody scrapes. Main owns it, so a replaced worker goes on where the dead one stopped.
//
//   [ exchange counters | revision row 0 | revision row 1 | … | cells of filter metrics ]
//   revision row: noOpinion | allowed | denied by code × 17 | errors by cause × 6 | fuel | free

import { CAUSE } from "@sluice/abi/data-path";
import { EXCHANGE_COUNTER_COUNT } from "../exchange/exchange-counters.ts";
import { FILTER_METRIC_CELLS, REVISION_ROWS_MAX } from "./limits.ts";

/** Words of an error's cause, in the order of their cells. */
export const CAUSES: readonly string[] = Object.keys(CAUSE);

/** google.rpc codes by number. */
export const RPC_CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

const REVISION_ROW_CELLS = 32;
const REVISION_ROWS_START = EXCHANGE_COUNTER_COUNT;
const FILTER_METRICS_START = REVISION_ROWS_START + REVISION_ROWS_MAX * REVISION_ROW_CELLS;
const SLAB_CELLS = FILTER_METRICS_START + FILTER_METRIC_CELLS;

/** Cells of a revision row, counted from its start. */
export const REVISION_CELL = {
  noOpinion: 0,
  allowed: 1,
  denied: 2,
  errors: 2 + RPC_CODES.length,
  fuel: 2 + RPC_CODES.length + CAUSES.length,
} as const;

export function createSlab(): SharedArrayBuffer {
  return new SharedArrayBuffer(SLAB_CELLS * Float64Array.BYTES_PER_ELEMENT);
}

export function exchangeCountersOf(slab: SharedArrayBuffer): Float64Array {
  return new Float64Array(slab, 0, EXCHANGE_COUNTER_COUNT);
}

export function revisionRowOf(slab: SharedArrayBuffer, row: number): Float64Array {
  const start = (REVISION_ROWS_START + row * REVISION_ROW_CELLS) * Float64Array.BYTES_PER_ELEMENT;
  return new Float64Array(slab, start, REVISION_ROW_CELLS);
}

export function filterMetricsOf(slab: SharedArrayBuffer): Float64Array {
  return new Float64Array(slab, FILTER_METRICS_START * Float64Array.BYTES_PER_ELEMENT, FILTER_METRIC_CELLS);
}
