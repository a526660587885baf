// HOT: bench proxy.
// This worker's connections to upstreams, by endpoint: the most recently used idle one first, so that a quiet pool
// shrinks. It keeps them within the cluster's bounds, lets requests wait for one, and closes what is idle or does not
// connect in time.

import { Http1ClientConnection, type ClientCodecHost } from "../codec/http1/client-connection.ts";
import type { OutputStage } from "../codec/stage.ts";
import { EXCHANGE_COUNTER, type WorkerCounters } from "../exchange/exchange-counters.ts";
import type { CoarseClock } from "../exchange/coarse-clock.ts";
import type { ByteAccount } from "../exchange/byte-account.ts";
import type { Cluster, Endpoint } from "../snapshot/runtime.ts";
import type { TransportKind } from "../transport/transport.ts";
import type { ClusterLoad, LoadedPool, WaitingRequest } from "./cluster-load.ts";
import { CONNECTS_AT_ONCE, CONNECT_PACE_MS, IDLE_MS } from "./limits.ts";
import { PendingRequest } from "./pending-request.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

export interface UpstreamPoolOptions {
  readonly transports: TransportKind;
  readonly stage: OutputStage;
  readonly counters: WorkerCounters;
  readonly clock: CoarseClock;
  readonly account: ByteAccount;
  readonly connectionsPerEndpointMax: number;
  /** Whether the worker has as many connections to upstreams as it may; absent: nobody bounds them. */
  readonly isFull?: () => boolean;
}

export class UpstreamPool {
  private readonly options: UpstreamPoolOptions;
  private readonly endpoints = new Map<Endpoint, EndpointPool>();

  constructor(options: UpstreamPoolOptions) {
    this.options = options;
  }

  /**
   * A connection for one request, an idle one unless `fresh`, or a place in the queue for one. Null when the cluster has as
   * many requests under way, or waiting, as it may.
   */
  take(cluster: Cluster, endpoint: Endpoint, fresh: boolean): UpstreamRequest | null {
    const { load } = endpoint;
    if (load.active + load.waiting.size >= cluster.requestsMax) return null;
    const pool = this.poolOf(endpoint);
    return pool.take(cluster, fresh, true) ?? pool.wait(cluster);
  }

  /** The same for who cannot wait. */
  takeNow(cluster: Cluster, endpoint: Endpoint, fresh: boolean): Http1ClientConnection | null {
    return this.poolOf(endpoint).take(cluster, fresh, false);
  }

  private poolOf(endpoint: Endpoint): EndpointPool {
    let pool = this.endpoints.get(endpoint);
    if (pool === undefined) {
      pool = new EndpointPool(endpoint, this.options);
      this.endpoints.set(endpoint, pool);
    }
    return pool;
  }

  /** Closes every connection that nobody uses. */
  closeIdle(): void {
    for (const pool of this.endpoints.values()) while (pool.closeIdle());
  }

  /** Closes one of them, of whatever cluster; false when all are in use. */
  closeOneIdle(): boolean {
    for (const pool of this.endpoints.values()) if (pool.closeIdle()) return true;
    return false;
  }

  /** Of the clusters that it has connections to, some more than once. */
  get loads(): readonly ClusterLoad[] {
    return Array.from(this.endpoints.keys(), ({ load }) => load);
  }

  /** Called a few times a second. */
  sweep(nowMs: number): void {
    for (const [endpoint, pool] of this.endpoints) {
      pool.sweep(nowMs);
      // Endpoints come and go with configurations; a pool without connections is nothing to keep.
      if (pool.isEmpty) this.drop(endpoint, pool);
    }
  }

  close(): void {
    for (const [endpoint, pool] of this.endpoints) {
      pool.close();
      this.drop(endpoint, pool);
    }
  }

  private drop(endpoint: Endpoint, pool: EndpointPool): void {
    this.endpoints.delete(endpoint);
    endpoint.load.pools.delete(pool);
  }
}

/**
 * Keeps `active` of endpoint and cluster: connections that are not idle. One that is taken out to be closed counts until it
 * is.
 */
class EndpointPool implements ClientCodecHost, LoadedPool {
  readonly stage: OutputStage;
  private readonly endpoint: Endpoint;
  private readonly options: UpstreamPoolOptions;
  private readonly idle: Http1ClientConnection[] = [];
  private readonly connecting = new Map<Http1ClientConnection, number>();
  private readonly live = new Set<Http1ClientConnection>();
  private isClosed = false;
  /** Connects that may be under way. */
  private connectsMax = CONNECTS_AT_ONCE;
  private pace: NodeJS.Timeout | null = null;

  constructor(endpoint: Endpoint, options: UpstreamPoolOptions) {
    this.endpoint = endpoint;
    this.options = options;
    this.stage = options.stage;
    endpoint.load.pools.add(this);
  }

  get isEmpty(): boolean {
    return this.live.size === 0 && !this.isWaitedFor;
  }

  get connections(): number {
    return this.live.size;
  }

  get connects(): number {
    return this.connecting.size;
  }

  get canConnect(): boolean {
    const { connectionsPerEndpointMax } = this.options;
    return !this.isClosed && this.connecting.size < this.connectsMax && this.live.size < connectionsPerEndpointMax;
  }

  /** `isPaced`: who asks can wait while enough connects are under way. */
  take(cluster: Cluster, fresh: boolean, isPaced: boolean): Http1ClientConnection | null {
    if (!fresh) {
      for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
        this.taken();
        if (connection.isIdle) return connection;
      }
    }
    if (isPaced && this.connecting.size >= this.connectsMax) return null;
    if (this.live.size >= this.options.connectionsPerEndpointMax || this.isWorkerFull) return null;
    const { load } = this.endpoint;
    if (load.connections >= cluster.connectionsMax && !load.closeIdle()) return null;
    return this.connect(cluster.connectTimeoutMs);
  }

  /** Null: too many wait already. */
  wait(cluster: Cluster): PendingRequest | null {
    const { load } = this.endpoint;
    if (!load.mayWait(cluster)) return null;
    const { account, clock } = this.options;
    this.pace ??= setTimeout(paced, CONNECT_PACE_MS, this);
    const deadlineMs = clock.monotonicMs + cluster.pendingTimeoutMs;
    return new PendingRequest({ cluster, pool: this, load, account, deadlineMs });
  }

  /** Requests have waited for a while: more connects are begun for them than were allowed at once. */
  connectMore(): void {
    const { load } = this.endpoint;
    this.pace = null;
    this.connectsMax = CONNECTS_AT_ONCE;
    if (this.isClosed || !this.isWaitedFor) return;
    this.connectsMax = this.connecting.size + CONNECTS_AT_ONCE;
    for (let before = -1; before < this.connecting.size && this.canConnect;) {
      before = this.connecting.size;
      load.slotFreed();
    }
    this.pace = setTimeout(paced, CONNECT_PACE_MS, this);
  }

  private get isWaitedFor(): boolean {
    for (const { pool } of this.endpoint.load.waiting) if (pool === this) return true;
    return false;
  }

  private get isWorkerFull(): boolean {
    return this.options.isFull?.() === true;
  }

  private taken(): void {
    this.options.counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]!--;
    this.endpoint.active++;
    this.endpoint.load.active++;
  }

  private connect(connectTimeoutMs: number): Http1ClientConnection {
    const { transports, counters, clock } = this.options;
    const connection = new Http1ClientConnection(transports.connect(this.endpoint.host, this.endpoint.port), this);
    counters[EXCHANGE_COUNTER.upstreamConnectsTotal]!++;
    counters[EXCHANGE_COUNTER.upstreamConnectionsLive]!++;
    this.live.add(connection);
    this.endpoint.active++;
    this.endpoint.load.active++;
    this.endpoint.load.connections++;
    this.connecting.set(connection, clock.monotonicMs + connectTimeoutMs);
    return connection;
  }

  turn(): void {
    this.options.clock.touch();
  }

  bytesHeld(bytes: number): void {
    this.options.account.hold(bytes);
  }

  connectionOpened(connection: Http1ClientConnection): void {
    this.connecting.delete(connection);
    const { load } = this.endpoint;
    if (load.waiting.size > 0) load.slotFreed();
  }

  connectionFree(connection: Http1ClientConnection): void {
    const { load } = this.endpoint;
    const heir = load.waiting.size === 0 ? null : load.heirOf(this);
    if (heir !== null) {
      this.handOn(connection, heir);
      return;
    }
    connection.idleSinceMs = this.options.clock.monotonicMs;
    this.idle.push(connection);
    this.endpoint.active--;
    load.active--;
    this.options.counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]!++;
  }

  /** One for another endpoint takes the room at once: were it to wait for the end, more would be closed for it meanwhile. */
  private handOn(connection: Http1ClientConnection, heir: WaitingRequest): void {
    if (heir.pool === this) {
      heir.serve(connection);
      return;
    }
    connection.close();
    heir.pool.connectFor(heir);
  }

  connectionClosed(connection: Http1ClientConnection, wasOpen: boolean): void {
    const { counters } = this.options;
    const { load } = this.endpoint;
    if (!this.live.delete(connection)) return;
    counters[EXCHANGE_COUNTER.upstreamConnectionsLive]!--;
    load.connections--;
    if (!wasOpen) counters[EXCHANGE_COUNTER.upstreamConnectFailures]!++;
    this.connecting.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at < 0) {
      this.endpoint.active--;
      load.active--;
    } else {
      this.idle.splice(at, 1);
      counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]!--;
    }
    if (load.waiting.size > 0) load.slotFreed();
  }

  // ---- LoadedPool

  closeIdle(): boolean {
    // Oldest first: the end of the stack is in use.
    const oldest = this.idle.shift();
    if (oldest === undefined) return false;
    this.taken();
    oldest.close();
    return true;
  }

  connectFor(request: WaitingRequest): void {
    if (this.canConnect && !this.isWorkerFull) request.serve(this.connect(request.cluster.connectTimeoutMs));
  }

  sweep(nowMs: number): void {
    for (const [connection, deadlineMs] of this.connecting) if (deadlineMs <= nowMs) connection.close();
    while (this.idle.length > 0 && this.idle[0]!.idleSinceMs + IDLE_MS <= nowMs) this.closeIdle();
    const { load } = this.endpoint;
    load.sweep(nowMs);
    // Where the worker was full, the room that came free may have been another cluster's.
    if (load.waiting.size > 0) load.slotFreed();
  }

  close(): void {
    this.isClosed = true;
    if (this.pace !== null) clearTimeout(this.pace);
    for (const connection of this.live) connection.close();
  }
}

function paced(pool: EndpointPool): void {
  pool.connectMore();
}
