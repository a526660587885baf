// The engine's driver for one exchange without sockets: keeps what filters let through in both directions.

import type { Head, StreamDriver, StreamFlag } from "@sluice/abi";
import { RecordedMessage } from "./recorded-message.ts";

export class RecordingDriver implements StreamDriver {
  /** What the upstream would have got; null while nothing went on. */
  forwarded: RecordedMessage | null = null;
  /** What the client got; null while nothing was sent. */
  response: RecordedMessage | null = null;
  /** A filter or the fail strategy answered in the upstream's place. */
  isLocal = false;
  /** Why the client's side was cut, null when it was not. */
  cut: StreamFlag | null = null;
  private readonly slotMask: number;
  private readonly properties: ReadonlyMap<string, Uint8Array>;
  private isUpstreamAnswering = false;

  constructor(slotMask: number, properties: ReadonlyMap<string, Uint8Array>) {
    this.slotMask = slotMask;
    this.properties = properties;
  }

  /** From here on a response head is the upstream's, unless the upstream is dropped. */
  upstreamAnswers(): void {
    this.isUpstreamAnswering = true;
  }

  sendRequestHead(head: Head): number {
    head.routingEdited = false;
    this.forwarded = new RecordedMessage();
    this.forwarded.takeHead(head);
    return this.slotMask;
  }
  sendRequestData(chunk: Uint8Array): void {
    this.forwarded!.takeData(chunk);
  }
  sendRequestTrailers(trailers: Head): void {
    this.forwarded!.takeTrailers(trailers);
  }

  sendResponseHead(head: Head): void {
    if (!this.isUpstreamAnswering) this.isLocal = true;
    this.response = new RecordedMessage();
    this.response.takeHead(head);
  }
  sendResponseData(chunk: Uint8Array): void {
    this.response!.takeData(chunk);
  }
  sendResponseTrailers(trailers: Head): void {
    this.response!.takeTrailers(trailers);
  }

  dropUpstream(): void {
    this.isLocal = true;
  }
  resetDownstream(flag: StreamFlag): void {
    this.cut = flag;
  }
  pauseReads(): void {}
  resumeReads(): void {}

  property(path: string): Uint8Array | null {
    return this.properties.get(path) ?? null;
  }
}
