// The two faces of the stream engine. A driver (the proxy's exchange, the harness, the request-file runner) opens a
// Stream, feeds it what arrived, and receives through StreamDriver what may go on. The engine decides; the driver
// moves bytes. Neither side keeps a chunk it was handed: a chunk is borrowed for the call, who needs it longer copies.

import type { Head } from "../head/head.ts";

/** Which way a message flows: 0 request (downstream to upstream), 1 response. As the ABI's stream types 0 and 1. */
export type Direction = 0 | 1;

/** Why a stream ended otherwise than well; Envoy's response flags where it has one. */
export type StreamFlag =
  | "DC" // downstream closed before the end
  | "DPE" // downstream protocol error
  | "LR" // local reset: a filter or the fail strategy cut the stream after headers were sent
  | "NR" // no route
  | "SI" // stream idle timeout
  | "UAEX" // denied by a check
  | "UC" // upstream connection ended early
  | "UF" // upstream connect failed
  | "UH" // no endpoint
  | "UO" // overload: refused by a limit
  | "UPE" // upstream protocol error
  | "URX" // retries exhausted
  | "UT" // upstream timeout
  | "FI" // 503 made by a fail strategy
  | "RLSE" // body over a filter's buffer limit
  | "OM" // refused by the overload manager
  | "DT"; // a bound on the stream's duration was reached: its own, or a drain's

/**
 * What a driver does for a stream. Calls come from inside the event methods of Stream (synchronously) or later, when a
 * paused stream goes on. Every method may be called at most as often as the message allows: one head, any number of
 * data, at most one trailers; `endOfStream` is true on the last of them.
 * A driver does not feed the stream from within one of these; `replyFromDriver`, `downstreamClosed`, `finish` and `end` it
 * may call. `pauseReads` and `resumeReads` come when no frame of the stream is left: from those it may feed at once.
 * Heads handed over belong to the stream until its end; a chunk is valid for the call.
 */
export interface StreamDriver {
  /**
   * The request head is final. When `head.routingEdited` the driver normalises and routes once more before it sends,
   * and returns the slot mask of the new route; the engine then runs slots of it that the stream has not passed and
   * calls again. Returns the same mask when nothing changed. A driver that answered itself (no route, not
   * normalisable) returns -1 after calling `stream.replyFromDriver`.
   */
  sendRequestHead(head: Head, endOfStream: boolean): number;
  /** Whether `mirror` could be asked for a cluster of that name. */
  hasCluster(name: string): boolean;
  /**
   * A slot wants a copy of the request to go to a cluster. Called directly behind the last `sendRequestHead`, which sent the head
   * (so it is as it went out) and before any data, once for each slot and cluster; `flags` are bits of MirrorFlags. The copy
   * is the driver's affair: it gets what passes `sendRequestData` and `sendRequestTrailers`.
   */
  mirror(slot: string, cluster: string, flags: number): void;
  sendRequestData(chunk: Uint8Array, endOfStream: boolean): void;
  sendRequestTrailers(trailers: Head): void;
  /** A response head for the client: the upstream's, or a local reply's (then the upstream is dropped before). */
  sendResponseHead(head: Head, endOfStream: boolean): void;
  sendResponseData(chunk: Uint8Array, endOfStream: boolean): void;
  sendResponseTrailers(trailers: Head): void;
  /** A local reply took over: whatever was sent to or is expected of the upstream is dropped, nothing more is fed. */
  dropUpstream(): void;
  /** The client's side must be cut: headers were sent and the message cannot be finished. */
  resetDownstream(flag: StreamFlag): void;
  /** Back-pressure by a filter that holds or buffers: stop and go on reading that direction's source. */
  pauseReads(direction: Direction): void;
  resumeReads(direction: Direction): void;
  /**
   * A property the engine does not know itself (source.address, xds.route_name, upstream.address, request.time …), in
   * the encoding of the ABI (proxy-wasm 0.2.1, properties); null when absent. Path segments joined by NUL.
   */
  property(path: string): Uint8Array | null;
}
