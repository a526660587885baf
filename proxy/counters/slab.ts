// HOT: bench proxy.
// One worker's counters: a Float64Array in shared memory that only this worker adds to and that main reads when
// somebody scrapes. Main owns it, so a replaced worker goes on where the dead one stopped.
//
//   [ exchange counters | revision row 0 | revision row 1 | … | mirror row 0 | … | callout row 0 | … | cluster row 0 | …
//     | cells of filter metrics ]
//   revision row: noOpinion | allowed | denied by code × 17 | errors by cause × 6 | fuel | keyless | time in ns
//                 | histogram of fuel per stream × 120 | histogram of time per stream in ns × 120 | instances
//                 | memory bytes | free
//   mirror row: sent | answered | failed | cut | dropped by cause × 7 | free
//   callout row: sent | answered | cancelled | failed by cause × 8 | free
//   cluster row: requests | responses by class × 5 | requests that waited | failures by flag × 10 | active | waiting
//                | connections | free

import { CAUSE } from "@sluice/abi/data-path";
import { EXCHANGE_COUNTER_COUNT } from "../exchange/exchange-counters.ts";
import { BUCKETS } from "./histogram.ts";
import {
  CALLOUT_ROWS_MAX,
  CLUSTER_ROWS_MAX,
  FILTER_METRIC_CELLS,
  MIRROR_ROWS_MAX,
  REVISION_ROWS_MAX,
} from "./limits.ts";

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

const REVISION_ROW_CELLS = 288;
/** Cells of a mirror row. */
export const MIRROR_ROW_CELLS = 16;
/** Cells of a callout row. */
export const CALLOUT_ROW_CELLS = 16;
/** Cells of a cluster row. */
export const CLUSTER_ROW_CELLS = 32;
const REVISION_ROWS_START = EXCHANGE_COUNTER_COUNT;
const MIRROR_ROWS_START = REVISION_ROWS_START + REVISION_ROWS_MAX * REVISION_ROW_CELLS;
const CALLOUT_ROWS_START = MIRROR_ROWS_START + MIRROR_ROWS_MAX * MIRROR_ROW_CELLS;
const CLUSTER_ROWS_START = CALLOUT_ROWS_START + CALLOUT_ROWS_MAX * CALLOUT_ROW_CELLS;
const FILTER_METRICS_START = CLUSTER_ROWS_START + CLUSTER_ROWS_MAX * CLUSTER_ROW_CELLS;
const SLAB_CELLS = FILTER_METRICS_START + FILTER_METRIC_CELLS;

/** Cells of a revision row, counted from its start. */
export const REVISION_CELL = {
  noOpinion: 0,
  allowed: 1,
  denied: 2,
  errors: 2 + RPC_CODES.length,
  fuel: 2 + RPC_CODES.length + CAUSES.length,
  /** Streams that a split sent here because they had no key. */
  keyless: 3 + RPC_CODES.length + CAUSES.length,
  timeNs: 4 + RPC_CODES.length + CAUSES.length,
  fuelBuckets: 5 + RPC_CODES.length + CAUSES.length,
  timeBuckets: 5 + RPC_CODES.length + CAUSES.length + BUCKETS,
  /** Gauges, written once a second. */
  instances: 5 + RPC_CODES.length + CAUSES.length + 2 * BUCKETS,
  memoryBytes: 6 + RPC_CODES.length + CAUSES.length + 2 * BUCKETS,
} as const;

/** Why a copy for a mirror was never begun, in the order of their cells. */
export const MIRROR_DROPS = [
  "noEndpoint",
  "unreachable",
  "connections",
  "copies",
  "memory",
  "overload",
  "loop",
] as const;

/** Cells of a mirror row, counted from its start. */
export const MIRROR_CELL = { sent: 0, answered: 1, failed: 2, cut: 3, dropped: 4 } as const;

/** Why a callout of a filter has no answer, in the order of their cells. */
export const CALLOUT_FAILURES = [
  "noEndpoint",
  "overload",
  "connect",
  "reset",
  "timeout",
  "protocol",
  "tooLarge",
  "shutdown",
] as const;

/** Cells of a callout row, counted from its start. */
export const CALLOUT_CELL = { sent: 0, answered: 1, cancelled: 2, failed: 3 } as const;

/** Why requests to a cluster failed, by the flag of their record, in the order of their cells. */
export const CLUSTER_FAILURES = ["UF", "UC", "UT", "UO", "UH", "URX", "UPE", "SI", "LR", "DC"] as const;

/** Cells of a cluster row, counted from its start. */
export const CLUSTER_CELL = {
  requests: 0,
  responses: 1,
  /** Requests that waited for a connection. */
  waited: 6,
  failures: 7,
  /** Gauges, written twice a second. */
  active: 7 + CLUSTER_FAILURES.length,
  waiting: 8 + CLUSTER_FAILURES.length,
  connections: 9 + CLUSTER_FAILURES.length,
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

export function mirrorRowOf(slab: SharedArrayBuffer, row: number): Float64Array {
  const start = (MIRROR_ROWS_START + row * MIRROR_ROW_CELLS) * Float64Array.BYTES_PER_ELEMENT;
  return new Float64Array(slab, start, MIRROR_ROW_CELLS);
}

export function calloutRowOf(slab: SharedArrayBuffer, row: number): Float64Array {
  const start = (CALLOUT_ROWS_START + row * CALLOUT_ROW_CELLS) * Float64Array.BYTES_PER_ELEMENT;
  return new Float64Array(slab, start, CALLOUT_ROW_CELLS);
}

export function clusterRowOf(slab: SharedArrayBuffer, row: number): Float64Array {
  const start = (CLUSTER_ROWS_START + row * CLUSTER_ROW_CELLS) * Float64Array.BYTES_PER_ELEMENT;
  return new Float64Array(slab, start, CLUSTER_ROW_CELLS);
}

export function filterMetricsOf(slab: SharedArrayBuffer): Float64Array {
  return new Float64Array(slab, FILTER_METRICS_START * Float64Array.BYTES_PER_ELEMENT, FILTER_METRIC_CELLS);
}
