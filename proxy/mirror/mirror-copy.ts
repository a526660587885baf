// HOT: bench mirror.
// One copy of a request on its way to a mirror. It takes what the primary is sent, as long as the mirror keeps up, and drops
// the answer. Nothing waits for it: it holds no exchange, no snapshot and no pause of the primary.

import { Head } from "@sluice/abi/data-path";
import type { ResponseSink } from "../codec/codec.ts";
import type { Http1ClientConnection } from "../codec/http1/client-connection.ts";
import { statusOf } from "../codec/http1/head-writer.ts";
import { MIRROR_CELL } from "../counters/slab.ts";
import type { ByteAccount } from "../exchange/byte-account.ts";
import type { Endpoint } from "../snapshot/runtime.ts";
import { COPY_PENDING_BYTES_MAX } from "./limits.ts";
import type { MirrorFacts, MirrorOutcome, PrimaryFacts } from "./mirror-facts.ts";

/** Answers are read for their end alone: one head serves all, it is used up within the call that fills it. */
const answerHead = new Head();

/** What a copy needs of the mirrors of its listener. */
export interface CopyOwner {
  /** Bytes that all copies hold. */
  readonly account: ByteAccount;
  nowUs(): number;
  /** The copy is over; nothing calls it any more but, for a comparison, its primary's end. */
  copyOver(copy: MirrorCopy): void;
  unreachable(endpoint: Endpoint): void;
  compared(facts: MirrorFacts): void;
}

export class MirrorCopy implements ResponseSink, MirrorFacts {
  readonly responseHead = answerHead;
  readonly slot: string;
  readonly cluster: string;
  /** The next copy of the same request. */
  next: MirrorCopy | null = null;
  /** In ms of the coarse clock; Infinity while the request is not wholly sent. */
  deadlineMs = Infinity;
  status = 0;
  durationUs = 0;
  outcome: MirrorOutcome | null = null;
  primary: PrimaryFacts | null = null;
  readonly isCompared: boolean;
  private readonly owner: CopyOwner;
  private readonly row: Float64Array;
  private readonly endpoint: Endpoint;
  private readonly startedUs: number;
  private connection: Http1ClientConnection | null;
  /** The primary's request goes on, and this copy with it. */
  private isOpen = true;

  constructor(options: {
    readonly owner: CopyOwner;
    readonly connection: Http1ClientConnection;
    readonly endpoint: Endpoint;
    readonly row: Float64Array;
    readonly slot: string;
    readonly cluster: string;
    readonly isCompared: boolean;
  }) {
    this.owner = options.owner;
    this.connection = options.connection;
    this.endpoint = options.endpoint;
    this.row = options.row;
    this.slot = options.slot;
    this.cluster = options.cluster;
    this.isCompared = options.isCompared;
    this.startedUs = options.owner.nowUs();
    this.row[MIRROR_CELL.sent]! += 1;
  }

  // ---- from the primary

  /** Nothing more of the request comes; the mirror has its time to answer. */
  requestWhole(deadlineMs: number): void {
    this.isOpen = false;
    this.deadlineMs = deadlineMs;
  }

  /** `bytes[start, end)` is borrowed for the call. */
  data(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    const { connection } = this;
    if (connection === null || !this.isOpen) return;
    if (this.isBehind(connection) || !connection.sendRequestData(bytes, start, end, endOfStream)) this.cut();
  }

  trailers(trailers: Head): void {
    const { connection } = this;
    if (connection !== null && this.isOpen && !connection.sendRequestTrailers(trailers)) this.cut();
  }

  /** The primary is over. A request that was not whole by then never will be. */
  primaryEnded(facts: PrimaryFacts | null): void {
    this.primary = facts;
    if (this.isOpen) this.cut();
    else this.tellWhenBothAreOver();
  }

  // ---- from the mirrors of the listener

  /** The mirror took too long. */
  overdue(): void {
    this.drop();
    this.over("failed");
  }

  /** The listener closes. */
  cut(): void {
    this.drop();
    this.over("cut");
  }

  // ---- ResponseSink: from the mirror

  responseHeadComplete(): void {
    this.status = statusOf(answerHead);
  }

  responseInterim(): void {}
  responseUpgraded(): void {}
  responseData(): void {}

  responseTrailers(): void {}

  responseCut(flag: "UF" | "UC" | "UPE"): void {
    this.connection = null;
    if (flag === "UF") this.owner.unreachable(this.endpoint);
    this.over("failed");
  }

  upstreamDone(): void {
    this.connection = null;
    this.over("answered");
  }

  // Its pace is not the primary's: what pends is bounded, and beyond that the copy is cut.
  requestPended(): void {}
  requestWritable(): void {}

  private isBehind(connection: Http1ClientConnection): boolean {
    return connection.transport.pendingBytes > COPY_PENDING_BYTES_MAX || this.owner.account.isOver;
  }

  private drop(): void {
    const { connection } = this;
    this.connection = null;
    if (connection !== null) connection.dropRequest();
  }

  private over(outcome: MirrorOutcome): void {
    if (this.outcome !== null) return;
    this.outcome = outcome;
    this.isOpen = false;
    this.durationUs = this.owner.nowUs() - this.startedUs;
    this.row[MIRROR_CELL[outcome]]! += 1;
    this.owner.copyOver(this);
    this.tellWhenBothAreOver();
  }

  private tellWhenBothAreOver(): void {
    if (this.primary !== null && this.outcome !== null) this.owner.compared(this);
  }
}
