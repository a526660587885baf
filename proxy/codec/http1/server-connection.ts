// HOT: bench proxy.
// The downstream side of HTTP/1.1 on one connection: one request after the other, in order. Bytes of the next request
// that come before the answer is out are held, so pipelining needs no queue of answers.
//
//   head ──► body ──► answer ──► head …        (answer: request read, response not yet written)
//     │          │       ├─────► tunnel ──► answer    (upgraded: bytes both ways until both halves have ended)
//     └──────────┴───────┴─────► linger ──► closed    (refused or last; what still comes is read and dropped)

import type { Head } from "@sluice/abi";
import type { Transport, TransportUser } from "../../transport/transport.ts";
import { ascii, copy, CR, LF, matches } from "../bytes.ts";
import type { RequestSink, ResponseWriter } from "../codec.ts";
import { HELD_BYTES_MAX, LINGER_BYTES_MAX, PIPELINED_PER_TURN_MAX } from "../limits.ts";
import type { OutputStage, StageOwner } from "../stage.ts";
import { BODY, BodyReader } from "./body-reader.ts";
import { BodyWriter } from "./body-writer.ts";
import { dateLine } from "./date-line.ts";
import { INCOMPLETE, type RequestFieldRules } from "./field-parser.ts";
import {
  contentLengthOf,
  headBytesMax,
  statusOf,
  writeBareHead,
  writeResponseHead,
  writeTrailers,
} from "./head-writer.ts";
import { RequestHeadParser } from "./request-head-parser.ts";
import { frameResponse, isBodiless } from "./response-framing.ts";
import { pushUpgradeFields } from "./upgrade-fields.ts";

const PHASE = { head: 0, body: 1, answer: 2, linger: 3, closed: 4, tunnel: 5 } as const;
/** Who wants reads to stop; reads go on when nobody does. `answers`: the client has not taken those it has. */
const PAUSE = { exchange: 1, held: 2, answers: 4 } as const;

const DATE = ascii("date");
const HEAD = ascii("HEAD ");
const NO_BYTES = new Uint8Array(0);
const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n", "latin1");

/** What all connections of a worker share. */
export interface ServerCodecHost {
  readonly stage: OutputStage;
  readonly headBytesMax: number;
  readonly headFieldsMax: number;
  readonly underscores: RequestFieldRules["underscores"];
  readonly clock: { readonly wallMs: number };
  /** Whether what the peer says of those before it is kept. */
  trusts(connection: Http1ServerConnection): boolean;
  /** No connection is kept after its response. */
  readonly isDraining: boolean;
  /** A sink for the next request; `streamDone` gives it back. */
  openStream(connection: Http1ServerConnection): RequestSink;
  /** A sink that never got a head is given back. */
  cancelStream(sink: RequestSink): void;
  /** The connection waits for something new: which deadline holds now. */
  awaits(connection: Http1ServerConnection, what: "request" | "head" | "stream" | "linger"): void;
  respondWithin(connection: Http1ServerConnection, ms: number): void;
  /** A connection serves so many requests. */
  readonly requestsPerConnectionMax: number;
  connectionSpent(): void;
  /** A request's head is there; the time for its body, if it has one, and for the whole stream runs from now. */
  streamBegins(connection: Http1ServerConnection, hasBody: boolean): void;
  /** The loop turn begins; clocks may be read. */
  turn(): void;
  /** Bytes that are kept for a slow peer, or given back (negative). */
  bytesHeld(bytes: number): void;
  connectionClosed(connection: Http1ServerConnection): void;
}

export class Http1ServerConnection implements TransportUser, ResponseWriter, StageOwner, RequestFieldRules {
  /** Place in the connection table, kept by the server. */
  tableIndex = -1;
  /** Whom the server trusted when it last looked, and whether that is this peer; kept by the server. */
  trustedBy: object | null = null;
  isTrusted = false;
  readonly transport: Transport;
  readonly listener: string;
  private readonly host: ServerCodecHost;
  private phase: number = PHASE.head;
  private sink: RequestSink | null = null;
  private readonly body = new BodyReader(this);
  private readonly writer = new BodyWriter();
  private held: Uint8Array | null = null;
  private heldLength = 0;
  private isConsuming = false;
  private pauses = 0;
  private clientEnded = false;
  private skippedBlankLine = false;
  private requestMinor = 1;
  private isHeadRequest = false;
  private continueWanted = false;
  wantsUpgrade = false;
  private keepsAlive = true;
  statusSent = 0;
  private responseDone = false;
  private suppressBody = false;
  private servedThisTurn = 0;
  private isYielding = false;
  private requestsLeft = 0;
  private lingeredBytes = 0;
  private heldWrites = 0;
  bytesIn = 0;
  bytesOut = 0;
  private readonly goOn = (): void => {
    this.isYielding = false;
    this.host.turn();
    this.host.stage.beginTurn();
    this.consumeHeld();
    this.host.stage.endTurn();
  };

  constructor(transport: Transport, listener: string, host: ServerCodecHost) {
    this.transport = transport;
    this.listener = listener;
    this.host = host;
    this.requestsLeft = host.requestsPerConnectionMax;
    transport.user = this;
  }

  get sourceAddress(): string {
    return this.transport.remoteAddress;
  }
  get sourcePort(): number {
    return this.transport.remotePort;
  }
  get underscores(): RequestFieldRules["underscores"] {
    return this.host.underscores;
  }
  get isPeerTrusted(): boolean {
    return this.host.trusts(this);
  }
  /** The request under way; null between requests. */
  get stream(): RequestSink | null {
    return this.phase === PHASE.head ? null : this.sink;
  }
  /** Whether nothing of a request has come since the last response. */
  get isIdle(): boolean {
    return this.phase === PHASE.head && this.sink === null;
  }

  // ---- from the transport

  connected(): void {}

  received(bytes: Uint8Array, length: number): void {
    const { host } = this;
    host.turn();
    host.stage.beginTurn();
    this.servedThisTurn = 0;
    if (this.heldLength > 0) {
      this.hold(bytes, 0, length);
      if (this.isWorthALook(bytes, length)) this.consumeHeld();
    } else {
      this.isConsuming = true;
      const used = this.consume(bytes, 0, length);
      this.isConsuming = false;
      if (used < length) this.hold(bytes, used, length);
    }
    host.stage.endTurn();
  }

  writable(): void {
    this.host.bytesHeld(-this.heldWrites);
    this.heldWrites = 0;
    this.host.turn();
    this.host.stage.beginTurn();
    if (this.sink !== null) this.sink.responseWritable();
    else this.answersTaken();
    this.host.stage.endTurn();
  }

  /** What was written after its stream had ended is with the client: it is waited for anew. */
  private answersTaken(): void {
    this.unpause(PAUSE.answers);
    if (this.phase === PHASE.linger) this.host.awaits(this, "linger");
    if (!this.isIdle) return;
    this.host.awaits(this, "request");
    this.consumeHeld();
  }

  writePended(bytes: number): void {
    this.heldWrites += bytes;
    this.host.bytesHeld(bytes);
    if (this.sink !== null) this.sink.responsePended();
  }

  /** A client that has sent its whole request may close its half and still read the answer. */
  ended(): void {
    this.clientEnded = true;
    this.keepsAlive = false;
    if (this.isIdle) this.transport.halfClose();
    else if (this.phase === PHASE.tunnel) this.endTunnelRequest();
    else if (this.phase === PHASE.head || this.phase === PHASE.body) this.cut("DC");
  }

  closed(): void {
    this.host.turn();
    this.host.stage.discard(this);
    this.endSink("DC");
    this.phase = PHASE.closed;
    this.host.bytesHeld(-this.heldWrites);
    this.heldWrites = 0;
    this.dropHeld();
    this.host.connectionClosed(this);
  }

  // ---- reading

  /** A head that comes in pieces is parsed again only when a line was completed: at most once a field. */
  private isWorthALook(bytes: Uint8Array, length: number): boolean {
    if (this.phase !== PHASE.head || this.heldLength > this.host.headBytesMax) return true;
    const lineEnd = bytes.indexOf(LF);
    return lineEnd >= 0 && lineEnd < length;
  }

  /** Reads what it can of `bytes[at, end)`; the offset it came to. */
  private consume(bytes: Uint8Array, at: number, end: number): number {
    while (at < end) {
      if (this.phase === PHASE.body) at = this.readBody(bytes, at, end);
      else if (this.phase === PHASE.head) {
        // Who sends requests and reads no answers must not have us keep them: the next one waits for the client.
        if (this.heldWrites > 0 && this.sink === null) {
          this.pause(PAUSE.answers);
          return at;
        }
        if (this.servedThisTurn === PIPELINED_PER_TURN_MAX) return this.yieldTurn(at);
        const next = this.readHead(bytes, at, end);
        if (next < 0) return at;
        at = next;
      } else if (this.phase === PHASE.answer) return at;
      else if (this.phase === PHASE.tunnel) at = this.readTunnel(bytes, at, end);
      else return this.dropLingering(end - at, end);
    }
    return at;
  }

  private consumeHeld(): void {
    if (this.isConsuming || this.heldLength === 0 || this.held === null) return;
    this.isConsuming = true;
    const used = this.consume(this.held, 0, this.heldLength);
    this.isConsuming = false;
    if (this.heldLength === 0) return;
    this.held.copyWithin(0, used, this.heldLength);
    this.heldLength -= used;
    if (this.heldLength === 0) this.dropHeld();
    const isStuck = this.isYielding || this.phase === PHASE.answer || this.heldLength >= HELD_BYTES_MAX;
    if (this.heldLength === 0 || !isStuck) this.unpause(PAUSE.held);
  }

  private yieldTurn(at: number): number {
    this.servedThisTurn = 0;
    if (!this.isYielding) setImmediate(this.goOn);
    this.isYielding = true;
    this.pause(PAUSE.held);
    return at;
  }

  private hold(bytes: Uint8Array, start: number, end: number): void {
    const needed = this.heldLength + end - start;
    if (this.held === null || this.held.length < needed) {
      const larger = new Uint8Array(Math.max(1024, needed * 2));
      if (this.held !== null) larger.set(this.held.subarray(0, this.heldLength));
      this.host.bytesHeld(larger.length - (this.held === null ? 0 : this.held.length));
      this.held = larger;
    }
    this.held.set(bytes.subarray(start, end), this.heldLength);
    this.heldLength = needed;
    if (needed >= HELD_BYTES_MAX || this.phase === PHASE.answer) this.pause(PAUSE.held);
  }

  private dropHeld(): void {
    if (this.held !== null) this.host.bytesHeld(-this.held.length);
    this.held = null;
    this.heldLength = 0;
  }

  /** The offset behind a whole head, or -1 when more bytes are needed. */
  private readHead(bytes: Uint8Array, at: number, end: number): number {
    if (this.sink === null && !this.skippedBlankLine && bytes[at] === CR) {
      // One empty line before a request is forgiven (RFC 9112 section 2.2): old clients send it after a body.
      if (end - at < 2) return -1;
      if (bytes[at + 1] === LF) {
        this.skippedBlankLine = true;
        return at + 2;
      }
    }
    const { host } = this;
    const isFirstLook = this.sink === null;
    const sink = (this.sink ??= this.openSink());
    parser.fields.rules = this;
    const headEnd = parser.parse(bytes, at, end, sink.requestHead, host.headFieldsMax);
    if (headEnd === INCOMPLETE) {
      if (end - at > host.headBytesMax) return this.refuse(isInFirstLine(bytes, at, end) ? 414 : 431, bytes, at, end);
      if (isFirstLook) host.awaits(this, "head");
      return -1;
    }
    if (headEnd < 0) return this.refuse(-headEnd, bytes, at, end);
    if (headEnd - at > host.headBytesMax) return this.refuse(431, bytes, at, end);
    this.startRequest(bytes, at, headEnd, sink);
    return headEnd;
  }

  private openSink(): RequestSink {
    this.bytesIn = this.bytesOut = this.statusSent = 0;
    this.responseDone = this.suppressBody = false;
    this.keepsAlive = !this.clientEnded;
    return this.host.openStream(this);
  }

  private startRequest(bytes: Uint8Array, at: number, headEnd: number, sink: RequestSink): void {
    const { fields } = parser;
    this.skippedBlankLine = false;
    this.servedThisTurn++;
    this.bytesIn = headEnd - at;
    this.requestMinor = parser.minor;
    this.isHeadRequest = parser.isHead;
    this.continueWanted = fields.expectContinue && parser.minor === 1;
    // A client of HTTP/1.0 has to ask. That proxies must not grant it is about those that clients are set up to use; this
    // one is the server as far as a client can tell.
    this.keepsAlive = !this.clientEnded && !fields.close && (parser.minor === 1 || fields.keepAlive);
    if (--this.requestsLeft === 0) this.spend();
    if (fields.chunked) this.body.startChunked();
    else this.body.startLength(fields.contentLength);
    const hasBody = fields.chunked || fields.contentLength > 0;
    this.phase = hasBody ? PHASE.body : PHASE.answer;
    this.wantsUpgrade = fields.websocket && parser.isGet && parser.minor === 1 && !hasBody;
    // The lines without the empty one; the sink may write more lines behind.
    const linesLength = fields.linesEnd - at;
    const store = sink.headStore(linesLength);
    copy(bytes, at, fields.linesEnd, store, 0);
    sink.requestHead.bytes = store;
    if (this.wantsUpgrade) pushUpgradeFields(sink.requestHead);
    this.host.streamBegins(this, hasBody);
    sink.requestHeadComplete(linesLength, !hasBody);
  }

  private spend(): void {
    this.keepsAlive = false;
    this.host.connectionSpent();
  }

  private readBody(bytes: Uint8Array, at: number, end: number): number {
    const { body, sink } = this;
    const what = body.read(bytes, at, end);
    this.bytesIn += body.at - at;
    this.host.awaits(this, "stream");
    if (sink === null) return end;
    switch (what) {
      case BODY.data:
        sink.requestData(bytes, body.dataStart, body.dataEnd, false);
        break;
      case BODY.lastData:
        this.phase = PHASE.answer;
        sink.requestData(bytes, body.dataStart, body.dataEnd, true);
        this.finishIfDone();
        break;
      case BODY.end:
        this.phase = PHASE.answer;
        sink.requestData(bytes, 0, 0, true);
        this.finishIfDone();
        break;
      case BODY.trailers:
        this.phase = PHASE.answer;
        sink.requestTrailers(body.trailers!);
        this.finishIfDone();
        break;
      case BODY.malformed:
        this.refuseBody();
        return end;
    }
    return body.at;
  }

  // ---- the tunnel

  private readTunnel(bytes: Uint8Array, at: number, end: number): number {
    this.bytesIn += end - at;
    this.host.awaits(this, "stream");
    if (this.sink !== null) this.sink.requestData(bytes, at, end, false);
    return end;
  }

  /** What the client sent before it saw the 101 comes first. */
  enterTunnel(): void {
    this.goOn();
    if (this.clientEnded && this.phase === PHASE.tunnel) this.ended();
  }

  private endTunnelRequest(): void {
    if (this.heldLength > 0) return;
    this.host.turn();
    this.host.stage.beginTurn();
    this.phase = PHASE.answer;
    this.sink!.requestData(NO_BYTES, 0, 0, true);
    this.finishIfDone();
    this.host.stage.endTurn();
  }

  // ---- ends

  /** Answers a head that we do not serve. What else comes on this connection cannot be trusted to be a request. */
  private refuse(status: number, bytes: Uint8Array, at: number, end: number): number {
    this.keepsAlive = false;
    this.phase = PHASE.answer;
    // Also who broke the rest of it reads no content in answer to HEAD.
    this.isHeadRequest = end - at >= HEAD.length && matches(bytes, at, HEAD);
    this.requestMinor = 1;
    this.bytesIn = end - at;
    this.host.awaits(this, "stream");
    this.sink!.requestRefused(status);
    return end;
  }

  /** A body that breaks the framing: refused while we still can, cut when the answer has begun. */
  private refuseBody(): void {
    this.keepsAlive = false;
    if (this.statusSent > 0) {
      this.cut("DPE");
      return;
    }
    this.phase = PHASE.answer;
    this.sink!.requestRefused(400);
  }

  /** Ends the connection and what is under way on it. */
  cut(flag: "DC" | "DPE" | "DT"): void {
    this.endSink(flag);
    this.transport.close();
  }

  private endSink(flag: "DC" | "DPE" | "DT"): void {
    const { sink } = this;
    if (sink === null) return;
    this.sink = null;
    if (this.phase === PHASE.head) this.host.cancelStream(sink);
    else {
      sink.requestCut(flag);
      sink.streamDone();
    }
  }

  private dropLingering(bytes: number, end: number): number {
    this.lingeredBytes += bytes;
    if (this.lingeredBytes > LINGER_BYTES_MAX) this.transport.close();
    return end;
  }

  /** The deadline named by `awaits` has come. */
  deadlineReached(): void {
    if (this.phase === PHASE.head && this.sink !== null) {
      this.host.stage.beginTurn();
      this.refuse(408, this.held ?? NO_BYTES, 0, this.heldLength);
      this.host.stage.endTurn();
    } else if (this.phase === PHASE.linger || this.phase === PHASE.head) this.transport.close();
    else this.inTurn(this.sink, "streamIdle");
  }

  responseDeadlineReached(): void {
    this.inTurn(this.sink, "responseOverdue");
  }

  requestDeadlineReached(): void {
    if (this.phase === PHASE.body) this.inTurn(this.sink, "requestOverdue");
  }

  streamDeadlineReached(): void {
    if (this.phase === PHASE.linger) this.transport.close();
    // What was upgraded lasts as long as bytes come: chats and desktops stay open for days.
    else if (this.phase !== PHASE.head && this.phase !== PHASE.tunnel) this.inTurn(this.sink, "streamOverdue");
  }

  private inTurn(
    sink: RequestSink | null,
    event: "streamIdle" | "responseOverdue" | "requestOverdue" | "streamOverdue",
  ): void {
    if (sink === null) return;
    this.host.stage.beginTurn();
    sink[event]();
    this.host.stage.endTurn();
  }

  // ---- the response

  sendContinue(): void {
    if (!this.continueWanted || this.statusSent > 0) return;
    this.continueWanted = false;
    this.host.stage.put(this, CONTINUE, 0, CONTINUE.length);
  }

  sendInterim(head: Head): void {
    const status = statusOf(head);
    if (this.requestMinor === 1 && this.statusSent === 0 && status < 200) this.sendBareHead(head, status);
  }

  sendUpgrade(head: Head): boolean {
    if (statusOf(head) !== 101 || !this.sendBareHead(head, 101)) return false;
    this.statusSent = 101;
    this.phase = PHASE.tunnel;
    this.keepsAlive = this.suppressBody = false;
    this.writer.startUntilClose();
    this.host.awaits(this, "stream");
    if (this.heldLength > 0 || this.clientEnded) setImmediate(enterTunnel, this);
    return true;
  }

  private sendBareHead(head: Head, status: number): boolean {
    const { stage } = this.host;
    stage.take(this, headBytesMax(head));
    const before = stage.length;
    const after = writeBareHead(head, status, stage.bytes, before);
    if (after < 0) return false;
    stage.length = after;
    this.bytesOut += after - before;
    return true;
  }

  sendResponseHead(head: Head, endOfStream: boolean): boolean {
    const { host } = this;
    const status = statusOf(head);
    const length = contentLengthOf(head);
    if (status < 200 || length === -2) return false;
    // An answer before the whole request: the rest of it is not waited for.
    const closes = !this.keepsAlive || host.isDraining || this.phase === PHASE.body;
    this.suppressBody = isBodiless(status, this.isHeadRequest);
    const framing = frameResponse(this.writer, status, length, endOfStream, this.suppressBody, this.requestMinor);
    framing.close ||= closes;
    if (framing.close) this.keepsAlive = false;
    if (head.find(DATE, 0, DATE.length) < 0) framing.date = dateLine(host.clock.wallMs);
    const { stage } = host;
    stage.take(this, headBytesMax(head));
    const before = stage.length;
    const after = writeResponseHead(head, status, stage.bytes, before, framing);
    if (after < 0) return false;
    stage.length = after;
    this.bytesOut += after - before;
    this.statusSent = status;
    this.continueWanted = false;
    if (endOfStream) this.finishResponse();
    return true;
  }

  sendResponseData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): boolean {
    if (!this.suppressBody) {
      if (!this.writer.write(this.host.stage, this, bytes, start, end, endOfStream)) return false;
      this.bytesOut += end - start;
      this.host.awaits(this, "stream");
    }
    if (endOfStream) this.finishResponse();
    return true;
  }

  sendResponseTrailers(trailers: Head): boolean {
    const { host, writer } = this;
    if (writer.isChunked && !this.suppressBody) {
      writer.writeLastChunk(host.stage, this, false);
      host.stage.take(this, headBytesMax(trailers));
      const after = writeTrailers(trailers, host.stage.bytes, host.stage.length);
      if (after < 0) return false;
      host.stage.length = after;
    } else if (!this.suppressBody && !writer.isComplete) return false;
    this.finishResponse();
    return true;
  }

  resetResponse(): void {
    const { sink } = this;
    this.sink = null;
    this.phase = PHASE.closed;
    this.host.stage.flush();
    this.transport.close();
    if (sink !== null) sink.streamDone();
  }

  pauseRequest(): void {
    this.pause(PAUSE.exchange);
  }

  resumeRequest(): void {
    this.unpause(PAUSE.exchange);
  }

  closeAfterResponse(): void {
    this.keepsAlive = false;
  }

  respondWithin(ms: number): void {
    this.host.respondWithin(this, ms);
  }

  private finishResponse(): void {
    this.responseDone = true;
    if (this.phase === PHASE.tunnel) {
      this.host.stage.flush();
      this.transport.halfClose();
    } else this.finishIfDone();
  }

  /** Both halves are over, or the response is and the rest of the request is not wanted. */
  private finishIfDone(): void {
    const { sink } = this;
    if (!this.responseDone || sink === null) return;
    this.sink = null;
    const wasWhole = this.phase === PHASE.answer;
    if (!wasWhole) this.keepsAlive = false;
    this.unpause(PAUSE.exchange);
    sink.streamDone();
    if (this.keepsAlive) this.awaitNext();
    else this.linger();
  }

  private awaitNext(): void {
    this.phase = PHASE.head;
    if (this.heldLength === 0) {
      this.unpause(PAUSE.held);
      this.host.awaits(this, this.heldWrites > 0 ? "stream" : "request");
    } else if (!this.isConsuming) setImmediate(this.goOn);
  }

  /** Closing at once would let the kernel answer late bytes with a reset that overtakes our answer. */
  private linger(): void {
    this.phase = PHASE.linger;
    this.dropHeld();
    this.host.stage.flush();
    this.unpause(PAUSE.held);
    // When the client has closed its half too, the transport ends by itself once all is written.
    this.transport.halfClose();
    // A slow reader still gets its last bytes; only then the time runs that it has for closing too.
    this.host.awaits(this, this.heldWrites > 0 ? "stream" : "linger");
  }

  /** Ends an idle connection; one in use ends after its response. */
  drain(): void {
    if (!this.isIdle) this.keepsAlive = false;
    else if (this.heldWrites > 0) this.linger();
    else this.transport.close();
  }

  private pause(reason: number): void {
    if (this.pauses === 0) this.transport.pause();
    this.pauses |= reason;
  }

  private unpause(reason: number): void {
    if ((this.pauses & reason) === 0) return;
    this.pauses &= ~reason;
    if (this.pauses === 0) this.transport.resume();
  }
}

/** One parser serves the worker: a head is parsed within one call. */
const parser = new RequestHeadParser();

function enterTunnel(connection: Http1ServerConnection): void {
  connection.enterTunnel();
}

function isInFirstLine(bytes: Uint8Array, at: number, end: number): boolean {
  const lineEnd = bytes.indexOf(LF, at);
  return lineEnd < 0 || lineEnd >= end;
}
