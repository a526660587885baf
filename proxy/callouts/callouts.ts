// What filters on this worker ask of clusters: HTTP over the proxy's own codec and connections, gRPC over HTTP/2 sessions.
// Connections, bounds and counters are the worker's; which clusters there are is the snapshot's. Nothing here waits for
// a filter and no filter is waited for.

import type { CalloutClient } from "@sluice/abi";
import { OutputStage } from "../codec/stage.ts";
import { PartAccount, type ByteAccount } from "../exchange/byte-account.ts";
import type { CoarseClock } from "../exchange/coarse-clock.ts";
import { EXCHANGE_COUNTER_COUNT } from "../exchange/exchange-counters.ts";
import type { Cluster } from "../snapshot/runtime.ts";
import type { TransportKind } from "../transport/transport.ts";
import { UpstreamPool } from "../upstream/upstream-pool.ts";
import { CalloutDesk } from "./callout-desk.ts";
import { GrpcCall } from "./grpc-call.ts";
import { GrpcSessions } from "./grpc-session.ts";
import { GrpcStreamCallout } from "./grpc-stream.ts";
import { HttpCall } from "./http-call.ts";
import { CALLOUT_BYTES_MAX, CALLOUT_CONNECTIONS_PER_ENDPOINT_MAX, SWEEP_INTERVAL_MS } from "./limits.ts";

export interface CalloutsOptions {
  readonly transports: TransportKind;
  readonly clock: CoarseClock;
  /** The worker's: what callouts hold counts there too. */
  readonly account: ByteAccount;
  /** This worker's callout counters of a cluster. */
  rowOf(cluster: string): Float64Array;
}

export class Callouts {
  private readonly options: CalloutsOptions;
  private readonly account: ByteAccount;
  private readonly pool: UpstreamPool;
  private readonly sessions = new GrpcSessions();
  private readonly desks = new Map<string, CalloutDesk>();
  private sweeper: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(options: CalloutsOptions) {
    this.options = options;
    this.account = new PartAccount(options.account, CALLOUT_BYTES_MAX);
    this.pool = new UpstreamPool({
      transports: unreferenced(options.transports),
      clock: options.clock,
      account: this.account,
      // Apart from the listeners': no write of a stream waits behind one of a callout.
      stage: new OutputStage(),
      // Connections of callouts are no part of what is told of upstreams.
      counters: new Float64Array(EXCHANGE_COUNTER_COUNT),
      connectionsPerEndpointMax: CALLOUT_CONNECTIONS_PER_ENDPOINT_MAX,
    });
  }

  /** Callouts and gRPC streams under way. */
  get live(): number {
    return [...this.desks.values()].reduce((sum, desk) => sum + desk.live, 0);
  }

  /** Bytes held for callouts. */
  get heldBytes(): number {
    return this.account.held;
  }

  /** HTTP/2 sessions that are open or opening. */
  get sessionsLive(): number {
    return this.sessions.live;
  }

  /** A face for the plugins of one snapshot. */
  client(clusters: ReadonlyMap<string, Cluster>): CalloutClient {
    return {
      hasCluster: (cluster) => clusters.has(cluster),
      http: (request, sink) => {
        // A tick may be the first in a long while to ask what time it is.
        this.options.clock.touch();
        const call = new HttpCall(this.deskOf(request.cluster), this.pool, request, sink);
        call.start(this.isClosed ? null : clusters.get(request.cluster)!);
        return call;
      },
      grpcCall: (request, sink) => {
        const call = new GrpcCall(this.deskOf(request.cluster), this.sessions, request, sink);
        call.start(this.isClosed ? null : clusters.get(request.cluster)!);
        return call;
      },
      grpcStream: (request, sink) => {
        const stream = new GrpcStreamCallout(this.deskOf(request.cluster), this.sessions, request, sink);
        stream.start(this.isClosed ? null : clusters.get(request.cluster)!);
        return stream;
      },
    };
  }

  /** Called a few times a second: gives up connections that are not there in time, closes idle ones. */
  sweep(nowMs: number): void {
    this.pool.sweep(nowMs);
  }

  /** Ends what is under way, closes every connection. What is asked afterwards fails. */
  close(): void {
    this.isClosed = true;
    if (this.sweeper !== null) clearInterval(this.sweeper);
    for (const desk of this.desks.values()) desk.close();
    this.pool.close();
    this.sessions.close();
  }

  private deskOf(cluster: string): CalloutDesk {
    let desk = this.desks.get(cluster);
    if (desk === undefined) {
      desk = new CalloutDesk(this.options.rowOf(cluster), this.account);
      this.desks.set(cluster, desk);
      this.startSweeping();
    }
    return desk;
  }

  /** A worker whose filters ask nobody has no timer of ours. */
  private startSweeping(): void {
    if (this.sweeper !== null || this.isClosed) return;
    this.sweeper = setInterval(() => this.sweep(performance.now()), SWEEP_INTERVAL_MS).unref();
  }
}

/** Connections that do not keep their thread alive. */
function unreferenced(kind: TransportKind): TransportKind {
  return {
    listen: (at, accepted) => kind.listen(at, accepted),
    connect: (host, port) => {
      const transport = kind.connect(host, port);
      transport.unref();
      return transport;
    },
  };
}
