// A unary gRPC call: one message out, and one back with status 0, or another status.

import type { GrpcCallRequest, GrpcSink } from "@sluice/abi";
import type { Cluster } from "../snapshot/runtime.ts";
import type { CalloutDesk } from "./callout-desk.ts";
import { GrpcExchange } from "./grpc-exchange.ts";
import type { GrpcSessions } from "./grpc-session.ts";
import { GRPC } from "./grpc-status.ts";

export class GrpcCall extends GrpcExchange {
  protected readonly timeoutMs: number;
  private readonly message: Uint8Array;
  private answer: Uint8Array | null = null;
  private answers = 0;
  private isRepeated = false;

  constructor(desk: CalloutDesk, sessions: GrpcSessions, request: GrpcCallRequest, sink: GrpcSink) {
    super(desk, sessions, request, sink);
    this.timeoutMs = request.timeoutMs;
    this.message = request.message;
  }

  protected override open(cluster: Cluster): void {
    this.write(this.message);
    this.endWriting();
    super.open(cluster);
  }

  /** What a call tells is its message and its status. */
  protected tellInitialMetadata(): void {}

  /** Kept until the status is known. */
  protected tellMessage(message: Uint8Array): void {
    this.answers++;
    this.answer = message;
    this.keptBytes = message.length;
  }

  protected override isComplete(status: number): boolean {
    return status !== GRPC.ok || this.answers === 1;
  }

  protected tellEnd(status: number, text: string): void {
    if (status === GRPC.ok) this.sink.message(this.answer!);
    this.sink.closed(status, text);
  }

  /** Refused unseen (REFUSED_STREAM, or behind a GOAWAY's last stream): once more is safe. */
  protected repeated(): boolean {
    if (this.isRepeated) return false;
    this.isRepeated = true;
    this.open(this.cluster!);
    return true;
  }
}
