// gRPC calls and streams of a filter's own to named clusters. Messages are bytes: encoding them is the filter's.

import { out } from "./arena";
import { Text } from "./bytes";
import { forgetCallout, noteCallout } from "./callout-table";
import { Status } from "./generated/enums";
import {
  proxy_grpc_call,
  proxy_grpc_cancel,
  proxy_grpc_close,
  proxy_grpc_send,
  proxy_grpc_stream,
} from "./generated/hostcalls";
import { ReplyFields } from "./reply-fields";

/** A method of a service, with the metadata that goes with each call. Made once. */
@final
export class GrpcMethod {
  /** At most 32 fields of 4 KiB together. */
  readonly metadata: ReplyFields = new ReplyFields();
  private readonly service: Text;
  private readonly method: Text;

  /** `new GrpcMethod("package.Service", "Method")` */
  constructor(service: string, method: string) {
    this.service = Text.of(service);
    this.method = Text.of(method);
  }

  /** Sends one message; 0 when the host refuses. `stream` as in `noteCallout`. */
  call(cluster: Text, message: ArrayBuffer, timeoutMs: i32, stream: u32): u32 {
    const pairs = this.metadata.encode();
    const pairsSize = this.metadata.encodedSize;
    const service = this.service;
    const method = this.method;
    const status = proxy_grpc_call(
      cluster.start,
      cluster.size,
      service.start,
      service.size,
      method.start,
      method.size,
      pairs,
      pairsSize,
      changetype<usize>(message),
      message.byteLength,
      timeoutMs,
      out,
    );
    return status == Status.Ok ? this.noted(stream, true) : 0;
  }

  /** Opens a stream; null when the host refuses. */
  open(cluster: Text, stream: u32): GrpcStream | null {
    const pairs = this.metadata.encode();
    const pairsSize = this.metadata.encodedSize;
    const service = this.service;
    const method = this.method;
    const status = proxy_grpc_stream(
      cluster.start,
      cluster.size,
      service.start,
      service.size,
      method.start,
      method.size,
      pairs,
      pairsSize,
      out,
    );
    return status == Status.Ok ? new GrpcStream(this.noted(stream, false)) : null;
  }

  private noted(stream: u32, isCall: bool): u32 {
    const id = load<u32>(out);
    noteCallout(id, stream, isCall);
    return id;
  }
}

/** A stream that was opened. Its messages and its end come to `onGrpcMessage` and `onGrpcClose`. */
@final
export class GrpcStream {
  readonly id: u32;

  constructor(id: u32) {
    this.id = id;
  }

  /** False when the stream is over. */
  send(message: ArrayBuffer, endOfStream: bool = false): bool {
    const status = proxy_grpc_send(this.id, changetype<usize>(message), message.byteLength, endOfStream ? 1 : 0);
    return status == Status.Ok;
  }

  /** Says that no more is sent; the peer's messages still come. */
  halfClose(): bool {
    return proxy_grpc_close(this.id) == Status.Ok;
  }

  /** Ends it; nothing more of it comes. */
  cancel(): void {
    cancelGrpc(this.id);
  }
}

/** Ends a gRPC call or stream; nothing more of it comes. */
export function cancelGrpc(id: u32): void {
  proxy_grpc_cancel(id);
  forgetCallout(id);
}
