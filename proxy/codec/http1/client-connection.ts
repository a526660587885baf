// HOT: bench proxy.
// The upstream side of HTTP/1.1 on one connection: one request at a time, the connection is free again when both the
// request is sent and its answer read; after an upgrade it is a tunnel and never free again. An answer that is not plainly HTTP is never passed on.

import type { Head } from "@sluice/abi";
import type { Transport, TransportUser } from "../../transport/transport.ts";
import type { RequestWriter, ResponseSink } from "../codec.ts";
import { LF } from "../bytes.ts";
import { INTERIM_ANSWERS_MAX, RESPONSE_HEAD_BYTES_MAX } from "../limits.ts";
import type { OutputStage, StageOwner } from "../stage.ts";
import { BODY, BodyReader } from "./body-reader.ts";
import { BodyWriter } from "./body-writer.ts";
import { INCOMPLETE } from "./field-parser.ts";
import { contentLengthOf, headBytesMax, writeRequestHead, writeTrailers } from "./head-writer.ts";
import { ResponseHeadParser } from "./response-head-parser.ts";
import { pushUpgradeFields } from "./upgrade-fields.ts";

const PHASE = { connecting: 0, idle: 1, head: 2, body: 3, answered: 4, closed: 5, tunnel: 6 } as const;

/** The pool that the connection lives in. */
export interface ClientCodecHost {
  readonly stage: OutputStage;
  turn(): void;
  bytesHeld(bytes: number): void;
  connectionOpened(connection: Http1ClientConnection): void;
  /** The exchange is over; the connection may serve another. */
  connectionFree(connection: Http1ClientConnection): void;
  connectionClosed(connection: Http1ClientConnection, wasOpen: boolean): void;
}

export class Http1ClientConnection implements TransportUser, RequestWriter, StageOwner {
  /** Kept by the pool. */
  idleSinceMs = 0;
  readonly transport: Transport;
  private readonly host: ClientCodecHost;
  private sink: ResponseSink | null = null;
  private phase: number = PHASE.connecting;
  private readonly body = new BodyReader(null);
  private readonly writer = new BodyWriter();
  private held: Uint8Array | null = null;
  private isHeadRequest = false;
  private keepsAlive = true;
  private requestSent = false;
  private isPaused = false;
  private asksUpgrade = false;
  private interimAnswers = 0;
  private exchanges = 0;
  private answerBytes = 0;
  private heldWrites = 0;
  private isOpen = false;

  constructor(transport: Transport, host: ClientCodecHost) {
    this.transport = transport;
    this.host = host;
    transport.user = this;
  }

  /** Takes the connection for one exchange. */
  attach(sink: ResponseSink, isHeadRequest: boolean): void {
    this.sink = sink;
    this.isHeadRequest = isHeadRequest;
    this.keepsAlive = true;
    this.requestSent = false;
    this.asksUpgrade = false;
    this.interimAnswers = 0;
    this.answerBytes = 0;
    this.exchanges++;
    this.phase = PHASE.head;
  }

  get isIdle(): boolean {
    return this.phase === PHASE.idle;
  }

  // ---- the request

  askUpgrade(): void {
    this.asksUpgrade = true;
  }

  sendRequestHead(head: Head, endOfStream: boolean): boolean {
    const { stage } = this.host;
    const length = contentLengthOf(head);
    if (length === -2 || (endOfStream && length > 0)) return false;
    const chunked = !endOfStream && length < 0;
    if (chunked) this.writer.startChunked();
    else this.writer.startLength(Math.max(length, 0));
    stage.take(this, headBytesMax(head));
    const after = writeRequestHead(head, stage.bytes, stage.length, chunked, this.asksUpgrade);
    if (after < 0) return false;
    stage.length = after;
    if (endOfStream) this.requestSent = true;
    return true;
  }

  sendRequestData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): boolean {
    if (!this.writer.write(this.host.stage, this, bytes, start, end, endOfStream)) return false;
    if (!endOfStream) return true;
    this.requestSent = true;
    if (this.asksUpgrade) this.endTunnelRequest();
    return true;
  }

  sendRequestTrailers(trailers: Head): boolean {
    const { stage } = this.host;
    if (this.writer.isChunked) {
      this.writer.writeLastChunk(stage, this, false);
      stage.take(this, headBytesMax(trailers));
      const after = writeTrailers(trailers, stage.bytes, stage.length);
      if (after < 0) return false;
      stage.length = after;
    } else if (!this.writer.isComplete) return false;
    this.requestSent = true;
    return true;
  }

  dropRequest(): void {
    this.sink = null;
    this.close();
  }

  pauseResponse(): void {
    this.isPaused = true;
    this.transport.pause();
  }

  resumeResponse(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    if (this.held !== null && this.phase === PHASE.tunnel) setImmediate(passHeld, this);
    else this.transport.resume();
  }

  close(): void {
    this.phase = PHASE.closed;
    this.host.stage.discard(this);
    this.transport.close();
  }

  // ---- from the transport

  connected(): void {
    this.isOpen = true;
    this.host.turn();
    this.host.connectionOpened(this);
  }

  received(bytes: Uint8Array, length: number): void {
    const { host } = this;
    host.turn();
    host.stage.beginTurn();
    if (this.sink === null) this.close();
    else if (this.held === null) this.consume(bytes, length);
    else this.consumeHeld(bytes, length);
    host.stage.endTurn();
  }

  writable(): void {
    this.host.bytesHeld(-this.heldWrites);
    this.heldWrites = 0;
    this.host.turn();
    this.host.stage.beginTurn();
    if (this.sink !== null) this.sink.requestWritable();
    this.host.stage.endTurn();
  }

  writePended(bytes: number): void {
    this.heldWrites += bytes;
    this.host.bytesHeld(bytes);
    if (this.sink !== null) this.sink.requestPended();
  }

  ended(): void {
    this.host.turn();
    this.host.stage.beginTurn();
    if (this.phase === PHASE.body && this.body.endsWithConnection) {
      this.keepsAlive = false;
      this.phase = PHASE.answered;
      this.sink!.responseData(NO_BYTES, 0, 0, true);
      this.finish();
    } else if (this.phase === PHASE.tunnel) this.endTunnelAnswer();
    else this.cut("UC");
    this.host.stage.endTurn();
  }

  closed(): void {
    this.host.turn();
    this.host.stage.beginTurn();
    this.cut(this.isOpen ? "UC" : "UF");
    this.host.stage.endTurn();
    this.host.bytesHeld(-this.heldWrites);
    this.heldWrites = 0;
    this.keep(null);
    this.host.connectionClosed(this, this.isOpen);
  }

  // ---- the answer

  private consume(bytes: Uint8Array, end: number): void {
    this.answerBytes += end;
    let at = 0;
    while (at < end && this.sink !== null) {
      if (this.phase === PHASE.head) {
        const next = this.readHead(bytes, at, end);
        if (next === INCOMPLETE) {
          this.hold(bytes, at, end);
          return;
        }
        if (next < 0) {
          this.cut("UPE");
          return;
        }
        at = next;
      } else if (this.phase === PHASE.body) at = this.readBody(bytes, at, end);
      else if (this.phase === PHASE.tunnel) {
        if (this.isPaused) this.keep(Uint8Array.prototype.slice.call(bytes, at, end));
        else this.sink.responseData(bytes, at, end, false);
        return;
      } else break;
    }
    if (this.sink !== null && this.phase === PHASE.answered) {
      // Bytes behind a whole answer belong to nothing we asked for.
      if (at < end) this.keepsAlive = false;
      this.finish();
    }
  }

  private hold(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > RESPONSE_HEAD_BYTES_MAX) this.cut("UPE");
    else this.keep(Uint8Array.prototype.slice.call(bytes, start, end));
  }

  private keep(held: Uint8Array | null): void {
    this.host.bytesHeld((held === null ? 0 : held.length) - (this.held === null ? 0 : this.held.length));
    this.held = held;
  }

  private consumeHeld(bytes: Uint8Array, length: number): void {
    const whole = new Uint8Array(this.held!.length + length);
    whole.set(this.held!);
    whole.set(bytes.subarray(0, length), this.held!.length);
    if (!this.isWorthALook(bytes, length, whole.length)) {
      this.keep(whole);
      return;
    }
    this.keep(null);
    this.consume(whole, whole.length);
  }

  /** A head that trickles in is parsed again only when a line was completed. */
  private isWorthALook(bytes: Uint8Array, length: number, held: number): boolean {
    const lineEnd = bytes.indexOf(LF);
    return held > RESPONSE_HEAD_BYTES_MAX || (lineEnd >= 0 && lineEnd < length);
  }

  /** The offset behind a head, INCOMPLETE, or another negative for what is not an answer. */
  private readHead(bytes: Uint8Array, at: number, end: number): number {
    const sink = this.sink!;
    // Positions count from the buffer's start: the head is used up before the reader's buffer is.
    const headEnd = parser.parse(bytes, at, end, sink.responseHead);
    if (headEnd < 0) return headEnd;
    if (headEnd - at > RESPONSE_HEAD_BYTES_MAX) return -502;
    const { status, minor, fields } = parser;
    if (status < 200) return this.readInterim(status, headEnd);
    if (fields.chunked && (fields.contentLength >= 0 || minor === 0)) return -502;
    if (fields.close || minor === 0) this.keepsAlive = false;
    const hasBody = this.startBody(status, fields.chunked, fields.contentLength);
    this.phase = hasBody ? PHASE.body : PHASE.answered;
    sink.responseHeadComplete(headEnd, !hasBody);
    return headEnd;
  }

  private readInterim(status: number, headEnd: number): number {
    const sink = this.sink!;
    const { close, chunked, contentLength } = parser.fields;
    // It has no content, and something follows it: who says otherwise means another message than we read.
    if (close || chunked || contentLength >= 0) return -502;
    if (status === 101) {
      if (!this.asksUpgrade || !parser.fields.websocket) return -502;
      this.phase = PHASE.tunnel;
      this.keepsAlive = this.requestSent = false;
      this.writer.startUntilClose();
      pushUpgradeFields(sink.responseHead);
      sink.responseUpgraded(headEnd);
    } else if (++this.interimAnswers > INTERIM_ANSWERS_MAX) return -502;
    else if (status !== 100) sink.responseInterim();
    return headEnd;
  }

  // ---- the tunnel

  /** What came behind the 101 before that was passed on. */
  passHeld(): void {
    const { held, host } = this;
    if (held === null || this.isPaused || this.sink === null) return;
    this.keep(null);
    host.turn();
    host.stage.beginTurn();
    this.sink.responseData(held, 0, held.length, false);
    if (!this.isPaused) this.transport.resume();
    host.stage.endTurn();
  }

  private endTunnelRequest(): void {
    this.host.stage.flush();
    this.transport.halfClose();
    if (this.phase === PHASE.answered) this.finishTunnel();
  }

  private endTunnelAnswer(): void {
    this.phase = PHASE.answered;
    this.sink!.responseData(NO_BYTES, 0, 0, true);
    if (this.requestSent) this.finishTunnel();
  }

  /** Both halves were closed in order: the transport ends by itself once all is written. */
  private finishTunnel(): void {
    const { sink } = this;
    if (sink === null) return;
    this.sink = null;
    this.phase = PHASE.closed;
    sink.upstreamDone();
  }

  private startBody(status: number, chunked: boolean, contentLength: number): boolean {
    if (this.isHeadRequest || status === 204 || status === 304) return false;
    if (chunked) this.body.startChunked();
    else if (contentLength >= 0) this.body.startLength(contentLength);
    else this.body.startUntilClose();
    return chunked || contentLength !== 0;
  }

  private readBody(bytes: Uint8Array, at: number, end: number): number {
    const { body } = this;
    const sink = this.sink!;
    switch (body.read(bytes, at, end)) {
      case BODY.data:
        sink.responseData(bytes, body.dataStart, body.dataEnd, false);
        break;
      case BODY.lastData:
        this.phase = PHASE.answered;
        sink.responseData(bytes, body.dataStart, body.dataEnd, true);
        break;
      case BODY.end:
        this.phase = PHASE.answered;
        sink.responseData(bytes, 0, 0, true);
        break;
      case BODY.trailers:
        this.phase = PHASE.answered;
        sink.responseTrailers(body.trailers!);
        break;
      case BODY.malformed:
        this.cut("UPE");
        return end;
    }
    return body.at;
  }

  /** The answer is whole. An answer that came before the whole request leaves the connection in an unknown state. */
  private finish(): void {
    const sink = this.sink!;
    this.sink = null;
    this.resumeResponse();
    sink.upstreamDone();
    if (this.requestSent && this.keepsAlive) {
      this.phase = PHASE.idle;
      this.host.connectionFree(this);
    } else this.close();
  }

  private cut(flag: "UF" | "UC" | "UPE"): void {
    const { sink } = this;
    const isStale = this.exchanges > 1 && this.answerBytes === 0 && this.phase === PHASE.head;
    this.sink = null;
    this.close();
    if (sink === null) return;
    sink.responseCut(flag, isStale);
  }
}

function passHeld(connection: Http1ClientConnection): void {
  connection.passHeld();
}

const parser = new ResponseHeadParser();
const NO_BYTES = new Uint8Array(0);
