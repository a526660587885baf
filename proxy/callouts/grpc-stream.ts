// A gRPC stream: messages in both directions for as long as both like.

import type { GrpcStream, Head } from "@sluice/abi";
import { GrpcExchange } from "./grpc-exchange.ts";
import { STREAM_PENDING_BYTES_MAX } from "./limits.ts";

export class GrpcStreamCallout extends GrpcExchange implements GrpcStream {
  protected readonly timeoutMs = null;
  private isHalfClosed = false;

  send(message: Uint8Array, endOfStream: boolean): boolean {
    // Of a stream that is over, nobody waits for a message.
    if (this.isOver || this.isHalfClosed) return true;
    if (this.pendingBytes + message.length > STREAM_PENDING_BYTES_MAX || this.desk.account.isOver) return false;
    this.write(message);
    if (endOfStream) this.halfClose();
    return true;
  }

  halfClose(): void {
    if (this.isOver || this.isHalfClosed) return;
    this.isHalfClosed = true;
    this.endWriting();
  }

  protected tellInitialMetadata(metadata: Head): void {
    this.sink.initialMetadata(metadata);
  }

  protected tellMessage(message: Uint8Array): void {
    this.sink.message(message);
  }

  protected tellEnd(status: number, text: string, trailers: Head): void {
    this.sink.trailingMetadata(trailers);
    this.sink.closed(status, text);
  }

  /** Messages that went before are gone. */
  protected repeated(): boolean {
    return false;
  }
}
