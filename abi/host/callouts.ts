// What the host asks of its embedding when a filter calls out: HTTP requests, gRPC calls and gRPC streams to named clusters.
// The proxy has the real client; memory-callouts.ts has one that answers by a script.
//
// A client never calls a sink before the method that took it has returned, and throws nothing: whatever goes wrong is told
// to the sink, exactly once for a request. After `cancel` nothing more is told.

import type { Head } from "../head/head.ts";

/** All of it copied out of the guest. */
export interface HttpCallout {
  readonly cluster: string;
  /** `:method`, `:path` and `:authority` are there; no field that frames a message or belongs to one hop. */
  readonly headers: Head;
  readonly body: Uint8Array;
  /** null: none. */
  readonly trailers: Head | null;
  /** Until the whole answer is there. */
  readonly timeoutMs: number;
}

/** What a gRPC stream is opened with. */
export interface GrpcRequest {
  readonly cluster: string;
  /** Full name, `package.Service`. */
  readonly service: string;
  readonly method: string;
  readonly metadata: Head;
}

/** A unary call. */
export interface GrpcCallRequest extends GrpcRequest {
  /** Without the five bytes in front. */
  readonly message: Uint8Array;
  readonly timeoutMs: number;
}

/** Sends what filters ask of clusters. Throws nothing: what goes wrong is told to the sink. */
export interface CalloutClient {
  /** May filters call this cluster? */
  hasCluster(cluster: string): boolean;
  http(request: HttpCallout, sink: HttpSink): Callout;
  grpcCall(request: GrpcCallRequest, sink: GrpcSink): Callout;
  grpcStream(request: GrpcRequest, sink: GrpcSink): GrpcStream;
}

const UNHEARD: GrpcStream = { cancel() {}, send: () => true, halfClose() {} };

/** For a trial: every cluster may be called, and nothing goes out. */
export const SILENT_CALLOUTS: CalloutClient = {
  hasCluster: () => true,
  http: () => UNHEARD,
  grpcCall: () => UNHEARD,
  grpcStream: () => UNHEARD,
};

/** Something under way. */
export interface Callout {
  cancel(): void;
}

/** A gRPC stream under way. */
export interface GrpcStream extends Callout {
  /** False: more is waiting to be sent than may; this message is not. */
  send(message: Uint8Array, endOfStream: boolean): boolean;
  /** The peer's messages still arrive. */
  halfClose(): void;
}

/** Hears of one HTTP request, once. */
export interface HttpSink {
  /** `:status` stands first. */
  answered(headers: Head, body: Uint8Array, trailers: Head | null): void;
  /** No whole answer: refused, reset, too large, not in time. `reason` is one of a few words, not the peer's text. */
  failed(reason: string): void;
}

/** Hears of a gRPC stream until `closed`. Of a call: its message and then 0, or only another status. */
export interface GrpcSink {
  initialMetadata(metadata: Head): void;
  message(bytes: Uint8Array): void;
  trailingMetadata(metadata: Head): void;
  closed(status: number, message: string): void;
}
