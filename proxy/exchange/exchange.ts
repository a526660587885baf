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
import type { RequestSink, ResponseWriter } from "../codec/codec.ts";
import { copy } from "../codec/bytes.ts";
import { normaliseRequestHead } from "../normalise/request-head.ts";
import { statusOf } from "../codec/http1/head-writer.ts";
import { takeForced } from "../split/forced-revisions.ts";
import type { Cluster, Endpoint, Route, RouteAnswer, RouteExtras, Snapshot, Trusted } from "../snapshot/runtime.ts";
import { EXCHANGE_COUNTER } from "./exchange-counters.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import type { ExchangeFacts } from "./facts.ts";
import { keptStore, largerStore } from "./head-store.ts";
import { STORE_BYTES } from "./limits.ts";
import { BAD_ANSWER, BAD_EDIT, BAD_REWRITE, OVERDUE, localReply, refusalOf, type CUTS } from "./local-reply.ts";
import { addHop } from "./forwarded-chain.ts";
import { OWN_FIELDS_BYTES, REQUEST_ID_BYTES, writeOwnFields, writeRequestId } from "./own-fields.ts";
import { streamProperty } from "./stream-property.ts";
import { TRACE_FIELD_BYTES, TraceContext } from "./trace-context.ts";
import { OutboundRequest, type OutboundRequestOwner } from "./outbound-request.ts";
import { keptSlots, UPGRADE, UPGRADE_REFUSED, upgradeOn } from "./upgrade.ts";

/** Room behind a head's own lines. */
const OWN_BYTES = OWN_FIELDS_BYTES + TRACE_FIELD_BYTES;
/** Who wants a direction's reads to stop. */
const PAUSE = { peer: 1, filter: 2, upgrade: 4 } as const;
const NO_STORE = new Uint8Array(0);
const METHOD = Buffer.from(":method", "latin1");
const AUTHORITY = Buffer.from(":authority", "latin1");
const PATH = Buffer.from(":path", "latin1");
const REQUEST_DIRECTION = 0;

export class Exchange implements RequestSink, StreamDriver, ExchangeFacts, OutboundRequestOwner {
  readonly requestHead = new Head();
  readonly responseHead = new Head();
  private readonly host: ExchangeHost;
  private store: Uint8Array = Buffer.allocUnsafeSlow(STORE_BYTES);
  private responseStore: Uint8Array = NO_STORE;
  private idAt = -1;
  private writer: ResponseWriter | null = null;
  private readonly upstream: OutboundRequest;
  private spareTrace: TraceContext | null = null;
  private stream: Stream | null = null;
  private engineDepth = 0;
  private slotMask = 0;
  isRequestWhole = false;
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
  trace: TraceContext | null = null;
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
    this.upstream = new OutboundRequest(this, host);
  }

  /** Takes the object into use for the next request of a downstream stream. */
  open(writer: ResponseWriter): void {
    this.writer = writer;
    this.requestHead.count = 0;
    this.idAt = -1;
    this.slotMask = 0;
    this.upstream.reset();
    this.isRequestWhole = this.isDone = this.isEnding = this.isDetached = false;
    this.upgrade = UPGRADE.none;
    this.requestPauses = this.responsePauses = 0;
    this.route = null;
    this.trace = null;
    this.slots = null;
    this.pinned = null;
    this.durationUs = this.status = this.bytesIn = this.bytesOut = 0;
    if (this.flags.length > 0) this.flags.length = 0;
  }

  get snapshot(): Snapshot {
    return this.pinned!;
  }

  get cluster(): Cluster | null {
    return this.upstream.cluster;
  }

  get endpoint(): Endpoint | null {
    return this.upstream.endpoint;
  }

  holds(snapshot: Snapshot): boolean {
    return this.pinned === snapshot && !this.isDetached;
  }

  // ---- RequestSink: from the client

  headStore(bytes: number): Uint8Array {
    const needed = bytes + OWN_BYTES;
    if (this.store.length < needed) this.store = largerStore(this.host.account, this.store, needed);
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
    else this.upstream.drop();
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
    } else this.upstream.data(bytes, start, end, endOfStream);
  }

  requestTrailers(trailers: Head): void {
    this.isRequestWhole = true;
    if (this.stream === null) {
      this.upstream.trailers(trailers);
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
    this.upstream.blameEndpoint();
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
    this.upstream.drop();
    if (this.stream === null) this.end();
    else if (this.engineDepth === 0) process.nextTick(endLater, this);
    else this.isEnding = true;
  }

  // ---- ResponseSink: from the upstream

  responseHeadComplete(headEnd: number, endOfStream: boolean): void {
    const { stream, responseHead } = this;
    const { extras } = this.route!;
    if (this.upstream.answeredWith(statusOf(responseHead), endOfStream)) return;
    if (extras !== null && extras.response !== null) extras.response.apply(responseHead);
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
    const { stream, responseHead } = this;
    const { response } = this.route!.extras!;
    this.upgrade = UPGRADE.accepted;
    this.upstream.upgraded();
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
    if (writer === null || !upstream.isOpen) return false;
    if (statusOf(head) !== 101) {
      this.upgrade = UPGRADE.none;
      upstream.drop();
      return false;
    }
    if (!writer.sendUpgrade(head)) {
      this.fail(500, BAD_EDIT, "LR");
      return true;
    }
    this.upgrade = UPGRADE.tunnel;
    this.isRequestWhole = upstream.isAnswered = false;
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
    if (this.responseStore.length < length)
      this.responseStore = largerStore(this.host.account, this.responseStore, length + STORE_BYTES);
    copy(responseHead.bytes, 0, length, this.responseStore, 0);
    responseHead.bytes = this.responseStore;
    responseHead.isLasting = true;
  }

  responseData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    // A tunnel whose client has not ended its half is still to be dropped when the client vanishes.
    if (endOfStream) this.upstream.isAnswered = this.upgrade !== UPGRADE.tunnel || this.isRequestWhole;
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
    this.upstream.isAnswered = true;
    if (this.stream === null) {
      this.sendResponseTrailers(trailers);
      return;
    }
    this.engineDepth++;
    this.stream.responseTrailers(trailers);
    this.leaveEngine();
  }

  responseCut(flag: keyof typeof CUTS, isStale: boolean): void {
    if (this.isDone) this.releaseAfterUpstream();
    else this.upstream.cut(flag, isStale);
  }

  upstreamDone(): void {
    if (this.isDone) this.releaseAfterUpstream();
    else this.upstream.done();
  }

  upstreamFailed(status: number, why: string, flag: StreamFlag): void {
    this.fail(status, why, flag);
  }

  retriesEnded(flag: "URX" | "UO"): void {
    this.flags.push(flag);
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
    return this.upstream.isOpen ? this.slotMask : -1;
  }

  hasCluster(name: string): boolean {
    return this.pinned!.clusters.has(name);
  }

  mirror(slot: string, clusterName: string, flags: number): void {
    // A copy of a tunnel would be a second conversation.
    if (this.upgrade !== UPGRADE.none) return;
    this.upstream.copyTo(slot, this.pinned!.clusters.get(clusterName)!, flags);
  }

  sendRequestData(chunk: Uint8Array, endOfStream: boolean): void {
    this.upstream.data(chunk, 0, chunk.length, endOfStream);
  }

  sendRequestTrailers(trailers: Head): void {
    this.upstream.trailers(trailers);
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
    this.upstream.drop();
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
    this.upstream.cluster = route.cluster;
    const { extras } = route;
    if (extras !== null && extras.clusters !== null) this.upstream.cluster = extras.clusters.pick(Math.random());
  }

  /** The request head has passed every filter: to the upstream, or to what the route answers. */
  private passOn(endOfStream: boolean): void {
    const { extras, timeoutMs } = this.route!;
    if (extras !== null && !this.prepare(extras)) return;
    if (this.upgrade === UPGRADE.asked) {
      const answer = upgradeOn(extras, this.requestHead);
      if (answer === "none") this.upgrade = UPGRADE.none;
      else if (answer === "refused") return this.reply(403, UPGRADE_REFUSED, "NR");
    }
    const retry = extras === null ? null : extras.retry;
    this.upstream.send(retry, this.upgrade !== UPGRADE.none, endOfStream);
    if (this.upstream.isOpen) this.writer!.respondWithin(timeoutMs);
  }

  /** What a route does before it sends. False: it has answered. */
  private prepare(extras: RouteExtras): boolean {
    if (extras.answer !== null) this.answer(extras.answer);
    else if (extras.request !== null && !this.upstream.change(extras.request)) this.reply(500, BAD_REWRITE, "LR");
    else return true;
    return false;
  }

  private passResponseData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    const { writer } = this;
    if (writer !== null && !writer.sendResponseData(bytes, start, end, endOfStream)) this.cutDownstream("LR");
  }

  // ---- answers of our own

  private replyNoRoute(): void {
    this.host.counters[EXCHANGE_COUNTER.noRoute]!++;
    this.reply(404, "No route matches the request.", "NR");
  }

  /** The upstream is of no more use: a reply when nothing was sent yet, else a reset. */
  private fail(status: number, why: string, flag: StreamFlag): void {
    this.upstream.drop();
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
    this.upstream.drop();
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
    this.upstream.pauseResponse();
  }

  private resumeResponse(reason: number): void {
    if (this.responsePauses === 0) return;
    this.responsePauses &= ~reason;
    if (this.responsePauses === 0) this.upstream.resumeResponse();
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
    if (!this.upstream.copies.isEmpty) this.upstream.copies.primaryEnded(this);
    if (stream !== null) stream.end();
    this.stream = null;
    this.slots = this.uncounted = null;
    this.upstream.close();
    if (!this.isDetached) this.pinned!.unpin();
    this.pinned = null;
    this.isDone = true;
    if (!this.upstream.isOpen) this.release();
  }

  /** A try made its last call after the exchange was over. */
  private releaseAfterUpstream(): void {
    this.upstream.gone();
    this.release();
  }

  private release(): void {
    const { account } = this.host;
    this.store = keptStore(account, this.store) ?? Buffer.allocUnsafeSlow(STORE_BYTES);
    this.responseStore = keptStore(account, this.responseStore) ?? NO_STORE;
    this.host.releaseExchange(this);
  }
}

function nowMs(): number {
  return performance.now();
}

function endLater(exchange: Exchange): void {
  exchange.end();
}
