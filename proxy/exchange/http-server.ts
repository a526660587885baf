// The proxy's downstream face in one worker: accepts connections, drives one Exchange per request and tells the
// observer what became of it. It reads snapshots, it never makes them.

import { Http1ServerConnection, type ServerCodecHost } from "../codec/http1/server-connection.ts";
import type { RequestSink } from "../codec/codec.ts";
import { OutputStage } from "../codec/stage.ts";
import type { MirrorFacts } from "../mirror/mirror-facts.ts";
import { Mirrors } from "../mirror/mirrors.ts";
import { LEVEL } from "../overload/overload-level.ts";
import type { Admission } from "../overload/admission.ts";
import type { OverloadTarget } from "../overload/overload-manager.ts";
import type { Snapshot, StreamLimits } from "../snapshot/runtime.ts";
import { rawTcp } from "../transport/raw-transport.ts";
import type { ListenAt, Transport, TransportKind, TransportListener } from "../transport/transport.ts";
import { CONNECTIONS_PER_ENDPOINT_MAX } from "../upstream/limits.ts";
import { UpstreamPool } from "../upstream/upstream-pool.ts";
import type { ByteAccount } from "./byte-account.ts";
import type { CoarseClock } from "./coarse-clock.ts";
import { ConnectionTable } from "./connection-table.ts";
import type { DrainBounds, LetGo } from "./drain-bounds.ts";
import { EXCHANGE_COUNTER, type WorkerCounters } from "./exchange-counters.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import { Exchange } from "./exchange.ts";
import type { StreamObserver } from "./facts.ts";
import { LINGER_MS, POOLED_EXCHANGES_MAX, SWEEP_MS, TIMED_ONE_IN } from "./limits.ts";
import { RequestIds } from "./own-fields.ts";

export type { ExchangeFacts, StreamObserver } from "./facts.ts";
export type { ListenAt } from "../transport/transport.ts";

export interface HttpServerOptions {
  /** Name of the listener, for records and properties. */
  readonly listener: string;
  /** The snapshot that new streams take. Called once a stream; must be a plain read. */
  snapshot(): Snapshot;
  readonly observer: StreamObserver;
  readonly counters: WorkerCounters;
  readonly account: ByteAccount;
  readonly clock: CoarseClock;
  /** Which connections are taken. */
  readonly admission: Admission;
  /** How many workers share the bound of connections to upstreams. */
  readonly workers: number;
  /** This worker's counters of the copies for a cluster. */
  mirrorRow(cluster: string): Float64Array;
  /** What copies of this process are known by: a secret of it, the same on all workers. */
  readonly mirrorOrigin: string;
  /** How connections are made; TCP when absent. */
  readonly transports?: TransportKind;
}

export class HttpServer implements ServerCodecHost, ExchangeHost, OverloadTarget {
  readonly stage = new OutputStage();
  readonly observer: StreamObserver;
  readonly counters: WorkerCounters;
  readonly account: ByteAccount;
  readonly clock: CoarseClock;
  readonly ids: RequestIds;
  readonly upstreams: UpstreamPool;
  readonly mirrors: Mirrors;
  /** No connection is kept after its response: it drains, or has too much to do. */
  isDraining = false;
  /** New streams are answered with 503. */
  refusesStreams = false;
  private isEnding = false;
  /** Streams with filters so far: the first one and then each TIMED_ONE_IN-th is timed. */
  private filteredStreams = 0;
  private readonly options: HttpServerOptions;
  private readonly transports: TransportKind;
  private readonly table = new ConnectionTable<Http1ServerConnection>();
  private readonly spare: Exchange[] = [];
  private listening: TransportListener | null = null;
  private sweeper: NodeJS.Timeout | null = null;
  private drained: (() => void) | null = null;

  constructor(options: HttpServerOptions) {
    this.options = options;
    this.transports = options.transports ?? rawTcp;
    this.observer = options.observer;
    this.counters = options.counters;
    this.account = options.account;
    this.clock = options.clock;
    this.ids = new RequestIds(options.clock);
    const { transports, stage, counters, clock, account } = this;
    const connectionsPerEndpointMax = CONNECTIONS_PER_ENDPOINT_MAX;
    const isFull = (): boolean => this.isFullUpstream();
    this.upstreams = new UpstreamPool({
      transports,
      stage,
      counters,
      clock,
      account,
      connectionsPerEndpointMax,
      isFull,
    });
    const { mirrorRow: rowOf, mirrorOrigin: origin, observer } = options;
    const compared = (facts: MirrorFacts): void => observer.mirrored(facts);
    this.mirrors = new Mirrors({ transports, clock, account, rowOf, compared, origin });
  }

  /** Starts to accept; resolves to the port. */
  async listen(at: ListenAt): Promise<number> {
    this.listening = await this.transports.listen(
      at,
      (transport) => this.accept(transport),
      () => this.acceptFailed(),
    );
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    return this.listening.port;
  }

  get connections(): number {
    return this.table.count;
  }

  /** Streams under way. */
  get streams(): number {
    return this.counters[EXCHANGE_COUNTER.streamsLive]!;
  }

  /** Every connection ends with its next response from now on; new ones are still taken. */
  discourage(): void {
    this.isEnding = this.isDraining = true;
  }

  /**
   * Accepts no more, closes connections after their response and idle ones when they ask nothing within `idleMs`; what is
   * still there after `deadlineMs` is cut. Resolves when no connection is left.
   */
  drain({ deadlineMs, idleMs }: DrainBounds): Promise<void> {
    this.isEnding = this.isDraining = true;
    this.listening?.close();
    const done = new Promise<void>((resolve) => (this.drained = resolve));
    this.table.each((connection) => {
      if (idleMs > 0 && connection.isIdle) this.table.wait(connection, idleMs);
      else connection.drain();
    });
    const cut = setTimeout(() => this.table.each((connection) => connection.cut("DT")), deadlineMs);
    this.noteEmpty();
    return done.then(() => {
      clearTimeout(cut);
      this.close();
    });
  }

  /** Streams that still hold the snapshot go on without it, or are cut; how many of each. */
  letGoOf(snapshot: Snapshot): LetGo {
    const { counters } = this;
    const count: LetGo = { detached: 0, cut: 0 };
    this.table.each(({ stream }) => {
      if (!(stream instanceof Exchange) || !stream.holds(snapshot)) return;
      const isDetached = stream.letGo();
      count[isDetached ? "detached" : "cut"]++;
      counters[isDetached ? EXCHANGE_COUNTER.drainDetached : EXCHANGE_COUNTER.drainCuts]!++;
    });
    return count;
  }

  /** Drops everything at once. */
  close(): void {
    this.listening?.close();
    if (this.sweeper !== null) clearInterval(this.sweeper);
    this.table.each((connection) => connection.transport.close());
    this.upstreams.close();
    this.mirrors.close();
  }

  // ---- ServerCodecHost

  get headBytesMax(): number {
    return this.options.snapshot().limits.headBytesMax;
  }
  get headFieldsMax(): number {
    return this.options.snapshot().limits.headFieldsMax;
  }
  get underscores(): StreamLimits["underscores"] {
    return this.options.snapshot().limits.underscores;
  }

  /** Asked once a connection and list of proxies. */
  trusts(connection: Http1ServerConnection): boolean {
    const { trusted } = this.options.snapshot();
    if (trusted !== connection.trustedBy) {
      connection.trustedBy = trusted;
      connection.isTrusted = trusted !== null && trusted.trusts(connection.sourceAddress);
    }
    return connection.isTrusted;
  }

  get requestsPerConnectionMax(): number {
    return this.options.snapshot().limits.requestsPerConnectionMax;
  }

  openStream(connection: Http1ServerConnection): RequestSink {
    const exchange = this.spare.pop() ?? new Exchange(this);
    exchange.open(connection);
    return exchange;
  }

  cancelStream(sink: RequestSink): void {
    if (sink instanceof Exchange) this.releaseExchange(sink);
  }

  awaits(connection: Http1ServerConnection, what: "request" | "head" | "stream" | "linger"): void {
    this.table.wait(connection, this.waitMs(what));
    if (what === "request") this.table.respondWithin(connection, 0);
  }

  private waitMs(what: "request" | "head" | "stream" | "linger"): number {
    const { limits } = this.options.snapshot();
    if (what === "stream") return limits.streamIdleTimeoutMs;
    if (what === "head") return limits.headTimeoutMs;
    return what === "request" ? limits.keepAliveTimeoutMs : LINGER_MS;
  }

  streamBegins(connection: Http1ServerConnection, hasBody: boolean): void {
    const { limits } = this.options.snapshot();
    this.table.wait(connection, limits.streamIdleTimeoutMs);
    this.table.begin(connection, hasBody ? limits.requestTimeoutMs : 0, limits.streamTimeoutMs);
  }

  connectionSpent(): void {
    this.counters[EXCHANGE_COUNTER.connectionsSpent]!++;
  }

  respondWithin(connection: Http1ServerConnection, ms: number): void {
    this.table.respondWithin(connection, ms);
  }

  turn(): void {
    this.clock.touch();
  }

  bytesHeld(bytes: number): void {
    this.account.hold(bytes);
  }

  connectionClosed(connection: Http1ServerConnection): void {
    this.table.remove(connection);
    this.options.admission.closed(connection.sourceAddress);
    this.counters[EXCHANGE_COUNTER.connectionsLive]!--;
    this.noteEmpty();
  }

  // ---- ExchangeHost

  snapshot(): Snapshot {
    return this.options.snapshot();
  }

  timesNext(): boolean {
    return (this.filteredStreams++ & (TIMED_ONE_IN - 1)) === 0;
  }

  releaseExchange(exchange: Exchange): void {
    if (this.spare.length < POOLED_EXCHANGES_MAX) this.spare.push(exchange);
  }

  private accept(transport: Transport): void {
    this.clock.touch();
    const { admission } = this.options;
    const address = transport.remoteAddress;
    const { limits, trusted } = this.options.snapshot();
    const refusal = admission.refusal(address, limits, trusted);
    if (refusal !== null) {
      this.counters[REFUSED[refusal]]!++;
      transport.close();
      return;
    }
    admission.opened(address);
    const connection = new Http1ServerConnection(transport, this.options.listener, this);
    this.table.add(connection);
    this.counters[EXCHANGE_COUNTER.connectionsTotal]!++;
    this.counters[EXCHANGE_COUNTER.connectionsLive]!++;
    this.awaits(connection, "request");
  }

  /** At this worker's share of the connections to upstreams, with none idle whose room could be used. */
  private isFullUpstream(): boolean {
    const { upstreamConnectionsMax } = this.options.snapshot().limits;
    const share = Math.ceil(upstreamConnectionsMax / this.options.workers);
    return this.counters[EXCHANGE_COUNTER.upstreamConnectionsLive]! >= share && !this.upstreams.closeOneIdle();
  }

  /**
   * No descriptor was left, not even the spare one with which libuv accepts and closes. The connection waits on, and the
   * loop would spin for it: something that nobody needs right now makes room.
   */
  private acceptFailed(): void {
    this.counters[EXCHANGE_COUNTER.acceptFailures]!++;
    if (!this.upstreams.closeOneIdle()) this.table.find((connection) => connection.isIdle)?.transport.close();
  }

  // ---- OverloadTarget

  overloaded(level: number): void {
    this.mirrors.shed(level >= LEVEL.dropMirrors);
    this.isDraining = this.isEnding || level >= LEVEL.closeConnections;
    this.refusesStreams = level >= LEVEL.refuseStreams;
    this.options.admission.refusesAll = level >= LEVEL.refuseConnections;
  }

  shrinkCaches({ bytes, descriptors }: Parameters<OverloadTarget["shrinkCaches"]>[0]): void {
    if (bytes) this.spare.length = 0;
    if (descriptors) this.upstreams.closeIdle();
  }

  private sweep(): void {
    this.clock.touch();
    this.table.sweep();
    this.upstreams.sweep(this.clock.monotonicMs);
    this.mirrors.sweep(this.clock.monotonicMs);
  }

  private noteEmpty(): void {
    if (this.table.count > 0 || this.drained === null) return;
    this.drained();
    this.drained = null;
  }
}

const REFUSED = {
  listener: EXCHANGE_COUNTER.refusedByListener,
  source: EXCHANGE_COUNTER.refusedBySource,
  overload: EXCHANGE_COUNTER.refusedByOverload,
} as const;
