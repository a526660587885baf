// The seam between protocols and exchanges. A codec turns a transport's bytes into stream events (head, data, trailers,
// cut, credit) and stream events into bytes; an exchange never sees a socket, a codec never sees a route.
// `codec-contract.ts` is what every codec must pass.

import type { Head } from "@sluice/abi";

/** Downstream: what a codec tells about one request. The exchange implements it. */
export interface RequestSink {
  /** Filled by the codec before `requestHead`; its bytes live in `headStore`. */
  readonly requestHead: Head;
  /** Room of at least `bytes` for the head to live in until the stream's end. */
  headStore(bytes: number): Uint8Array;
  /** `headLength` bytes of the store are taken. */
  requestHeadComplete(headLength: number, endOfStream: boolean): void;
  /** Not a request we serve: to be answered with `status`, then the connection closes. */
  requestRefused(status: number): void;
  /** `bytes[start, end)` is borrowed for the call. */
  requestData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void;
  requestTrailers(trailers: Head): void;
  /**
   * The client went (`DC`), broke the protocol inside the body (`DPE`), or had its time to drain (`DT`): nothing more
   * comes, nothing can be sent.
   */
  requestCut(flag: "DC" | "DPE" | "DT"): void;
  /** The client took what was pending / is slower than we write. */
  responseWritable(): void;
  responsePended(): void;
  /** Nothing came for the stream's idle time; checked a few times a second. */
  streamIdle(): void;
  /** The answer is not whole within the route's time. */
  responseOverdue(): void;
  /** The request did not come whole within its time. */
  requestOverdue(): void;
  /** The stream as a whole takes longer than it may. */
  streamOverdue(): void;
  /** The response is wholly written, or cut: the last call for this stream. */
  streamDone(): void;
}

/** What an exchange does with its downstream stream. A codec implements it. */
export interface ResponseWriter {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly listener: string;
  /** The request asks to go on as a WebSocket; `upgrade` and `connection` are among its fields, for those who look. */
  readonly wantsUpgrade: boolean;
  /** What this peer says of `x-forwarded-*` and `forwarded` stands in the head. */
  readonly isPeerTrusted: boolean;
  /** Of this stream: status sent (0: none yet), bytes of the request read and of the response written. */
  readonly statusSent: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** False when a field cannot be written (a filter's CR or LF): nothing was sent, and the stream is to be reset. */
  sendResponseHead(head: Head, endOfStream: boolean): boolean;
  /** False, as for trailers, when it breaks what the head promised: the stream is to be reset. */
  sendResponseData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): boolean;
  sendResponseTrailers(trailers: Head): boolean;
  /** An answer before the answer (103 …), for clients that know such. */
  sendInterim(head: Head): void;
  /**
   * The 101 to a request that `wantsUpgrade`: from now on the connection is a tunnel, whose bytes come as request data and
   * are sent as response data. Each half ends with its last data; the stream is done when both have.
   */
  sendUpgrade(head: Head): boolean;
  /** 100 Continue, when the client waits for it. */
  sendContinue(): void;
  /** Cuts the stream: what was sent stays a fragment that the client can recognise as one. `streamDone` follows. */
  resetResponse(): void;
  pauseRequest(): void;
  resumeRequest(): void;
  /** The connection is not used again after this response. */
  closeAfterResponse(): void;
  /** `responseOverdue` unless the response is whole within `ms`; 0: no bound. */
  respondWithin(ms: number): void;
}

/** Upstream: what a codec tells about the answer. The exchange implements it. */
export interface ResponseSink {
  readonly responseHead: Head;
  /** The head's bytes are borrowed for the call; nothing of it stands at or behind `headEnd` in them. */
  responseHeadComplete(headEnd: number, endOfStream: boolean): void;
  /** An interim answer (1xx but 100 and 101): `responseHead` holds it for the call. The answer is still to come. */
  responseInterim(): void;
  /** The 101 that was asked for by `askUpgrade`; data both ways is a tunnel's, `upstreamDone` follows when both halves ended. */
  responseUpgraded(headEnd: number): void;
  responseData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void;
  responseTrailers(trailers: Head): void;
  /**
   * No (whole) answer will come. `UF`: never connected; `UC`: closed early; `UPE`: not HTTP; `UO`: waited in vain for a
   * connection; `LR`: what was to be sent is not HTTP.
   * `isStale`: not one byte of an answer had come on a connection that had served before. The last call.
   */
  responseCut(flag: "UF" | "UC" | "UPE" | "UO" | "LR", isStale: boolean): void;
  /** The answer was whole and the connection is free again or gone: the last call. */
  upstreamDone(): void;
  requestWritable(): void;
  requestPended(): void;
}

/** What an exchange does with its upstream stream. */
export interface RequestWriter {
  /** Before the head, that of a GET without content: it asks to go on as a WebSocket. */
  askUpgrade(): void;
  sendRequestHead(head: Head, endOfStream: boolean): boolean;
  sendRequestData(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): boolean;
  sendRequestTrailers(trailers: Head): boolean;
  /** Lets the answer go: the connection is closed, no further event comes. */
  dropRequest(): void;
  pauseResponse(): void;
  resumeResponse(): void;
}
