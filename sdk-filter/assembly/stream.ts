// A stream of one's own: for filters that look at more than the check does, or keep something between two phases.

import { encodeText, encodedSize } from "./arena";
import { proxy_close_stream, proxy_continue_stream, proxy_send_local_response } from "./generated/hostcalls";
import { Message, Messages } from "./message";
import { Action, StreamType } from "./generated/enums";

/** One request and its response. Override what you need: a callback nobody overrides is not exported, so it costs nothing. */
export abstract class Stream {
  get request(): Message {
    return Messages.request;
  }
  get response(): Message {
    return Messages.response;
  }

  requestHeaders(endOfStream: bool): Action {
    return Action.Continue;
  }
  /** `bodyBytes` is what can be read now; it grows while the body is buffered. */
  requestBody(bodyBytes: i32, endOfStream: bool): Action {
    return Action.Continue;
  }
  requestTrailers(): Action {
    return Action.Continue;
  }
  responseHeaders(endOfStream: bool): Action {
    return Action.Continue;
  }
  responseBody(bodyBytes: i32, endOfStream: bool): Action {
    return Action.Continue;
  }
  responseTrailers(): Action {
    return Action.Continue;
  }
  /** After the last phase; the heads are still readable. */
  log(): void {}
  /** The stream is over. */
  done(): void {}

  /** Answers the client in the upstream's place. `details` names the reason in the record. */
  reply(status: i32, body: string = "", details: string = ""): void {
    const detailsStart = encodeText(details);
    const detailsSize = encodedSize();
    const bodyStart = encodeText(body);
    proxy_send_local_response(status, detailsStart, detailsSize, bodyStart, encodedSize(), 0, 0, -1);
  }

  /** Lets a paused request go on once the callback has returned. */
  resumeRequest(): void {
    proxy_continue_stream(StreamType.Request);
  }
  resumeResponse(): void {
    proxy_continue_stream(StreamType.Response);
  }

  /** Cuts the stream. */
  reset(): void {
    proxy_close_stream(StreamType.Request);
  }
}
