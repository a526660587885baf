// One HTTP callout over HTTP/1.1: the request goes out whole, the answer is collected within its bounds and told at once.

import type { HttpCallout, HttpSink } from "@sluice/abi";
import { Head } from "@sluice/abi/data-path";
import type { ResponseSink } from "../codec/codec.ts";
import type { Http1ClientConnection } from "../codec/http1/client-connection.ts";
import { isHead, isIdempotent, mayHaveContent } from "../exchange/request-method.ts";
import type { Cluster } from "../snapshot/runtime.ts";
import type { UpstreamPool } from "../upstream/upstream-pool.ts";
import type { CalloutDesk } from "./callout-desk.ts";
import { ANSWER_BYTES_MAX } from "./limits.ts";
import { PendingCallout } from "./pending-callout.ts";
import type { CalloutFailure } from "./pending-callout.ts";

const CONTENT_LENGTH = Buffer.from("content-length");
const NO_BYTES: Uint8Array = new Uint8Array(0);
const CUTS = { UF: "connect", UC: "reset", UPE: "protocol" } as const;

/** A head is written at once, so one serves all. */
const sentHead = new Head();

export class HttpCall extends PendingCallout implements ResponseSink {
  readonly responseHead = new Head();
  private readonly pool: UpstreamPool;
  private readonly request: HttpCallout;
  private readonly sink: HttpSink;
  private connection: Http1ClientConnection | null = null;
  private chunks: Uint8Array[] = [];
  private bodyBytes = 0;
  private trailers: Head | null = null;
  private isRepeated = false;
  private cluster: Cluster | null = null;

  constructor(desk: CalloutDesk, pool: UpstreamPool, request: HttpCallout, sink: HttpSink) {
    super(desk);
    this.pool = pool;
    this.request = request;
    this.sink = sink;
  }

  /** Once. Null: the worker ends. */
  start(cluster: Cluster | null): void {
    this.cluster = cluster;
    if (cluster === null) this.abortSoon("shutdown");
    else if (this.desk.isOverfull) this.abortSoon("overload");
    else {
      this.startDeadline(this.request.timeoutMs);
      this.send(cluster, false);
    }
  }

  private send(cluster: Cluster, fresh: boolean): void {
    const endpoint = cluster.nextEndpoint({ requestHead: this.request.headers, sourceAddress: "" });
    if (endpoint === null) return this.abortSoon("noEndpoint");
    const connection = this.pool.takeNow(cluster, endpoint, fresh);
    if (connection === null) return this.abortSoon("overload");
    this.connection = connection;
    connection.attach(this, isHead(this.request.headers));
    if (!this.sendWhole(connection)) this.abortSoon("protocol");
  }

  private sendWhole(connection: Http1ClientConnection): boolean {
    const { headers, body, trailers } = this.request;
    if (trailers !== null && trailers.count > 0) {
      return (
        connection.sendRequestHead(headers, false) &&
        connection.sendRequestData(body, 0, body.length, false) &&
        connection.sendRequestTrailers(trailers)
      );
    }
    const isEmpty = body.length === 0;
    return (
      connection.sendRequestHead(withLength(headers, body.length), isEmpty) &&
      (isEmpty || connection.sendRequestData(body, 0, body.length, true))
    );
  }

  // ---- ResponseSink

  responseHeadComplete(): void {
    this.responseHead.own();
  }

  responseInterim(): void {}
  responseUpgraded(): void {}

  responseData(bytes: Uint8Array, start: number, end: number): void {
    if (this.isOver || start === end) return;
    this.bodyBytes += end - start;
    this.desk.account.hold(end - start);
    this.chunks.push(Uint8Array.prototype.slice.call(bytes, start, end));
    if (this.bodyBytes > ANSWER_BYTES_MAX) this.abort("tooLarge");
    else if (this.desk.account.isOver) this.abort("overload");
  }

  responseTrailers(trailers: Head): void {
    this.trailers = new Head();
    this.trailers.copyFrom(trailers);
  }

  responseCut(flag: "UF" | "UC" | "UPE", isStale: boolean): void {
    this.connection = null;
    if (this.isOver) return;
    if (isStale && this.mayRepeat()) {
      this.isRepeated = true;
      this.send(this.cluster!, true);
    } else this.abort(CUTS[flag]);
  }

  upstreamDone(): void {
    this.connection = null;
    if (!this.answered()) return;
    const body = this.chunks.length === 1 ? this.chunks[0]! : Buffer.concat(this.chunks, this.bodyBytes);
    this.drop();
    this.sink.answered(this.responseHead, body.length === 0 ? NO_BYTES : body, this.trailers);
  }

  // What pends is the request alone, which is whole and counted.
  requestPended(): void {}
  requestWritable(): void {}

  // ---- PendingCallout

  protected drop(): void {
    this.desk.account.release(this.bodyBytes);
    this.bodyBytes = 0;
    this.chunks = [];
    const { connection } = this;
    this.connection = null;
    connection?.dropRequest();
  }

  protected tellFailure(failure: CalloutFailure): void {
    this.sink.failed(failure);
  }

  /** It met a connection that was just closing: sent again once, by the rule of the proxy's own requests. */
  private mayRepeat(): boolean {
    const { headers, body, trailers } = this.request;
    return !this.isRepeated && body.length === 0 && trailers === null && isIdempotent(headers);
  }
}

function withLength(headers: Head, bytes: number): Head {
  if (bytes === 0 && !mayHaveContent(headers)) return headers;
  sentHead.borrow(headers);
  sentHead.append(CONTENT_LENGTH, Buffer.from(String(bytes)));
  return sentHead;
}
