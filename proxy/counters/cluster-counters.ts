// What became of the requests to each cluster, and what is under way to it: written by each worker, summed here.

import { rowsByCluster } from "./cluster-rows.ts";
import { CLUSTER_ROWS_MAX } from "./limits.ts";
import { CLUSTER_CELL, CLUSTER_FAILURES, clusterRowOf } from "./slab.ts";

export interface ClusterCounters {
  readonly cluster: string;
  /** Requests that were sent to an endpoint and are over. */
  readonly requests: number;
  /** By class of their answers' status, ours included. */
  readonly responses: Readonly<Record<string, number>>;
  /** Why requests failed, by the flag of their record; only what happened. */
  readonly failures: Readonly<Record<string, number>>;
  /** Requests that waited for a connection. */
  readonly waited: number;
  /** Right now, a moment ago. */
  readonly active: number;
  readonly waiting: number;
  readonly connections: number;
}

/** `clusters` and `slabs` by worker. */
export function sumClusterRows(
  clusters: readonly (readonly string[])[],
  slabs: readonly SharedArrayBuffer[],
): ClusterCounters[] {
  return rowsByCluster(clusters, (worker, place) => clusterRowOf(slabs[worker]!, place)).map(({ cluster, cell }) => ({
    cluster,
    requests: cell(CLUSTER_CELL.requests),
    responses: Object.fromEntries(CLASSES.map((name, at) => [name, cell(CLUSTER_CELL.responses + at)])),
    failures: Object.fromEntries(
      CLUSTER_FAILURES.flatMap((flag, at) => {
        const count = cell(CLUSTER_CELL.failures + at);
        return count === 0 ? [] : [[flag, count] as const];
      }),
    ),
    waited: cell(CLUSTER_CELL.waited),
    active: cell(CLUSTER_CELL.active),
    waiting: cell(CLUSTER_CELL.waiting),
    connections: cell(CLUSTER_CELL.connections),
  }));
}

const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"];

export interface LoadFigures {
  readonly row: Float64Array;
  readonly active: number;
  readonly waiting: { readonly size: number };
  readonly connections: number;
}

/** `loads` of all clusters of a worker: those without a row of their own share one. */
export function writeClusterGauges(loads: readonly LoadFigures[]): void {
  for (const { row } of loads) row.fill(0, CLUSTER_CELL.active, CLUSTER_CELL.connections + 1);
  for (const { row, active, waiting, connections } of loads) {
    row[CLUSTER_CELL.active]! += active;
    row[CLUSTER_CELL.waiting]! += waiting.size;
    row[CLUSTER_CELL.connections]! += connections;
  }
}

/** Of a worker that is dead: nothing is under way. */
export function clearClusterGauges(slab: SharedArrayBuffer): void {
  for (let at = 0; at < CLUSTER_ROWS_MAX; at++) {
    clusterRowOf(slab, at).fill(0, CLUSTER_CELL.active, CLUSTER_CELL.connections + 1);
  }
}
