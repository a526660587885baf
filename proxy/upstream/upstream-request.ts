// What a pool gives for one request: a connection, or a place in the queue for one. Who sends it cannot tell them apart.

import type { RequestWriter, ResponseSink } from "../codec/codec.ts";

export interface UpstreamRequest extends RequestWriter {
  /** Called once, before anything is sent. */
  attach(sink: ResponseSink, isHeadRequest: boolean): void;
}
