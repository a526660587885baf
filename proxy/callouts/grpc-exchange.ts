// One gRPC exchange on a stream of an HTTP/2 session: metadata and messages out, metadata, messages and a status back.
// grpc-call.ts and grpc-stream.ts say what of it is told.

import type { GrpcRequest, GrpcSink, Head } from "@sluice/abi";
import { headOf } from "@sluice/abi/data-path";
import { constants } from "node:http2";
import type { ClientHttp2Stream } from "node:http2";
import type { Asker, Cluster } from "../snapshot/runtime.ts";
import type { CalloutDesk } from "./callout-desk.ts";
import type { GrpcSession, GrpcSessions, SessionGuest } from "./grpc-session.ts";
import {
  GRPC,
  STATUS_OF_FAILURE,
  grpcMessageOf,
  grpcStatusOf,
  grpcTimeout,
  statusOfHttp,
  statusOfReset,
} from "./grpc-status.ts";
import { METADATA_BYTES_MAX } from "./limits.ts";
import { MessageReader, frameOf } from "./message-frames.ts";
import { PendingCallout } from "./pending-callout.ts";
import type { CalloutFailure } from "./pending-callout.ts";

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

/** What the transport says itself; metadata of these names is left out. */
const OWN_FIELDS = new Set(["content-type", "grpc-accept-encoding", "grpc-encoding", "grpc-timeout", "host", "te"]);

/** Sessions are shared, so a policy that goes by a key has none. */
const NO_CLIENT: Asker = { requestHead: headOf([]), sourceAddress: "" };

export abstract class GrpcExchange extends PendingCallout implements SessionGuest {
  protected readonly sink: GrpcSink;
  protected cluster: Cluster | null = null;
  /** Of messages that wait for the status. */
  protected keptBytes = 0;
  private readonly sessions: GrpcSessions;
  private readonly request: GrpcRequest;
  private readonly reader = new MessageReader();
  private session: GrpcSession | null = null;
  private stream: ClientHttp2Stream | null = null;
  /** Written before there was a stream. */
  private early: Buffer[] = [];
  private earlyBytes = 0;
  private isWritten = false;
  private authority = "";
  private bytesReadBefore = 0;
  private httpStatus = 0;
  private heldBytes = 0;
  private trailers: Head | null = null;
  private failureStatus: number | null = null;
  private failureText = "";

  constructor(desk: CalloutDesk, sessions: GrpcSessions, request: GrpcRequest, sink: GrpcSink) {
    super(desk);
    this.sessions = sessions;
    this.request = request;
    this.sink = sink;
  }

  /** Once. Null: the worker ends. */
  start(cluster: Cluster | null): void {
    this.cluster = cluster;
    if (cluster === null) this.abortSoon("shutdown");
    else if (this.desk.isOverfull) this.abortSoon("overload");
    else {
      if (this.timeoutMs !== null) this.startDeadline(this.timeoutMs);
      this.open(cluster);
    }
  }

  /** null: without end. */
  protected abstract readonly timeoutMs: number | null;
  protected abstract tellInitialMetadata(metadata: Head): void;
  protected abstract tellMessage(message: Uint8Array): void;
  /** The peer said how it ended; `trailers` without pseudo headers. */
  protected abstract tellEnd(status: number, text: string, trailers: Head): void;
  /** The peer refused the stream unseen: true when it was asked again. */
  protected abstract repeated(): boolean;

  protected open(cluster: Cluster): void {
    const endpoint = cluster.nextEndpoint(NO_CLIENT);
    if (endpoint === null) return this.abortSoon("noEndpoint");
    this.session = this.sessions.take(cluster, endpoint);
    this.authority = endpoint.authority;
    this.bytesReadBefore = this.session.bytesRead;
    this.session.join(this);
  }

  // ---- SessionGuest

  sessionReady(): void {
    const session = this.session!;
    const stream = session.request(requestFields(this.request, this.authority, this.timeoutMs));
    if (stream === null) return this.abortSoon("reset");
    this.stream = stream;
    this.listen(stream, session);
    for (const frame of this.early) this.put(stream, frame);
    this.early = [];
    this.earlyBytes = 0;
    if (this.isWritten) stream.end();
  }

  sessionLost(failure: CalloutFailure): void {
    this.abort(failure);
  }

  // ---- to the peer

  /** Bytes that the peer has not taken. */
  protected get pendingBytes(): number {
    return this.stream === null ? this.earlyBytes : this.stream.writableLength;
  }

  /** Counts as held until the peer has it. */
  protected write(message: Uint8Array): void {
    const frame = frameOf(message);
    this.desk.account.hold(frame.length);
    if (this.stream !== null) return this.put(this.stream, frame);
    this.early.push(frame);
    this.earlyBytes += frame.length;
  }

  private put(stream: ClientHttp2Stream, frame: Buffer): void {
    stream.write(frame, () => this.desk.account.release(frame.length));
  }

  /** Nothing more is written. */
  protected endWriting(): void {
    this.isWritten = true;
    this.stream?.end();
  }

  // ---- from the peer

  protected override overdue(): void {
    // A peer that said nothing at all since we asked may be gone without a word: nobody else is sent to it.
    if (this.session !== null && this.session.bytesRead === this.bytesReadBefore) this.session.retire();
    super.overdue();
  }

  private listen(stream: ClientHttp2Stream, session: GrpcSession): void {
    stream.on("response", (_, flags: number, raw?: readonly string[]) => this.head(stream, flags, raw!));
    stream.on("trailers", (_, _flags: number, raw?: readonly string[]) => {
      if (this.stream === stream) this.trailers = this.bounded(raw!);
    });
    stream.on("data", (chunk: Buffer) => this.data(stream, chunk));
    stream.on("end", () => this.ended(stream));
    // What it means is told by `close`, which follows.
    stream.on("error", (error) => session.noteError(error));
    stream.on("close", () => {
      this.leave(session);
      this.closed(stream, session);
    });
  }

  private head(stream: ClientHttp2Stream, flags: number, raw: readonly string[]): void {
    if (this.stream !== stream) return;
    const fields = this.bounded(raw);
    if (fields === null) return;
    if ((flags & NGHTTP2_FLAG_END_STREAM) !== 0) {
      this.trailers = fields;
      this.httpStatus = httpStatusOf(raw);
      return;
    }
    const type = fields.get("content-type") ?? "";
    this.httpStatus = httpStatusOf(raw);
    if (this.httpStatus === 200 && type.startsWith("application/grpc")) this.tellInitialMetadata(fields);
    else this.refuse("protocol", statusOfHttp(this.httpStatus), `the answer is not gRPC: HTTP ${this.httpStatus}`);
  }

  /** null: over the bound, and the exchange is over. */
  private bounded(raw: readonly string[]): Head | null {
    if (raw.reduce((sum, text) => sum + text.length, 0) <= METADATA_BYTES_MAX) return fieldsOf(raw);
    this.refuse("tooLarge", GRPC.resourceExhausted, "the metadata is too large");
    return null;
  }

  private data(stream: ClientHttp2Stream, chunk: Buffer): void {
    if (this.stream !== stream) return;
    const { reader } = this;
    reader.push(chunk);
    // A message's sink may cancel.
    for (let next = reader.next(); next !== null && this.stream === stream; next = reader.next())
      this.tellMessage(next);
    if (this.stream !== stream) return;
    this.hold(reader.heldBytes + this.keptBytes);
    if (reader.problem === "tooLarge") this.refuse("tooLarge", GRPC.resourceExhausted, "a message is too large");
    else if (reader.problem !== null) this.refuse("protocol", GRPC.internal, "a message is compressed");
    else if (this.desk.account.isOver) this.abort("overload");
  }

  private hold(bytes: number): void {
    this.desk.account.hold(bytes - this.heldBytes);
    this.heldBytes = bytes;
  }

  /** The peer sends no more. */
  private ended(stream: ClientHttp2Stream): void {
    if (this.stream !== stream || stream.rstCode !== NGHTTP2_NO_ERROR) return;
    const { trailers } = this;
    const status = trailers?.get("grpc-status") ?? null;
    if (this.reader.heldBytes > 0) return this.refuse("protocol", GRPC.internal, "the answer ends within a message");
    if (trailers === null || status === null) {
      return this.refuse("protocol", statusOfHttp(this.httpStatus), "the answer has no grpc-status");
    }
    const text = grpcMessageOf(trailers.get("grpc-message") ?? "");
    if (!this.isComplete(grpcStatusOf(status))) {
      return this.refuse("protocol", GRPC.internal, "the answer has no message, or several");
    }
    if (!this.answered()) return;
    this.letGo();
    this.tellEnd(grpcStatusOf(status), text, trailers);
  }

  /** What came may be followed by this status. */
  protected isComplete(_status: number): boolean {
    return true;
  }

  private closed(stream: ClientHttp2Stream, session: GrpcSession): void {
    if (this.stream !== stream) return;
    this.stream = null;
    if (session.isDestroyed) return this.abort(session.failure);
    const code = stream.rstCode ?? NGHTTP2_CANCEL;
    if (code === NGHTTP2_REFUSED_STREAM && this.repeated()) return;
    this.refuse("reset", statusOfReset(code), `the stream was reset with code ${code}`);
  }

  private refuse(failure: CalloutFailure, status: number, text: string): void {
    this.failureStatus = status;
    this.failureText = text;
    this.abort(failure);
  }

  // ---- PendingCallout

  protected drop(): void {
    this.letGo();
  }

  private letGo(): void {
    this.hold(0);
    this.desk.account.release(this.earlyBytes);
    this.early = [];
    this.earlyBytes = 0;
    const { stream, session } = this;
    this.stream = null;
    // A stream that is there leaves when it is closed, which the session counts until then.
    if (stream === null) {
      if (session !== null) this.leave(session);
    } else if (!stream.readableEnded || !stream.writableFinished) stream.close(NGHTTP2_CANCEL);
  }

  private leave(session: GrpcSession): void {
    if (this.session === session) this.session = null;
    session.leave(this);
  }

  protected tellFailure(failure: CalloutFailure): void {
    this.sink.closed(this.failureStatus ?? STATUS_OF_FAILURE[failure], this.failureText || failure);
  }
}

/** Name, value, name, value: pseudo headers first, then gRPC's own, then the metadata. */
function requestFields(
  { service, method, metadata }: GrpcRequest,
  authority: string,
  timeoutMs: number | null,
): string[] {
  const fields = [":method", "POST", ":scheme", "http", ":path", `/${service}/${method}`, ":authority", authority];
  fields.push("content-type", "application/grpc", "te", "trailers");
  if (timeoutMs !== null) fields.push("grpc-timeout", grpcTimeout(timeoutMs));
  for (let field = 0; field < metadata.count; field++) {
    const name = metadata.nameString(field);
    if (!name.startsWith(":") && !OWN_FIELDS.has(name)) fields.push(name, metadata.valueString(field));
  }
  return fields;
}

function fieldsOf(raw: readonly string[]): Head {
  const pairs: [string, string][] = [];
  for (let at = 0; at < raw.length; at += 2) if (!raw[at]!.startsWith(":")) pairs.push([raw[at]!, raw[at + 1]!]);
  return headOf(pairs);
}

function httpStatusOf(raw: readonly string[]): number {
  return Number(raw[raw.indexOf(":status") + 1]);
}
