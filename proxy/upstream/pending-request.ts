// A request that waits for a connection of its cluster. It stands in for the connection: what the exchange sends is kept,
// with the client told to stop, and goes out once a connection takes it; from then on all passes straight through.

import { Head } from "@sluice/abi/data-path";
import type { ResponseSink } from "../codec/codec.ts";
import type { ByteAccount } from "../exchange/byte-account.ts";
import type { Cluster } from "../snapshot/runtime.ts";
import type { ClusterLoad, LoadedPool, WaitingRequest } from "./cluster-load.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

export interface WaitingFor {
  readonly cluster: Cluster;
  readonly pool: LoadedPool;
  readonly load: ClusterLoad;
  readonly account: ByteAccount;
  readonly deadlineMs: number;
}

export class PendingRequest implements UpstreamRequest, WaitingRequest {
  readonly cluster: Cluster;
  readonly pool: LoadedPool;
  readonly deadlineMs: number;
  private readonly load: ClusterLoad;
  private readonly account: ByteAccount;
  private connection: UpstreamRequest | null = null;
  private sink: ResponseSink | null = null;
  private isHeadRequest = false;
  private asksUpgrade = false;
  /** Lives as long as its exchange, which drops the request before it ends. */
  private head: Head | null = null;
  private isHeadOnly = false;
  private readonly chunks: Uint8Array[] = [];
  private heldBytes = 0;
  private isWhole = false;
  private trailers: Head | null = null;

  constructor(waitingFor: WaitingFor) {
    this.cluster = waitingFor.cluster;
    this.pool = waitingFor.pool;
    this.load = waitingFor.load;
    this.account = waitingFor.account;
    this.deadlineMs = waitingFor.deadlineMs;
    this.load.wait(this);
  }

  /** Nobody upstream knows of it yet. */
  get isWaiting(): boolean {
    return this.connection === null;
  }

  attach(sink: ResponseSink, isHeadRequest: boolean): void {
    this.sink = sink;
    this.isHeadRequest = isHeadRequest;
  }

  // ---- from the exchange

  askUpgrade(): void {
    this.asksUpgrade = true;
  }

  sendRequestHead(head: Head, endOfStream: boolean): boolean {
    this.head = head;
    this.isHeadOnly = endOfStream;
    return true;
  }

  sendRequestData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): boolean {
    if (this.connection !== null) return this.connection.sendRequestData(bytes, start, end, endOfStream);
    this.chunks.push(Uint8Array.prototype.slice.call(bytes, start, end));
    this.heldBytes += end - start;
    this.account.hold(end - start);
    this.isWhole = endOfStream;
    if (!endOfStream) this.sink!.requestPended();
    return true;
  }

  sendRequestTrailers(trailers: Head): boolean {
    if (this.connection !== null) return this.connection.sendRequestTrailers(trailers);
    this.trailers = new Head();
    this.trailers.copyFrom(trailers);
    return true;
  }

  dropRequest(): void {
    this.sink = null;
    if (this.connection !== null) this.connection.dropRequest();
    else this.leave();
  }

  pauseResponse(): void {
    this.connection?.pauseResponse();
  }

  resumeResponse(): void {
    this.connection?.resumeResponse();
  }

  // ---- from the pool

  serve(connection: UpstreamRequest): void {
    const sink = this.sink!;
    const { chunks } = this;
    this.leave();
    this.connection = connection;
    connection.attach(sink, this.isHeadRequest);
    if (!this.sendKept(connection, chunks)) {
      connection.dropRequest();
      sink.responseCut("LR", false);
    } else if (chunks.length > 0 && !this.isWhole && this.trailers === null) sink.requestWritable();
  }

  expire(): void {
    const sink = this.sink!;
    const { cluster, load, pool } = this;
    // With room for more connections it waited for the endpoint to take those that are begun, and it does not.
    const isUnreachable = pool.connects > 0 && load.connections < cluster.connectionsMax;
    this.leave();
    sink.responseCut(isUnreachable ? "UF" : "UO", false);
  }

  private sendKept(connection: UpstreamRequest, chunks: readonly Uint8Array[]): boolean {
    if (this.asksUpgrade) connection.askUpgrade();
    if (!connection.sendRequestHead(this.head!, this.isHeadOnly)) return false;
    const last = chunks.length - 1;
    return (
      chunks.every((chunk, at) => connection.sendRequestData(chunk, 0, chunk.length, this.isWhole && at === last)) &&
      (this.trailers === null || connection.sendRequestTrailers(this.trailers))
    );
  }

  private leave(): void {
    this.load.waiting.delete(this);
    this.account.release(this.heldBytes);
    this.heldBytes = 0;
  }
}
