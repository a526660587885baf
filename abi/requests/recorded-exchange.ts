// The driver of the engine for request files: keeps what filters let through, in both directions.

import type { Head } from "../head/head.ts";
import { MirrorFlags } from "../spec/enums.ts";
import type { StreamDriver, StreamFlag } from "../stream/driver.ts";

export type Field = readonly [name: string, value: string];

/** A message as its receiver got it. Names are lower case; pseudo headers stand first. */
export interface RecordedMessage {
  readonly headers: readonly Field[];
  readonly body: string;
  readonly trailers: readonly Field[];
}

/** A copy of the request that a filter asked for (`policy_mirror`). */
export interface RecordedMirror {
  readonly cluster: string;
  readonly keepCredentials: boolean;
  readonly compare: boolean;
  readonly withoutBody: boolean;
}

class Recording {
  readonly headers: readonly Field[];
  trailers: readonly Field[] = [];
  private readonly chunks: Buffer[] = [];

  constructor(head: Head) {
    this.headers = head.toPairs();
  }

  push(chunk: Uint8Array): void {
    this.chunks.push(Buffer.from(chunk));
  }

  message(): RecordedMessage {
    return { headers: this.headers, body: Buffer.concat(this.chunks).toString("utf8"), trailers: this.trailers };
  }
}

/** A stream's driver without sockets: keeps what the upstream and the client would get. */
export class RecordedExchange implements StreamDriver {
  /** Why the client's side was cut; null when it was not. */
  cut: StreamFlag | null = null;
  /** The answer was made in the upstream's place. */
  isLocal = false;
  /** Copies that filters had made, in order. */
  readonly mirrors: RecordedMirror[] = [];
  private request: Recording | null = null;
  private response: Recording | null = null;
  private isUpstreamAnswering = false;
  private readonly slotMask: number;
  private readonly properties: ReadonlyMap<string, Uint8Array>;
  private readonly clusters: readonly string[] | null;

  /** `properties`: what a connection would answer, paths joined by NUL, in the ABI's encodings. `clusters`: that can be named, null any. */
  constructor(
    slotMask: number,
    properties: ReadonlyMap<string, Uint8Array>,
    clusters: readonly string[] | null = null,
  ) {
    this.slotMask = slotMask;
    this.clusters = clusters;
    this.properties = properties;
  }

  /** What the upstream got; null when nothing went on. */
  get forwarded(): RecordedMessage | null {
    return this.request?.message() ?? null;
  }

  /** What the client got; null when nothing was sent. */
  get answered(): RecordedMessage | null {
    return this.response?.message() ?? null;
  }

  /** The upstream may answer: the request's head went on, and nobody else has answered. */
  get awaitsUpstream(): boolean {
    return this.request !== null && !this.isLocal && this.cut === null;
  }

  upstreamAnswers(): void {
    this.isUpstreamAnswering = true;
  }

  sendRequestHead(head: Head): number {
    head.routingEdited = false;
    this.request = new Recording(head);
    return this.slotMask;
  }
  hasCluster(name: string): boolean {
    return this.clusters === null || this.clusters.includes(name);
  }
  mirror(_slot: string, cluster: string, flags: number): void {
    this.mirrors.push({
      cluster,
      keepCredentials: (flags & MirrorFlags.KeepCredentials) !== 0,
      compare: (flags & MirrorFlags.Compare) !== 0,
      withoutBody: (flags & MirrorFlags.WithoutBody) !== 0,
    });
  }
  sendRequestData(chunk: Uint8Array): void {
    this.request!.push(chunk);
  }
  sendRequestTrailers(trailers: Head): void {
    this.request!.trailers = trailers.toPairs();
  }
  sendResponseHead(head: Head): void {
    if (!this.isUpstreamAnswering) this.isLocal = true;
    this.response = new Recording(head);
  }
  sendResponseData(chunk: Uint8Array): void {
    this.response!.push(chunk);
  }
  sendResponseTrailers(trailers: Head): void {
    this.response!.trailers = trailers.toPairs();
  }
  dropUpstream(): void {
    this.isLocal = true;
  }
  resetDownstream(flag: StreamFlag): void {
    this.cut = flag;
  }
  // Chunks of a case are all at hand: there is nothing to stop reading.
  pauseReads(): void {}
  resumeReads(): void {}
  property(path: string): Uint8Array | null {
    return this.properties.get(path) ?? null;
  }
}
