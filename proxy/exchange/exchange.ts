// HOT: bench proxy.
// One request on its way through the proxy: between the downstream codec, the stream engine and an upstream connection.
// It holds no socket and parses nothing; it decides where bytes go. Routes without filters never touch the engine.
//
//   RequestSink ── requestHeadComplete ─► normalise ─► route ─┬─ no slots ──────────────► RequestWriter (upstream)
//                                                             └─ Stream ─ StreamDriver ─►
//   ResponseSink ── responseHeadComplete ─► Stream or not ─► ResponseWriter (client)
//
// Pooled: after `streamDone` and the upstream's last call the object serves another request.

import type { Direction, Stream, StreamDriver, StreamFlag } from "@sluice/abi";
import { Head, takeStream } from "@sluice/abi/data-path";
import type { RequestSink, ResponseSink, RequestWriter, ResponseWriter } from "../codec/codec.ts";
import { copy } from "../codec/bytes.ts";
import { normaliseRequestHead } from "../normalise/request-head.ts";
import type { MirrorCopy } from "../mirror/mirror-copy.ts";
import type { Mirrors } from "../mirror/mirrors.ts";
import { statusOf } from "../codec/http1/head-writer.ts";
import { takeForced } from "../split/forced-revisions.ts";
import type { Cluster, Endpoint, Route, RouteAnswer, RouteExtras, Snapshot, Trusted } from "../snapshot/runtime.ts";
import type { UpstreamPool } from "../upstream/upstream-pool.ts";
import type { ByteAccount } from "./byte-account.ts";
import type { CoarseClock } from "./coarse-clock.ts";
import { EXCHANGE_COUNTER, type WorkerCounters } from "./exchange-counters.ts";
import type { ExchangeFacts, StreamObserver } from "./facts.ts";
import { POOLED_STORE_BYTES_MAX, STORE_BYTES } from "./limits.ts";
import {
  BAD_ANSWER,
  BAD_EDIT,
  BAD_REWRITE,
  CUTS,
  CUT_STATUS,
  NO_ENDPOINT,
  OVERDUE,
  TOO_MANY,
  localReply,
  refusalOf,
} from "./local-reply.ts";
import { addHop } from "./forwarded-chain.ts";
import { OWN_FIELDS_BYTES, REQUEST_ID_BYTES, writeOwnFields, writeRequestId, type RequestIds } from "./own-fields.ts";
import { isHead, isIdempotent } from "./request-method.ts";
import { streamProperty } from "./stream-property.ts";
import { TRACE_FIELD_BYTES, TraceContext } from "./trace-context.ts";
import { TRY_FAILED, Tries, type TryOwner } from "./tries.ts";
import { keptSlots, UPGRADE, UPGRADE_REFUSED, upgradeOn } from "./upgrade.ts";

/** What all exchanges of a server share. */
export interface ExchangeHost {
  readonly upstreams: UpstreamPool;
  readonly mirrors: Mirrors;
  readonly observer: StreamObserver;
  readonly counters: WorkerCounters;
  readonly account: ByteAccount;
  readonly clock: CoarseClock;
  readonly ids: RequestIds;
  /** Too much to do for new streams. */
  readonly refusesStreams: boolean;
  snapshot(): Snapshot;
  /** Whether the callbacks of the stream that begins now are to be timed. */
  timesNext(): boolean;
  releaseExchange(exchange: Exchange): void;
}

/** Room behind a head's own lines. */
const OWN_BYTES = OWN_FIELDS_BYTES + TRACE_FIELD_BYTES;
/** Who wants a direction's reads to stop. */
const PAUSE = { peer: 1, filter: 2, upgrade: 4 } as const;
const NO_STORE = new Uint8Array(0);
const METHOD = Buffer.from(":method", "latin1");
const AUTHORITY = Buffer.from(":authority", "latin1");
const PATH = Buffer.from(":path", "latin1");
const REQUEST_DIRECTION = 0;

export class Exchange implements RequestSink, ResponseSink, StreamDriver, ExchangeFacts, TryOwner {
  readonly requestHead = new Head();
  readonly responseHead = new Head();
  private readonly host: ExchangeHost;
  private store: Uint8Array = Buffer.allocUnsafeSlow(STORE_BYTES);
  private responseStore: Uint8Array = NO_STORE;
  private idAt = -1;
  private writer: ResponseWriter | null = null;
  private upstream: RequestWriter | null = null;
  /** Copies of this request for mirrors, the last one begun first. */
  private copies: MirrorCopy | null = null;
  /** What goes upstream: the request's head, or what the route makes of it. */
  private sentHead = this.requestHead;
  private changedHead: Head | null = null;
  /** Of a route that retries, from the request's going upstream to its end. */
  private tries: Tries | null = null;
  private spareTries: Tries | null = null;
  private spareTrace: TraceContext | null = null;
  private stream: Stream | null = null;
  private engineDepth = 0;
  private slotMask = 0;
  private isRequestWhole = false;
  private isBodySent = false;
  private isRequestSent = false;
  private isUpstreamWhole = false;
  private isRepeated = false;
  private isDone = false;
  private isEnding = false;
  private upgrade: number = UPGRADE.none;
  private requestPauses = 0;
  private responsePauses = 0;
  private startedUs = 0;

  // Facts, valid while the observer is told.
  private pinned: Snapshot | null = null;
  slots: ExchangeFacts["slots"] = null;
  uncounted: Stream | null = null;
  listener = "";
  route: Route | null = null;
  cluster: Cluster | null = null;
  trace: TraceContext | null = null;
  endpoint: Endpoint | null = null;
  sourceAddress = "";
  sourcePort = 0;
  startedMs = 0;
  durationUs = 0;
  status = 0;
  bytesIn = 0;
  bytesOut = 0;
  private isDetached = false;
  readonly flags: StreamFlag[] = [];

  constructor(host: ExchangeHost) {
    this.host = host;
  }

  /** Takes the object into use for the next request of a downstream stream. */
  open(writer: ResponseWriter): void {
    this.writer = writer;
    this.requestHead.count = 0;
    this.idAt = -1;
    this.slotMask = 0;
    this.isRequestWhole = this.isBodySent = this.isRequestSent = this.isUpstreamWhole = false;
    this.isRepeated = this.isDone = this.isEnding = this.isDetached = false;
    this.upgrade = UPGRADE.none;
    this.requestPauses = this.responsePauses = 0;
    this.route = null;
    this.cluster = null;
    this.trace = null;
    this.sentHead = this.requestHead;
    this.endpoint = null;
    this.slots = null;
    this.pinned = null;
    this.durationUs = this.status = this.bytesIn = this.bytesOut = 0;
    if (this.flags.length > 0) this.flags.length = 0;
  }

  get snapshot(): Snapshot {
    return this.pinned!;
  }

  holds(snapshot: Snapshot): boolean {
    return this.pinned === snapshot && !this.isDetached;
  }

  // ---- RequestSink: from the client

  headStore(bytes: number): Uint8Array {
    if (this.store.length < bytes + OWN_BYTES) this.store = Buffer.allocUnsafeSlow(bytes + OWN_BYTES);
    return this.store;
  }

  requestHeadComplete(headLength: number, endOfStream: boolean): void {
    const { host, requestHead } = this;
    const snapshot = this.begin();
    this.isRequestWhole = endOfStream;
    if (host.refusesStreams || host.account.isOver) {
      host.counters[EXCHANGE_COUNTER.overloadRefusals]!++;
      return this.reply(503, "The proxy is overloaded.", "OM");
    }
    if (!normaliseRequestHead(requestHead)) return this.requestRefused(400);
    if (this.writer!.wantsUpgrade) this.upgrade = UPGRADE.asked;
    if (snapshot.trusted !== null && this.writer!.isPeerTrusted) this.joinChain(snapshot.trusted, headLength);
    else this.idAt = writeOwnFields(requestHead, this.store, headLength, this.sourceAddress, host.ids);
    if (snapshot.tracing !== null) this.joinTrace(snapshot.tracing.sampled);
    if (requestHead.hasPrivateField) takeForced(requestHead, snapshot.forced);
    const route = snapshot.routes.match(requestHead);
    if (route === null) return this.replyNoRoute();
    this.takeRoute(route);
    this.slotMask = route.slotMask;
    if (route.slotMask === 0) this.passOn(endOfStream);
    else this.openStream(snapshot, endOfStream);
    if (!endOfStream && this.writer !== null) this.writer.sendContinue();
  }

  requestRefused(status: number): void {
    if (this.pinned === null) this.begin();
    else this.dropUpstream();
    this.isRequestWhole = true;
    this.writer!.closeAfterResponse();
    this.host.counters[status === 408 ? EXCHANGE_COUNTER.headTimeouts : EXCHANGE_COUNTER.protocolErrors]!++;
    this.reply(status, refusalOf(status), "DPE");
  }

  requestData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    if (endOfStream) this.isRequestWhole = true;
    const { stream } = this;
    if (stream !== null && stream.needsRequestData) {
      this.engineDepth++;
      stream.requestData(bytes.subarray(start, end), endOfStream);
      this.leaveEngine();
    } else this.passRequestData(bytes, start, end, endOfStream);
  }

  requestTrailers(trailers: Head): void {
    this.isRequestWhole = true;
    if (this.stream === null) {
      this.sendRequestTrailers(trailers);
      return;
    }
    this.engineDepth++;
    this.stream.requestTrailers(trailers);
    this.leaveEngine();
  }

  requestCut(flag: "DC" | "DPE" | "DT"): void {
    const { counters } = this.host;
    if (flag === "DC") counters[EXCHANGE_COUNTER.downstreamVanished]!++;
    if (flag === "DPE") counters[EXCHANGE_COUNTER.protocolErrors]!++;
    this.flags.push(flag);
    if (this.stream !== null) this.stream.downstreamClosed(flag);
  }

  responsePended(): void {
    this.pauseResponse(PAUSE.peer);
  }

  responseWritable(): void {
    this.resumeResponse(PAUSE.peer);
  }

  streamIdle(): void {
    this.host.counters[EXCHANGE_COUNTER.idleTimeouts]!++;
    if (this.upgrade === UPGRADE.tunnel) return this.cutDownstream("SI");
    // A client is to blame only for what it was free to send.
    const status = this.isRequestWhole || this.requestPauses !== 0 ? 504 : 408;
    if (this.stream !== null) {
      this.engineDepth++;
      this.stream.idleTimeout(status);
      this.leaveEngine();
    } else this.fail(status, status === 408 ? refusalOf(408) : "The stream was idle for too long.", "SI");
  }

  responseOverdue(): void {
    this.host.counters[EXCHANGE_COUNTER.upstreamTimeouts]!++;
    this.endpointFailed();
    this.fail(504, OVERDUE, "UT");
  }

  requestOverdue(): void {
    this.host.counters[EXCHANGE_COUNTER.requestTimeouts]!++;
    this.fail(408, refusalOf(408), "DT");
  }

  streamOverdue(): void {
    this.host.counters[EXCHANGE_COUNTER.streamTimeouts]!++;
    const status = this.isRequestWhole ? 504 : 408;
    this.fail(status, refusalOf(status), "DT");
  }

  streamDone(): void {
    const { writer } = this;
    if (writer === null) return;
    this.writer = null;
    this.status = writer.statusSent;
    this.bytesIn = writer.bytesIn;
    this.bytesOut = writer.bytesOut;
    if (this.upstream !== null && !this.isUpstreamWhole) this.dropUpstream();
    if (this.stream === null) this.end();
    else if (this.engineDepth === 0) process.nextTick(endLater, this);
    else this.isEnding = true;
  }

  // ---- ResponseSink: from the upstream

  responseHeadComplete(headEnd: number, endOfStream: boolean): void {
    this.isUpstreamWhole = endOfStream;
    const { stream, responseHead } = this;
    const { extras } = this.route!;
    if (this.cluster!.outliers !== null) this.cluster!.outliers.answered(this.endpoint!, statusOf(responseHead));
    if (extras !== null) {
      if (this.tries !== null && this.answerFails(this.tries, endOfStream)) return;
      if (extras.response !== null) extras.response.apply(responseHead);
    }
    if (stream === null) {
      if (!this.writer!.sendResponseHead(responseHead, endOfStream)) this.fail(502, BAD_ANSWER, "UPE");
      return;
    }
    if (stream.hasInstances) this.keepResponseHead(headEnd);
    this.engineDepth++;
    stream.responseHeaders(responseHead, endOfStream);
    this.leaveEngine();
  }

  responseInterim(): void {
    if (this.writer !== null) this.writer.sendInterim(this.responseHead);
  }

  responseUpgraded(headEnd: number): void {
    const { stream, responseHead, tries } = this;
    const { response } = this.route!.extras!;
    this.upgrade = UPGRADE.accepted;
    if (tries !== null) tries.settle();
    if (response !== null) response.apply(responseHead);
    if (stream === null) {
      this.openTunnel(responseHead);
      return;
    }
    // Nothing of the tunnel passes before a filter that holds the 101 lets it go.
    this.pauseResponse(PAUSE.upgrade);
    if (stream.hasInstances) this.keepResponseHead(headEnd);
    this.engineDepth++;
    stream.responseHeaders(responseHead, true);
    this.leaveEngine();
  }

  /** False: a filter made another answer of the 101. */
  private openTunnel(head: Head): boolean {
    const { writer, upstream } = this;
    if (writer === null || upstream === null) return false;
    if (statusOf(head) !== 101) {
      this.upgrade = UPGRADE.none;
      this.dropUpstream();
      return false;
    }
    if (!writer.sendUpgrade(head)) {
      this.fail(500, BAD_EDIT, "LR");
      return true;
    }
    this.upgrade = UPGRADE.tunnel;
    this.isRequestWhole = this.isUpstreamWhole = false;
    writer.respondWithin(0);
    this.resumeResponse(PAUSE.upgrade);
    return true;
  }

  /**
   * Ends the part of a tunnel's filters (log, done, delete) and lets go of its snapshot; the tunnel goes on, and its record
   * still names them. False: this is no tunnel, and its filters are still needed.
   */
  detachFilters(): boolean {
    const { stream } = this;
    if (this.upgrade !== UPGRADE.tunnel || this.engineDepth > 0) return false;
    if (this.isDetached) return true;
    if (stream !== null) {
      stream.finish();
      this.slots = this.uncounted = stream;
      this.host.observer.detached(this);
      this.uncounted = null;
      this.slots = keptSlots(stream);
      stream.end();
      this.stream = null;
    }
    this.isDetached = true;
    this.pinned!.unpin();
    return true;
  }

  /**
   * The snapshot has drained for too long. True: the stream goes on without it; false: it was inside its filters, and is
   * cut.
   */
  letGo(): boolean {
    if (this.stream === null && !this.isDetached) {
      this.isDetached = true;
      this.pinned!.unpin();
      return true;
    }
    if (this.detachFilters()) return true;
    this.cutDownstream("DT");
    return false;
  }

  /** Filters may look at the response head until the stream's end, the reader's buffer is gone after its call. */
  private keepResponseHead(length: number): void {
    const { responseHead } = this;
    if (this.responseStore.length < length) this.responseStore = Buffer.allocUnsafeSlow(length + STORE_BYTES);
    copy(responseHead.bytes, 0, length, this.responseStore, 0);
    responseHead.bytes = this.responseStore;
    responseHead.isLasting = true;
  }

  responseData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    if (endOfStream) this.isUpstreamWhole = true;
    const { stream } = this;
    if (stream === null) {
      this.passResponseData(bytes, start, end, endOfStream);
      return;
    }
    // Also where the engine is not asked: the stream's end then comes below, and not in a tick of its own.
    this.engineDepth++;
    if (stream.needsResponseData) stream.responseData(bytes.subarray(start, end), endOfStream);
    else this.passResponseData(bytes, start, end, endOfStream);
    this.leaveEngine();
  }

  responseTrailers(trailers: Head): void {
    this.isUpstreamWhole = true;
    if (this.stream === null) {
      this.sendResponseTrailers(trailers);
      return;
    }
    this.engineDepth++;
    this.stream.responseTrailers(trailers);
    this.leaveEngine();
  }

  responseCut(flag: keyof typeof CUTS, isStale: boolean): void {
    const { tries } = this;
    this.upstream = null;
    if (this.isDone) this.release();
    else if (isStale && this.mayRepeat()) this.repeat();
    else if (flag === "UO") this.neverSent();
    else if (flag === "LR") this.fail(CUT_STATUS[flag], CUTS[flag], flag);
    else {
      this.endpointFailed();
      if (tries !== null && tries.failed(flag === "UF" ? TRY_FAILED.connect : TRY_FAILED.reset)) return tries.goOn();
      this.host.counters[EXCHANGE_COUNTER.upstreamResets]!++;
      this.fail(CUT_STATUS[flag], CUTS[flag], flag);
    }
  }

  private neverSent(): void {
    this.endpoint = null;
    this.refuseTry(CUTS.UO, "UO");
  }

  private endpointFailed(): void {
    const { cluster, endpoint } = this;
    if (endpoint !== null && cluster!.outliers !== null) cluster!.outliers.failed(endpoint);
  }

  upstreamDone(): void {
    this.upstream = null;
    if (this.isDone) this.release();
    else if (this.tries !== null && this.tries.isDue) this.tries.goOn();
  }

  requestPended(): void {
    if (!this.isRequestWhole) this.pauseRequest(PAUSE.peer);
  }

  requestWritable(): void {
    this.resumeRequest(PAUSE.peer);
  }

  // ---- StreamDriver: from the engine

  sendRequestHead(head: Head, endOfStream: boolean): number {
    if (head.routingEdited) {
      head.routingEdited = false;
      const fresh = this.routeAgain(head);
      if (fresh !== 0) return fresh;
    }
    this.passOn(endOfStream);
    return this.upstream === null ? -1 : this.slotMask;
  }

  hasCluster(name: string): boolean {
    return this.pinned!.clusters.has(name);
  }

  mirror(slot: string, clusterName: string, flags: number): void {
    // A copy of a tunnel would be a second conversation.
    if (this.upgrade !== UPGRADE.none) return;
    const { sentHead: head, isRequestSent: endOfStream } = this;
    const cluster = this.pinned!.clusters.get(clusterName)!;
    const isHeadRequest = isHead(this.requestHead);
    const copy = this.host.mirrors.begin({ slot, cluster, flags, head, isHeadRequest, endOfStream });
    if (copy === null) return;
    copy.next = this.copies;
    this.copies = copy;
  }

  sendRequestData(chunk: Uint8Array, endOfStream: boolean): void {
    this.passRequestData(chunk, 0, chunk.length, endOfStream);
  }

  sendRequestTrailers(trailers: Head): void {
    const { upstream } = this;
    if (this.tries !== null) this.tries.keepNothing();
    if (upstream === null) return;
    if (!upstream.sendRequestTrailers(trailers)) this.fail(500, BAD_EDIT, "LR");
    else if (this.copies !== null) this.copyTrailers(trailers);
  }

  sendResponseHead(head: Head, endOfStream: boolean): void {
    if (this.upgrade === UPGRADE.accepted && this.openTunnel(head)) return;
    if (this.writer !== null && !this.writer.sendResponseHead(head, endOfStream)) this.cutDownstream("LR");
  }

  sendResponseData(chunk: Uint8Array, endOfStream: boolean): void {
    this.passResponseData(chunk, 0, chunk.length, endOfStream);
  }

  sendResponseTrailers(trailers: Head): void {
    if (this.writer !== null && !this.writer.sendResponseTrailers(trailers)) this.cutDownstream("LR");
  }

  dropUpstream(): void {
    const { upstream } = this;
    if (this.tries !== null) this.tries.settle();
    // An upstream that has answered whole still makes its last call; it needs no dropping.
    if (upstream === null || this.isUpstreamWhole) return;
    this.upstream = null;
    upstream.dropRequest();
  }

  resetDownstream(flag: StreamFlag): void {
    this.cutDownstream(flag);
  }

  pauseReads(direction: Direction): void {
    if (direction === REQUEST_DIRECTION) this.pauseRequest(PAUSE.filter);
    else this.pauseResponse(PAUSE.filter);
  }

  resumeReads(direction: Direction): void {
    if (direction === REQUEST_DIRECTION) this.resumeRequest(PAUSE.filter);
    else this.resumeResponse(PAUSE.filter);
  }

  property(path: string): Uint8Array | null {
    return streamProperty(path, this);
  }

  // ---- ExchangeFacts

  id(): string {
    if (this.idAt < 0) return this.host.ids.nextString();
    return Buffer.from(this.store.buffer, this.store.byteOffset + this.idAt, REQUEST_ID_BYTES).toString("latin1");
  }
  method(): string {
    return this.requestField(METHOD);
  }
  authority(): string {
    return this.requestField(AUTHORITY);
  }
  path(): string {
    return this.requestField(PATH);
  }

  private requestField(name: Uint8Array): string {
    const { requestHead } = this;
    const field = requestHead.find(name, 0, name.length);
    return field < 0 ? "" : requestHead.valueString(field);
  }

  // ---- the way up

  private begin(): Snapshot {
    const { host } = this;
    const writer = this.writer!;
    const { counters, clock } = host;
    const snapshot = host.snapshot();
    snapshot.pin();
    this.pinned = snapshot;
    this.startedMs = clock.wallMs;
    this.startedUs = clock.monotonicUs;
    this.listener = writer.listener;
    this.sourceAddress = writer.sourceAddress;
    this.sourcePort = writer.sourcePort;
    counters[EXCHANGE_COUNTER.streamsTotal]!++;
    counters[EXCHANGE_COUNTER.streamsLive]!++;
    return snapshot;
  }

  /** A proxy before this one says who the client is; records, filters and quotas go by that. */
  private joinChain(trusted: Trusted, headLength: number): void {
    const { requestHead, sourceAddress } = this;
    const source = trusted.clientOf(addHop(requestHead, sourceAddress), sourceAddress);
    this.idAt = writeRequestId(requestHead, this.store, headLength, this.host.ids);
    if (source === sourceAddress) return;
    this.sourceAddress = source;
    this.sourcePort = 0;
  }

  private openStream(snapshot: Snapshot, endOfStream: boolean): void {
    const stream = takeStream();
    this.stream = stream;
    this.requestHead.isLasting = true;
    this.engineDepth++;
    stream.open(snapshot.chain, this.slotMask, this, this.requestHead);
    if (this.requestHead.hasPrivateField && snapshot.forced !== null) snapshot.forced.apply(stream);
    if (this.host.timesNext() || this.isTraced) stream.timeBy(nowMs);
    stream.requestHeaders(endOfStream);
    this.leaveEngine();
  }

  /** A filter changed what routes look at. Slots of the new route that are still to be passed, -1 refused, 0 go on. */
  private routeAgain(head: Head): number {
    const stream = this.stream!;
    if (!normaliseRequestHead(head)) {
      stream.replyFromDriver(400, `${refusalOf(400)}\n`, "DPE");
      return -1;
    }
    const route = this.pinned!.routes.match(head);
    if (route === null) {
      this.replyNoRoute();
      return -1;
    }
    this.takeRoute(route);
    const fresh = route.slotMask & ~this.slotMask;
    this.slotMask |= route.slotMask;
    return fresh === 0 ? 0 : route.slotMask;
  }

  get isTraced(): boolean {
    return this.trace !== null && this.trace.isSampled && this.pinned!.tracing!.isExported;
  }

  private joinTrace(sampled: number): void {
    this.trace = this.spareTrace ??= new TraceContext();
    // The request id ends the lines that stand behind the head's own.
    this.trace.join(this.requestHead, this.store, this.idAt + REQUEST_ID_BYTES + 2, sampled);
  }

  private takeRoute(route: Route): void {
    // A filter's edit may lead to the same route again, whose cluster is drawn once.
    if (route === this.route) return;
    this.route = route;
    this.cluster = route.cluster;
    const { extras } = route;
    if (extras !== null && extras.clusters !== null) this.cluster = extras.clusters.pick(Math.random());
  }

  /** The request head has passed every filter: to the upstream, or to what the route answers. */
  private passOn(endOfStream: boolean): void {
    const { extras, timeoutMs } = this.route!;
    if (extras !== null && !this.prepare(extras, endOfStream)) return;
    if (this.upgrade === UPGRADE.asked) {
      const answer = upgradeOn(extras, this.requestHead);
      if (answer === "none") this.upgrade = UPGRADE.none;
      else if (answer === "refused") return this.reply(403, UPGRADE_REFUSED, "NR");
    }
    this.isRequestSent = endOfStream;
    this.sendTry(this.cluster!.nextEndpoint(this), endOfStream, false);
    if (this.upstream !== null) this.writer!.respondWithin(timeoutMs);
  }

  /** What a route does before it sends. False: it has answered. */
  private prepare(extras: RouteExtras, endOfStream: boolean): boolean {
    if (extras.answer !== null) {
      this.answer(extras.answer);
      return false;
    }
    if (extras.request !== null) {
      const head = (this.changedHead ??= new Head());
      if (!extras.request.apply(this.requestHead, head)) {
        this.reply(500, BAD_REWRITE, "LR");
        return false;
      }
      this.sentHead = head;
    }
    if (extras.retry !== null) {
      this.tries = this.spareTries ??= new Tries(this, this.host);
      this.tries.open(extras.retry, this.cluster!, isIdempotent(this.requestHead), endOfStream);
    }
    return true;
  }

  private sendTry(endpoint: Endpoint | null, endOfStream: boolean, fresh: boolean): void {
    if (endpoint === null) return this.refuseTry(NO_ENDPOINT, "UH");
    const connection = this.host.upstreams.take(this.cluster!, endpoint, fresh);
    if (connection === null) return this.refuseTry(TOO_MANY, "UO");
    this.endpoint = endpoint;
    this.upstream = connection;
    this.isUpstreamWhole = false;
    connection.attach(this, isHead(this.requestHead));
    if (this.upgrade !== UPGRADE.none) connection.askUpgrade();
    if (!connection.sendRequestHead(this.sentHead, endOfStream)) return this.fail(500, BAD_EDIT, "LR");
    if (this.tries !== null) this.tries.begin();
  }

  private refuseTry(why: string, flag: "UH" | "UO"): void {
    if (this.endpoint === null) this.cluster!.load.failed(flag);
    this.reply(503, why, flag);
  }

  private passRequestData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    const { upstream } = this;
    // The answer may have come, or been made here, before the whole request: the rest has nowhere to go.
    if (upstream === null) return;
    this.isBodySent = true;
    if (this.tries !== null) this.tries.keep(bytes, start, end, endOfStream);
    if (!upstream.sendRequestData(bytes, start, end, endOfStream)) this.fail(500, BAD_EDIT, "LR");
    else if (this.copies !== null) this.copyData(bytes, start, end, endOfStream);
  }

  private passResponseData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    const { writer } = this;
    if (writer !== null && !writer.sendResponseData(bytes, start, end, endOfStream)) this.cutDownstream("LR");
  }

  // ---- once more

  /** Once, on a new connection: the old one closed before it said anything, and the request is here and repeatable. */
  private mayRepeat(): boolean {
    return !this.isRepeated && !this.isBodySent && this.isRequestWhole && isIdempotent(this.requestHead);
  }

  private repeat(): void {
    this.isRepeated = true;
    this.host.counters[EXCHANGE_COUNTER.upstreamRetries]!++;
    this.sendTry(this.cluster!.nextEndpoint(this), true, true);
  }

  /** True: this answer is not passed on, the request is tried again. */
  private answerFails(tries: Tries, endOfStream: boolean): boolean {
    if (!tries.failed(statusOf(this.responseHead))) {
      tries.settle();
      return false;
    }
    // An answer that is whole leaves its connection to others, and makes one more call for that.
    if (endOfStream) tries.isDue = true;
    else {
      this.dropTry();
      tries.goOn();
    }
    return true;
  }

  gaveUp(flag: "URX" | "UO"): void {
    this.flags.push(flag);
  }

  sendAgain(): void {
    const { host } = this;
    const tries = this.tries!;
    host.clock.touch();
    host.counters[EXCHANGE_COUNTER.upstreamRetries]!++;
    this.resumeRequest(PAUSE.peer);
    this.sendTry(this.cluster!.otherEndpoint(this.endpoint!, this), tries.isHeadOnly, tries.needsFresh);
    if (this.upstream !== null && !tries.replay(this.upstream)) this.fail(500, BAD_EDIT, "LR");
  }

  tryOverdue(): void {
    const { host } = this;
    const tries = this.tries!;
    host.clock.touch();
    host.counters[EXCHANGE_COUNTER.upstreamTimeouts]!++;
    this.endpointFailed();
    this.dropTry();
    if (tries.failed(TRY_FAILED.timeout)) tries.goOn();
    else this.fail(504, OVERDUE, "UT");
  }

  private dropTry(): void {
    const upstream = this.upstream!;
    this.upstream = null;
    upstream.dropRequest();
  }

  // ---- copies for mirrors

  private copyData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    for (let copy = this.copies; copy !== null; copy = copy.next) copy.data(bytes, start, end, endOfStream);
    if (endOfStream) this.copiesWhole();
  }

  private copyTrailers(trailers: Head): void {
    for (let copy = this.copies; copy !== null; copy = copy.next) copy.trailers(trailers);
    this.copiesWhole();
  }

  private copiesWhole(): void {
    for (let copy = this.copies; copy !== null; copy = copy.next) this.host.mirrors.requestWhole(copy);
  }

  private endCopies(): void {
    const { status, durationUs } = this;
    let copy = this.copies;
    this.copies = null;
    for (; copy !== null; copy = copy.next) {
      copy.primaryEnded(copy.isCompared ? { id: this.id(), status, durationUs } : null);
    }
  }

  // ---- answers of our own

  private replyNoRoute(): void {
    this.host.counters[EXCHANGE_COUNTER.noRoute]!++;
    this.reply(404, "No route matches the request.", "NR");
  }

  /** The upstream is of no more use: a reply when nothing was sent yet, else a reset. */
  private fail(status: number, why: string, flag: StreamFlag): void {
    this.dropUpstream();
    if (this.writer === null) return;
    if (this.writer.statusSent === 0) this.reply(status, why, flag);
    else this.cutDownstream(flag);
  }

  private answer(answer: RouteAnswer): void {
    const reply = answer.replyTo(this.requestHead);
    if (reply === null) return this.reply(500, BAD_REWRITE, "LR");
    const { head, body } = reply;
    if (this.stream !== null) {
      this.engineDepth++;
      this.stream.answerFromDriver(statusOf(head), head, body);
      this.leaveEngine();
      return;
    }
    const { writer } = this;
    if (writer === null || !writer.sendResponseHead(head, body.length === 0) || body.length === 0) return;
    writer.sendResponseData(body, 0, body.length, true);
  }

  private reply(status: number, why: string, flag: StreamFlag): void {
    if (this.stream !== null) {
      this.engineDepth++;
      this.stream.replyFromDriver(status, `${why}\n`, flag);
      this.leaveEngine();
      return;
    }
    this.flags.push(flag);
    const { writer } = this;
    const reply = localReply(status, why);
    if (writer === null || !writer.sendResponseHead(reply.head, false)) return;
    writer.sendResponseData(reply.body, 0, reply.body.length, true);
  }

  private cutDownstream(flag: StreamFlag): void {
    this.dropUpstream();
    if (this.writer === null) return;
    this.host.counters[EXCHANGE_COUNTER.resets]!++;
    if (!this.flags.includes(flag)) this.flags.push(flag);
    this.writer.resetResponse();
  }

  // ---- back-pressure

  private pauseRequest(reason: number): void {
    this.requestPauses |= reason;
    if (this.writer !== null) this.writer.pauseRequest();
  }

  private resumeRequest(reason: number): void {
    if (this.requestPauses === 0) return;
    this.requestPauses &= ~reason;
    if (this.requestPauses === 0 && this.writer !== null) this.writer.resumeRequest();
  }

  private pauseResponse(reason: number): void {
    this.responsePauses |= reason;
    if (this.upstream !== null) this.upstream.pauseResponse();
  }

  private resumeResponse(reason: number): void {
    if (this.responsePauses === 0) return;
    this.responsePauses &= ~reason;
    if (this.responsePauses === 0 && this.upstream !== null) this.upstream.resumeResponse();
  }

  // ---- the end

  /** The engine is not ended from inside itself: what it did last may still be on the stack. */
  private leaveEngine(): void {
    if (--this.engineDepth === 0 && this.isEnding) {
      this.isEnding = false;
      this.end();
    }
  }

  /** Called once: filters' last callbacks, the record, the counters. */
  end(): void {
    const { host, stream } = this;
    const { counters, clock } = host;
    if (stream !== null) {
      stream.finish();
      if (stream.flag !== null && !this.flags.includes(stream.flag)) this.flags.push(stream.flag);
    }
    if (!this.isDetached) this.slots = this.uncounted = stream;
    this.durationUs = clock.monotonicUs - this.startedUs;
    counters[EXCHANGE_COUNTER.streamsLive]!--;
    counters[EXCHANGE_COUNTER.bytesIn]! += this.bytesIn;
    counters[EXCHANGE_COUNTER.bytesOut]! += this.bytesOut;
    if (this.status >= 100) counters[EXCHANGE_COUNTER.responses1xx + ((this.status / 100) | 0) - 1]!++;
    if (this.endpoint !== null) this.endpoint.load.ended(this.status, this.flags);
    host.observer.ended(this);
    if (this.copies !== null) this.endCopies();
    if (stream !== null) stream.end();
    this.stream = null;
    this.slots = this.uncounted = null;
    if (this.tries !== null) this.tries.close();
    this.tries = null;
    if (!this.isDetached) this.pinned!.unpin();
    this.pinned = null;
    this.isDone = true;
    if (this.upstream === null) this.release();
  }

  private release(): void {
    if (this.store.length > POOLED_STORE_BYTES_MAX) this.store = Buffer.allocUnsafeSlow(STORE_BYTES);
    if (this.responseStore.length > POOLED_STORE_BYTES_MAX) this.responseStore = NO_STORE;
    this.host.releaseExchange(this);
  }
}

function nowMs(): number {
  return performance.now();
}

function endLater(exchange: Exchange): void {
  exchange.end();
}
