// The two messages of a stream, as filters see them.

import { BufferType, MapType } from "./generated/enums";

import { Body } from "./body";
import { Headers } from "./headers";

/** Headers, body and trailers of one direction. */
@final
export class Message {
  readonly headers: Headers;
  readonly body: Body;
  readonly trailers: Headers;

  constructor(headersMap: u32, trailersMap: u32, bodyBuffer: u32) {
    this.headers = new Headers(headersMap);
    this.body = new Body(bodyBuffer);
    this.trailers = new Headers(trailersMap);
  }
}

/**
 * The request and the response. There is one of each: hostcalls always mean the stream whose callback runs, so the objects
 * hold no state of a stream. Lazy: a filter that only checks does not make them.
 */
export class Messages {
  @lazy static readonly request: Message = new Message(
    MapType.HttpRequestHeaders,
    MapType.HttpRequestTrailers,
    BufferType.HttpRequestBody,
  );
  @lazy static readonly response: Message = new Message(
    MapType.HttpResponseHeaders,
    MapType.HttpResponseTrailers,
    BufferType.HttpResponseBody,
  );
}
