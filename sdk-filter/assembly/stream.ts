// A stream of one's own: for filters that look at more than the check does, or keep something between two phases.

import { encodeText, encodedSize } from "./arena";
import { Text, Value } from "./bytes";
import {
  policy_mirror,
  proxy_close_stream,
  proxy_continue_stream,
  proxy_send_local_response,
  proxy_set_effective_context,
} from "./generated/hostcalls";
import { GrpcMethod, GrpcStream } from "./grpc-callout";
import { Headers } from "./headers";
import { HttpRequest, HttpResponse } from "./http-callout";
import { Message, Messages } from "./message";
import { ReplyFields } from "./reply-fields";
import { Action, Status, StreamType } from "./generated/enums";

/** One request and its response. Override what you need: a callback nobody overrides is not exported, so it costs nothing. */
export abstract class Stream {
  /** The host's number of this stream; 0 when it is over. */
  id: u32 = 0;

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

  /**
   * Sends a request to a cluster. Its id; the answer, or word that there is none, comes once to `onHttpResponse`. 0 when the host
   * refuses: the capability `callout` is missing, there is no such cluster, or too much is out. `timeoutMs` is at most a minute.
   */
  http(cluster: Text, request: HttpRequest, timeoutMs: i32): u32 {
    return request.send(cluster, timeoutMs, this.id);
  }
  /** Calls a gRPC method: its message comes to `onGrpcMessage`, or another status than 0 to `onGrpcClose`. 0 as for `http`. */
  grpcCall(cluster: Text, method: GrpcMethod, message: ArrayBuffer, timeoutMs: i32): u32 {
    return method.call(cluster, message, timeoutMs, this.id);
  }
  /** Opens a gRPC stream; null where `http` says 0. */
  grpcStream(cluster: Text, method: GrpcMethod): GrpcStream | null {
    return method.open(cluster, this.id);
  }

  /** An answer to `http` of this stream's. */
  onHttpResponse(id: u32, response: HttpResponse): void {}
  /** A message of a gRPC call or stream. Of a call nothing follows. Valid during the call. */
  onGrpcMessage(id: u32, message: Value): void {}
  /** A gRPC stream is over, or a call failed; `calloutFailure()` is the text beside the status. */
  onGrpcClose(id: u32, status: i32): void {}
  /** A gRPC stream's metadata, before and behind its messages. */
  onGrpcMetadata(id: u32, metadata: Headers): void {}
  onGrpcTrailers(id: u32, metadata: Headers): void {}

  /** Makes the hostcalls of a filter's `tick` mean this stream; false when it is over. In its own callbacks they do anyway. */
  enter(): bool {
    return this.id != 0 && proxy_set_effective_context(this.id) == Status.Ok;
  }

  /** Answers the client in the upstream's place. `details` names the reason in the record. */
  reply(status: i32, body: string = "", details: string = ""): void {
    const detailsStart = encodeText(details);
    const detailsSize = encodedSize();
    const bodyStart = encodeText(body);
    proxy_send_local_response(status, detailsStart, detailsSize, bodyStart, encodedSize(), 0, 0, -1);
  }

  /** `reply` with header fields. */
  replyWith(status: i32, fields: ReplyFields, body: string = "", details: string = ""): void {
    const detailsStart = encodeText(details);
    const detailsSize = encodedSize();
    const bodyStart = encodeText(body);
    const bodySize = encodedSize();
    const pairs = fields.encode();
    proxy_send_local_response(status, detailsStart, detailsSize, bodyStart, bodySize, pairs, fields.encodedSize, -1);
  }

  /**
   * Has the host copy this request, as it goes upstream, to a cluster; nobody waits for the answer. `flags` are of
   * MirrorFlags. False when the host refuses: the capability `callout` is missing, or it has no such cluster.
   */
  mirror(cluster: Text, flags: u32 = 0): bool {
    return policy_mirror(cluster.start, cluster.size, flags) == Status.Ok;
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

/**
 * A stream whose object serves one stream after the other, so that none has to be made and collected for each request.
 * Fields still hold what the last stream left: set every one of them in `begin`.
 */
export abstract class ReusedStream extends Stream {
  /** A new stream begins. No hostcalls here: its request is not there yet. */
  abstract begin(): void;
}
