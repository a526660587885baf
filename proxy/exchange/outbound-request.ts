// HOT: bench proxy.
// One request on its way to an upstream: its head as the route wants it, the endpoint, what is sent and sent again, and the
// copies for mirrors. It decides whether there is one more try; what a client is told is for its exchange.

import { Head } from "@sluice/abi/data-path";
import type { RequestWriter, ResponseSink } from "../codec/codec.ts";
import type { Asker, Cluster, Endpoint, RequestChange, RetryPolicy } from "../snapshot/runtime.ts";
import { PendingRequest } from "../upstream/pending-request.ts";
import { EXCHANGE_COUNTER } from "./exchange-counters.ts";
import type { ExchangeHost } from "./exchange-host.ts";
import { BAD_EDIT, CUTS, CUT_STATUS, NO_ENDPOINT, OVERDUE, TOO_MANY } from "./local-reply.ts";
import { RequestCopies } from "./request-copies.ts";
import { isHead, isIdempotent } from "./request-method.ts";
import { TRY_FAILED, Tries, type TryOwner } from "./tries.ts";

/** The exchange. It is the sink of every try. */
export interface OutboundRequestOwner extends Asker, ResponseSink {
  /** The whole request has come. */
  readonly isRequestWhole: boolean;
  /** No (further) try: to be answered, or cut when the answer has begun. */
  upstreamFailed(status: number, why: string, flag: (typeof FLAGS)[number]): void;
  /** All retries are used, or there is no room for more. */
  retriesEnded(flag: "URX" | "UO"): void;
  /** The try that could not take more of the request is gone. */
  requestWritable(): void;
}

const FLAGS = ["UF", "UC", "UPE", "UO", "UH", "UT", "LR"] as const;

export class OutboundRequest implements TryOwner {
  cluster: Cluster | null = null;
  /** Asked last; null when none was. */
  endpoint: Endpoint | null = null;
  /** Its answer is whole: there is nothing to drop any more. */
  isAnswered = false;
  readonly copies: RequestCopies;
  private readonly owner: OutboundRequestOwner;
  private readonly host: ExchangeHost;
  private connection: RequestWriter | null = null;
  /** What is sent: the request's own head, or what the route makes of it. */
  private head: Head;
  private changedHead: Head | null = null;
  private asksUpgrade = false;
  private isHeadOnly = false;
  private isBodySent = false;
  private isRepeated = false;
  /** Of a route that retries, from the request's going upstream to its end. */
  private tries: Tries | null = null;
  private spareTries: Tries | null = null;

  constructor(owner: OutboundRequestOwner, host: ExchangeHost) {
    this.owner = owner;
    this.host = host;
    this.head = owner.requestHead;
    this.copies = new RequestCopies(host.mirrors);
  }

  /** For another request of its exchange. */
  reset(): void {
    this.cluster = null;
    this.endpoint = null;
    this.head = this.owner.requestHead;
    this.isAnswered = this.asksUpgrade = this.isHeadOnly = this.isBodySent = this.isRepeated = false;
  }

  /** A try is under way, or its answer is. */
  get isOpen(): boolean {
    return this.connection !== null;
  }

  /** What goes upstream is the request's head as the route changes it. False: that makes no valid head. */
  change(change: RequestChange): boolean {
    const head = (this.changedHead ??= new Head());
    if (!change.apply(this.owner.requestHead, head)) return false;
    this.head = head;
    return true;
  }

  /** Sends the head. `retry` null: the route does not retry. */
  send(retry: RetryPolicy | null, asksUpgrade: boolean, endOfStream: boolean): void {
    const { owner } = this;
    this.isHeadOnly = endOfStream;
    this.asksUpgrade = asksUpgrade;
    if (retry !== null) {
      this.tries = this.spareTries ??= new Tries(this, this.host);
      this.tries.open(retry, this.cluster!, isIdempotent(owner.requestHead), endOfStream);
    }
    this.sendTry(this.cluster!.nextEndpoint(owner), endOfStream, false);
  }

  private sendTry(endpoint: Endpoint | null, endOfStream: boolean, fresh: boolean): void {
    const { owner } = this;
    if (endpoint === null) return this.refuseTry(NO_ENDPOINT, "UH");
    const connection = this.host.upstreams.take(this.cluster!, endpoint, fresh);
    if (connection === null) return this.refuseTry(TOO_MANY, "UO");
    this.endpoint = endpoint;
    this.connection = connection;
    this.isAnswered = false;
    connection.attach(owner, isHead(owner.requestHead));
    if (this.asksUpgrade) connection.askUpgrade();
    if (!connection.sendRequestHead(this.head, endOfStream)) return owner.upstreamFailed(500, BAD_EDIT, "LR");
    if (this.tries !== null) this.tries.begin();
  }

  private refuseTry(why: string, flag: "UH" | "UO"): void {
    if (this.endpoint === null) this.cluster!.load.failed(flag);
    this.owner.upstreamFailed(503, why, flag);
  }

  data(bytes: Uint8Array, start: number, end: number, endOfStream: boolean): void {
    const { connection } = this;
    // The answer may have come, or been made here, before the whole request: the rest has nowhere to go.
    if (connection === null) return;
    this.isBodySent = true;
    if (this.tries !== null) this.tries.keep(bytes, start, end, endOfStream);
    if (!connection.sendRequestData(bytes, start, end, endOfStream)) this.owner.upstreamFailed(500, BAD_EDIT, "LR");
    else if (!this.copies.isEmpty) this.copies.data(bytes, start, end, endOfStream);
  }

  trailers(trailers: Head): void {
    const { connection } = this;
    if (this.tries !== null) this.tries.keepNothing();
    if (connection === null) return;
    if (!connection.sendRequestTrailers(trailers)) this.owner.upstreamFailed(500, BAD_EDIT, "LR");
    else if (!this.copies.isEmpty) this.copies.trailers(trailers);
  }

  /** A copy of what is sent, for the slot's filter. */
  copyTo(slot: string, cluster: Cluster, flags: number): void {
    const { head, isHeadOnly: endOfStream } = this;
    this.copies.begin({ slot, cluster, flags, head, isHeadRequest: isHead(this.owner.requestHead), endOfStream });
  }

  pauseResponse(): void {
    if (this.connection !== null) this.connection.pauseResponse();
  }

  resumeResponse(): void {
    if (this.connection !== null) this.connection.resumeResponse();
  }

  // ---- what the owner is told by a try

  /** The answer's head has come. True: it is not passed on, the request is tried again. */
  answeredWith(status: number, endOfStream: boolean): boolean {
    this.isAnswered = endOfStream;
    const { outliers } = this.cluster!;
    if (outliers !== null) outliers.answered(this.endpoint!, status);
    return this.tries !== null && this.answerFails(this.tries, status, endOfStream);
  }

  private answerFails(tries: Tries, status: number, endOfStream: boolean): boolean {
    if (!tries.failed(status)) {
      tries.settle();
      return false;
    }
    // An answer that is whole leaves its connection to others, and makes one more call for that.
    if (endOfStream) tries.isDue = true;
    else {
      this.dropTry();
      tries.goOn();
    }
    return true;
  }

  /** The upstream accepts the upgrade: from here on it is a tunnel, whose end is not the head's. */
  upgraded(): void {
    if (this.tries !== null) this.tries.settle();
  }

  /** The try ended without a (whole) answer. The owner's request is not over. */
  cut(flag: keyof typeof CUTS, isStale: boolean): void {
    this.connection = null;
    if (isStale && this.mayRepeat()) this.repeat();
    else if (flag === "UO") this.neverSent();
    else if (flag === "LR") this.owner.upstreamFailed(CUT_STATUS[flag], CUTS[flag], flag);
    else this.tryFailed(flag);
  }

  private neverSent(): void {
    this.endpoint = null;
    this.refuseTry(CUTS.UO, "UO");
  }

  private tryFailed(flag: "UF" | "UC" | "UPE"): void {
    const { tries } = this;
    this.blameEndpoint();
    if (tries !== null && tries.failed(flag === "UF" ? TRY_FAILED.connect : TRY_FAILED.reset)) return tries.goOn();
    this.host.counters[EXCHANGE_COUNTER.upstreamResets]!++;
    this.owner.upstreamFailed(CUT_STATUS[flag], CUTS[flag], flag);
  }

  /** The last call of a try whose answer was whole. */
  done(): void {
    this.connection = null;
    if (this.tries !== null && this.tries.isDue) this.tries.goOn();
  }

  /** As `cut` and `done`, after the exchange is over. */
  gone(): void {
    this.connection = null;
  }

  /** The endpoint did not do its part in time. */
  blameEndpoint(): void {
    const { cluster, endpoint, connection } = this;
    if (endpoint === null || cluster!.outliers === null) return;
    // Nobody is to blame for a request that still waits for a connection.
    if (connection instanceof PendingRequest && connection.isWaiting) return;
    cluster!.outliers.failed(endpoint);
  }

  // ---- once more

  /** Once, on a new connection: the old one closed before it said anything, and the request is here and repeatable. */
  private mayRepeat(): boolean {
    return !this.isRepeated && !this.isBodySent && this.owner.isRequestWhole && isIdempotent(this.owner.requestHead);
  }

  private repeat(): void {
    this.isRepeated = true;
    this.host.counters[EXCHANGE_COUNTER.upstreamRetries]!++;
    this.sendTry(this.cluster!.nextEndpoint(this.owner), true, true);
  }

  gaveUp(flag: "URX" | "UO"): void {
    this.owner.retriesEnded(flag);
  }

  sendAgain(): void {
    const { host, owner } = this;
    const tries = this.tries!;
    host.clock.touch();
    host.counters[EXCHANGE_COUNTER.upstreamRetries]!++;
    owner.requestWritable();
    this.sendTry(this.cluster!.otherEndpoint(this.endpoint!, owner), tries.isHeadOnly, tries.needsFresh);
    if (this.connection !== null && !tries.replay(this.connection)) owner.upstreamFailed(500, BAD_EDIT, "LR");
  }

  tryOverdue(): void {
    const { host } = this;
    const tries = this.tries!;
    host.clock.touch();
    host.counters[EXCHANGE_COUNTER.upstreamTimeouts]!++;
    this.blameEndpoint();
    this.dropTry();
    if (tries.failed(TRY_FAILED.timeout)) tries.goOn();
    else this.owner.upstreamFailed(504, OVERDUE, "UT");
  }

  private dropTry(): void {
    const connection = this.connection!;
    this.connection = null;
    connection.dropRequest();
  }

  // ---- the end

  /** Its answer is not wanted (any more). */
  drop(): void {
    const { connection } = this;
    if (this.tries !== null) this.tries.settle();
    // An upstream that has answered whole still makes its last call; it needs no dropping.
    if (connection === null || this.isAnswered) return;
    this.connection = null;
    connection.dropRequest();
  }

  /** The exchange is over, though a try may still make its last call. */
  close(): void {
    if (this.tries !== null) this.tries.close();
    this.tries = null;
  }
}
