// HOT: bench mirror.
// The mirrors of one listener: begins copies over connections of their own, within bounds, and sweeps those that take too
// long. Its stage and its pool are apart from the primary's, so that no write of a primary waits behind one of a copy.

import { Head, MirrorFlags } from "@sluice/abi/data-path";
import { OutputStage } from "../codec/stage.ts";
import { MIRROR_CELL, MIRROR_DROPS } from "../counters/slab.ts";
import { PartAccount, type ByteAccount } from "../exchange/byte-account.ts";
import type { CoarseClock } from "../exchange/coarse-clock.ts";
import { EXCHANGE_COUNTER_COUNT } from "../exchange/exchange-counters.ts";
import { twinOf } from "../routing/endpoint-directory.ts";
import type { Cluster, Endpoint } from "../snapshot/runtime.ts";
import type { TransportKind } from "../transport/transport.ts";
import { UpstreamPool } from "../upstream/upstream-pool.ts";
import {
  ANSWER_MS_MAX,
  COPIES_MAX,
  MIRROR_CONNECTIONS_PER_ENDPOINT_MAX,
  MIRROR_PENDING_BYTES_MAX,
  UNREACHABLE_MS,
} from "./limits.ts";
import { MirrorCopy } from "./mirror-copy.ts";
import type { CopyOwner } from "./mirror-copy.ts";
import type { MirrorFacts } from "./mirror-facts.ts";

export interface MirrorsOptions {
  readonly transports: TransportKind;
  readonly clock: CoarseClock;
  /** The worker's: what copies hold counts there too. */
  readonly account: ByteAccount;
  /** This worker's counters of a cluster. */
  rowOf(cluster: string): Float64Array;
  compared(facts: MirrorFacts): void;
  /** What copies of this process are known by: a token that nobody else can guess, or they could keep a request from being copied. */
  readonly origin: string;
}

/** A copy as a slot asked for it. */
export interface CopyWish {
  readonly slot: string;
  readonly cluster: Cluster;
  readonly flags: number;
  /** As it went upstream. */
  readonly head: Head;
  readonly isHeadRequest: boolean;
  /** The request has no body. */
  readonly endOfStream: boolean;
}

type Drop = (typeof MIRROR_DROPS)[number];

const MARK = Buffer.from("x-sluice-mirror");
/** Who has made copies of a request so far (RFC 8586): a proxy that meets its own again would copy without end. */
const LOOP = Buffer.from("cdn-loop");
const CONTENT_LENGTH = Buffer.from("content-length");
const NO_LENGTH = Buffer.from("0");
const CREDENTIALS = ["authorization", "cookie", "proxy-authorization", "x-api-key"].map((name) => Buffer.from(name));

/** A copy's head is written at once, so one serves all. */
const copyHead = new Head();

export class Mirrors implements CopyOwner {
  readonly account: ByteAccount;
  private readonly options: MirrorsOptions;
  private readonly pool: UpstreamPool;
  private readonly copies = new Set<MirrorCopy>();
  private readonly ownEndpoints = new WeakMap<Endpoint, Endpoint>();
  private readonly unreachableUntilMs = new Map<Endpoint, number>();
  private readonly rows = new Map<string, Float64Array>();
  private readonly origin: Buffer;
  private turns = 0;
  /** The worker has too much to do: copies are the first to go. */
  private isShed = false;

  constructor(options: MirrorsOptions) {
    this.options = options;
    this.origin = Buffer.from(options.origin);
    this.account = new PartAccount(options.account, MIRROR_PENDING_BYTES_MAX);
    this.pool = new UpstreamPool({
      transports: options.transports,
      clock: options.clock,
      account: this.account,
      stage: new OutputStage(),
      // Connections to mirrors are no part of what is told of upstreams.
      counters: new Float64Array(EXCHANGE_COUNTER_COUNT),
      connectionsPerEndpointMax: MIRROR_CONNECTIONS_PER_ENDPOINT_MAX,
    });
  }

  get copiesLive(): number {
    return this.copies.size;
  }

  /** Sends the head; body and trailers follow through the copy. Null: dropped, and counted. */
  begin(wish: CopyWish): MirrorCopy | null {
    const row = this.rowOf(wish.cluster.name);
    const drop = this.isOurCopy(wish.head) ? "loop" : this.reasonToDrop();
    if (drop !== null) return dropped(row, drop);
    const endpoint = this.nextEndpoint(wish.cluster);
    if (endpoint === null) return dropped(row, wish.cluster.endpoints.length === 0 ? "noEndpoint" : "unreachable");
    const connection = this.pool.takeNow(wish.cluster, endpoint, false);
    if (connection === null) return dropped(row, "connections");
    const { slot, flags } = wish;
    const isCompared = (flags & MirrorFlags.Compare) !== 0;
    const copy = new MirrorCopy({
      owner: this,
      connection,
      endpoint,
      row,
      slot,
      cluster: wish.cluster.name,
      isCompared,
    });
    this.copies.add(copy);
    connection.attach(copy, wish.isHeadRequest);
    const isHeadOnly = wish.endOfStream || (flags & MirrorFlags.WithoutBody) !== 0;
    if (!connection.sendRequestHead(this.headOfCopy(wish, isHeadOnly), isHeadOnly)) copy.cut();
    else if (isHeadOnly) this.requestWhole(copy);
    return copy;
  }

  /** The copy has all of its request. */
  requestWhole(copy: MirrorCopy): void {
    copy.requestWhole(this.options.clock.monotonicMs + ANSWER_MS_MAX);
  }

  /** Called a few times a second. */
  sweep(nowMs: number): void {
    for (const copy of this.copies) if (copy.deadlineMs <= nowMs) copy.overdue();
    for (const [endpoint, untilMs] of this.unreachableUntilMs) {
      if (untilMs <= nowMs) this.unreachableUntilMs.delete(endpoint);
    }
    this.pool.sweep(nowMs);
  }

  close(): void {
    for (const copy of this.copies) copy.cut();
    this.pool.close();
  }

  /** While it is so no copy is begun; those under way end here, for what they hold. */
  shed(isShed: boolean): void {
    this.isShed = isShed;
    if (isShed) for (const copy of this.copies) copy.cut();
  }

  // ---- CopyOwner

  nowUs(): number {
    return this.options.clock.monotonicUs;
  }

  copyOver(copy: MirrorCopy): void {
    this.copies.delete(copy);
  }

  unreachable(endpoint: Endpoint): void {
    this.unreachableUntilMs.set(endpoint, this.options.clock.monotonicMs + UNREACHABLE_MS);
  }

  compared(facts: MirrorFacts): void {
    this.options.compared(facts);
  }

  private isOurCopy(head: Head): boolean {
    for (let field = head.find(LOOP, 0, LOOP.length); field >= 0; field = head.find(LOOP, 0, LOOP.length, field + 1)) {
      // Somewhere in it: who passes a request on may join fields of one name to a list.
      const { buffer, byteOffset, length } = head.value(field);
      if (Buffer.from(buffer, byteOffset, length).includes(this.origin)) return true;
    }
    return false;
  }

  private reasonToDrop(): Drop | null {
    if (this.isShed || this.options.account.isOver) return "overload";
    if (this.copies.size >= COPIES_MAX) return "copies";
    return this.account.isOver ? "memory" : null;
  }

  /** In turn, with a count of our own: a copy must not change which endpoint the next primary goes to. */
  private nextEndpoint({ endpoints }: Cluster): Endpoint | null {
    for (let tried = 0; tried < endpoints.length; tried++) {
      const endpoint = this.ownEndpoint(endpoints[this.turns++ % endpoints.length]!);
      if (!this.unreachableUntilMs.has(endpoint)) return endpoint;
    }
    return null;
  }

  /** Its twin that only copies use, so that what is counted at an endpoint is the primaries' alone. */
  private ownEndpoint(endpoint: Endpoint): Endpoint {
    let own = this.ownEndpoints.get(endpoint);
    if (own === undefined) {
      own = twinOf(endpoint);
      this.ownEndpoints.set(endpoint, own);
    }
    return own;
  }

  /** The primary's head with the marks, and without what the copy may not have. Its fields stay the primary's bytes. */
  private headOfCopy({ head, slot, flags, endOfStream }: CopyWish, isHeadOnly: boolean): Head {
    copyHead.borrow(head);
    if ((flags & MirrorFlags.KeepCredentials) === 0) for (const name of CREDENTIALS) copyHead.remove(name);
    if (isHeadOnly && !endOfStream) copyHead.replace(CONTENT_LENGTH, NO_LENGTH);
    copyHead.append(MARK, Buffer.from(slot));
    copyHead.append(LOOP, this.origin);
    return copyHead;
  }

  private rowOf(cluster: string): Float64Array {
    let row = this.rows.get(cluster);
    if (row === undefined) {
      row = this.options.rowOf(cluster);
      this.rows.set(cluster, row);
    }
    return row;
  }
}

function dropped(row: Float64Array, cause: Drop): null {
  row[MIRROR_CELL.dropped + MIRROR_DROPS.indexOf(cause)]! += 1;
  return null;
}
