// HOT: bench proxy.
// What one worker has under way to one cluster, over all snapshots and listeners: its bounds hold for all of them together.
// Requests that find no connection wait here, first come first served, as far as they want the same endpoint.

import { CLUSTER_CELL, CLUSTER_FAILURES } from "../counters/slab.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

/** A pool of connections to one endpoint of the cluster. */
export interface LoadedPool {
  readonly connections: number;
  /** Connections that are not there yet. */
  readonly connects: number;
  /** One more may be begun. */
  readonly canConnect: boolean;
  /** Closes the connection that was idle for longest; false when none is idle. */
  closeIdle(): boolean;
  /** A connection of the cluster went, so a request that waits for this endpoint may have one of its own. */
  connectFor(request: WaitingRequest): void;
}

/** A request that waits for a connection. */
export interface WaitingRequest {
  readonly pool: LoadedPool;
  readonly cluster: { readonly connectTimeoutMs: number; readonly connectionsMax: number };
  readonly deadlineMs: number;
  /** `connection` is the request's from now on. */
  serve(connection: UpstreamRequest): void;
  /** No connection came free in time. */
  expire(): void;
}

export class ClusterLoad {
  /** Requests under way, those that wait aside. */
  active = 0;
  /** Connections of any state, from the attempt to the end. */
  connections = 0;
  /** Retries under way, kept by those who retry. */
  retries = 0;
  readonly waiting = new Set<WaitingRequest>();
  readonly pools = new Set<LoadedPool>();
  readonly row: Float64Array;

  /** `row` is this worker's counters of the cluster. */
  constructor(row: Float64Array) {
    this.row = row;
  }

  /** A request that was sent to an endpoint is over. */
  ended(status: number, flags: readonly string[]): void {
    const { row } = this;
    row[CLUSTER_CELL.requests]!++;
    if (status >= 100) row[CLUSTER_CELL.responses + ((status / 100) | 0) - 1]!++;
    for (let i = 0; i < flags.length; i++) this.failed(flags[i]!);
  }

  /** Counts why a request failed, where it is a failure of the cluster. */
  failed(flag: string): void {
    const cause = CLUSTER_FAILURES.indexOf(flag as (typeof CLUSTER_FAILURES)[number]);
    if (cause >= 0) this.row[CLUSTER_CELL.failures + cause]!++;
  }

  wait(request: WaitingRequest): void {
    this.waiting.add(request);
    this.row[CLUSTER_CELL.waited]!++;
  }

  /** Makes room for a connection by closing one that nobody uses. */
  closeIdle(): boolean {
    for (const pool of this.pools) if (pool.closeIdle()) return true;
    return false;
  }

  /**
   * Who takes over a connection of `pool` that is free: the first that waits for this endpoint. In a cluster that is full it is
   * closed for a request before it whose endpoint has no connection at all, which would wait for ever, and for whoever waits
   * where nobody waits for this endpoint.
   */
  heirOf(pool: LoadedPool): WaitingRequest | null {
    let isFull = false;
    for (const request of this.waiting) {
      if (request.pool === pool) return request;
      isFull = this.connections >= request.cluster.connectionsMax;
      if (isFull && request.pool.connections === 0 && request.pool.canConnect) return request;
    }
    return isFull ? this.first() : null;
  }

  /** There may be room for another connection: it is for one that waits. */
  slotFreed(): void {
    const next = this.first();
    if (next === null || this.connections >= next.cluster.connectionsMax) return;
    next.pool.connectFor(next);
  }

  /** How many may wait: those for whom there is still a connection to come, and `pendingMax` others. */
  mayWait(cluster: { readonly connectionsMax: number; readonly pendingMax: number }): boolean {
    return this.waiting.size < cluster.pendingMax + Math.max(0, cluster.connectionsMax - this.connections);
  }

  /** Called a few times a second: gives up those that waited for too long. */
  sweep(nowMs: number): void {
    for (const request of this.waiting) {
      if (request.deadlineMs > nowMs) return;
      request.expire();
    }
  }

  private first(): WaitingRequest | null {
    let first: WaitingRequest | null = null;
    for (const request of this.waiting) {
      if (!request.pool.canConnect) continue;
      if (request.pool.connections === 0) return request;
      first ??= request;
    }
    return first;
  }
}
