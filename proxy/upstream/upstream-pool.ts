// HOT: bench proxy.
// This worker's connections to upstreams, by endpoint: the most recently used idle one first, so that a quiet pool
// shrinks. It bounds how many there are and closes what is idle or does not connect in time.

import { Http1ClientConnection, type ClientCodecHost } from "../codec/http1/client-connection.ts";
import type { OutputStage } from "../codec/stage.ts";
import { EXCHANGE_COUNTER, type WorkerCounters } from "../exchange/exchange-counters.ts";
import type { CoarseClock } from "../exchange/coarse-clock.ts";
import type { ByteAccount } from "../exchange/byte-account.ts";
import type { Cluster, Endpoint } from "../snapshot/runtime.ts";
import type { TransportKind } from "../transport/transport.ts";
import { IDLE_MS, IDLE_PER_ENDPOINT_MAX } from "./limits.ts";

export interface UpstreamPoolOptions {
  readonly transports: TransportKind;
  readonly stage: OutputStage;
  readonly counters: WorkerCounters;
  readonly clock: CoarseClock;
  readonly account: ByteAccount;
  readonly connectionsPerEndpointMax: number;
}

export class UpstreamPool {
  private readonly options: UpstreamPoolOptions;
  private readonly endpoints = new Map<Endpoint, EndpointPool>();

  constructor(options: UpstreamPoolOptions) {
    this.options = options;
  }

  /** A connection for one request, an idle one unless `fresh`; null when the endpoint has as many as it may. */
  take(cluster: Cluster, endpoint: Endpoint, fresh: boolean): Http1ClientConnection | null {
    let pool = this.endpoints.get(endpoint);
    if (pool === undefined) {
      pool = new EndpointPool(endpoint, this.options);
      this.endpoints.set(endpoint, pool);
    }
    return pool.take(cluster.connectTimeoutMs, fresh);
  }

  /** Called a few times a second. */
  sweep(nowMs: number): void {
    for (const [endpoint, pool] of this.endpoints) {
      pool.sweep(nowMs);
      // Endpoints come and go with configurations; a pool without connections is nothing to keep.
      if (pool.isEmpty) this.endpoints.delete(endpoint);
    }
  }

  close(): void {
    for (const pool of this.endpoints.values()) pool.close();
    this.endpoints.clear();
  }
}

/** Keeps `endpoint.active`: its connections that are not idle. One that is taken out to be closed counts until it is. */
class EndpointPool implements ClientCodecHost {
  readonly stage: OutputStage;
  private readonly endpoint: Endpoint;
  private readonly options: UpstreamPoolOptions;
  private readonly idle: Http1ClientConnection[] = [];
  private readonly connecting = new Map<Http1ClientConnection, number>();
  private readonly live = new Set<Http1ClientConnection>();

  constructor(endpoint: Endpoint, options: UpstreamPoolOptions) {
    this.endpoint = endpoint;
    this.options = options;
    this.stage = options.stage;
  }

  get isEmpty(): boolean {
    return this.live.size === 0;
  }

  take(connectTimeoutMs: number, fresh: boolean): Http1ClientConnection | null {
    const { counters } = this.options;
    if (!fresh) {
      for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
        counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]!--;
        this.endpoint.active++;
        if (connection.isIdle) return connection;
      }
    }
    if (this.live.size >= this.options.connectionsPerEndpointMax) return null;
    return this.connect(connectTimeoutMs);
  }

  private connect(connectTimeoutMs: number): Http1ClientConnection {
    const { transports, counters, clock } = this.options;
    const connection = new Http1ClientConnection(transports.connect(this.endpoint.host, this.endpoint.port), this);
    counters[EXCHANGE_COUNTER.upstreamConnectsTotal]!++;
    counters[EXCHANGE_COUNTER.upstreamConnectionsLive]!++;
    this.live.add(connection);
    this.endpoint.active++;
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
  }

  connectionFree(connection: Http1ClientConnection): void {
    if (this.idle.length >= IDLE_PER_ENDPOINT_MAX) {
      connection.close();
      return;
    }
    connection.idleSinceMs = this.options.clock.monotonicMs;
    this.idle.push(connection);
    this.endpoint.active--;
    this.options.counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]!++;
  }

  connectionClosed(connection: Http1ClientConnection, wasOpen: boolean): void {
    const { counters } = this.options;
    if (!this.live.delete(connection)) return;
    counters[EXCHANGE_COUNTER.upstreamConnectionsLive]!--;
    if (!wasOpen) counters[EXCHANGE_COUNTER.upstreamConnectFailures]!++;
    this.connecting.delete(connection);
    const at = this.idle.indexOf(connection);
    if (at < 0) {
      this.endpoint.active--;
      return;
    }
    this.idle.splice(at, 1);
    counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]!--;
  }

  sweep(nowMs: number): void {
    for (const [connection, deadlineMs] of this.connecting) if (deadlineMs <= nowMs) connection.close();
    // Oldest first: the end of the stack is in use.
    while (this.idle.length > 0 && this.idle[0]!.idleSinceMs + IDLE_MS <= nowMs) {
      this.options.counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]!--;
      this.endpoint.active++;
      this.idle.shift()!.close();
    }
  }

  close(): void {
    for (const connection of this.live) connection.close();
  }
}
