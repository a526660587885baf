// A TCP connection and its upstream's through a chain of filters. The connection is offered to each filter in order, then
// data pass them: from the downstream in the chain's order, from the upstream in reverse. A filter that stops data sees
// them again with what comes next; what it lets go on leaves its buffer. Sockets are the driver's.
//
//   proxy_on_new_connection  →  data …  →  upstream close (data ended, or the driver says so)
//                            →  downstream close, done, log, delete of each filter; once, and then nothing more
//
// What a guest asks of the stream while its callback runs is noted, and done when the event that brought it is through.

import { GuestFailure } from "../host/guest-failure.ts";
import type { Instance } from "../host/plugin.ts";
import { PeerType } from "../spec/enums.ts";
import { CAUSE } from "../stream/cause.ts";
import type { Chain } from "../stream/chain.ts";
import type { Direction, StreamFlag } from "../stream/driver.ts";
import { decideFailure } from "../stream/fail-strategy.ts";
import { TcpContext, type TcpEffects } from "./tcp-context.ts";
import type { TcpDriver } from "./tcp-driver.ts";
import { TcpSlot } from "./tcp-slot.ts";

const UPWARDS: Direction = 0;
const DOWNWARDS: Direction = 1;

/** What a TCP stream passes, and who moves its bytes. */
export interface TcpStreamOptions {
  readonly chain: Chain;
  readonly driver: TcpDriver;
  /** Slots that the connection passes; all by default. */
  readonly slotMask?: number;
}

/** What a slot leaves behind. */
export interface TcpSlotReport {
  readonly slot: string;
  readonly filter: string;
  readonly failure: string | null;
  readonly report: Readonly<Record<string, string | number | boolean>>;
}

/** One TCP connection on its way through a chain. */
export class TcpStream implements TcpEffects {
  isEnded = false;
  private readonly driver: TcpDriver;
  private readonly context = new TcpContext(this);
  private readonly runs: readonly TcpSlot[];
  private readonly bySlot = new Map<number, TcpSlot>();
  private readonly heldBytesMax: number;
  /** How many filters have let the connection pass. */
  private passed = 0;
  private isConnected = false;
  /** Data that were under way when a filter stopped the connection. */
  private early: { chunks: Uint8Array[]; hasEnd: boolean } = { chunks: [], hasEnd: false };
  private running: TcpSlot | null = null;
  private depth = 0;
  private readonly isPaused: [boolean, boolean] = [false, false];
  /** Noted while a callback runs: the downstream's connection is to be closed, the upstream's is. */
  private readonly wantsClose: [downstream: boolean, upstream: boolean] = [false, false];
  private isUpstreamGone = false;

  constructor({ chain, driver, slotMask = chain.all }: TcpStreamOptions) {
    this.driver = driver;
    this.heldBytesMax = chain.bodyBufferBytesMax;
    this.runs = chain.slots
      .filter(({ index }) => (slotMask & (1 << index)) !== 0)
      .map((slot) => new TcpSlot(slot, this.heldBytesMax));
    for (const run of this.runs) this.bySlot.set(run.slot.index, run);
  }

  /** The connection was accepted. */
  open(): void {
    this.enter();
    for (const run of this.runs) if (!this.isEnded) this.create(run);
    this.connect();
    this.leave();
  }

  downstreamData(chunk: Uint8Array, endOfStream: boolean): void {
    if (this.isEnded) return;
    this.enter();
    if (this.isConnected) this.feed(UPWARDS, 0, chunk, endOfStream);
    else this.keepEarly(chunk, endOfStream);
    this.leave();
  }

  upstreamData(chunk: Uint8Array, endOfStream: boolean): void {
    if (this.isEnded || this.isUpstreamGone) return;
    this.enter();
    this.feed(DOWNWARDS, 0, chunk, endOfStream);
    this.leave();
  }

  /** The upstream's connection is gone; `peerType`: who closed it, a PeerType. What filters hold of its data is not lost. */
  upstreamClosed(peerType: number): void {
    if (this.isEnded || this.isUpstreamGone) return;
    this.enter();
    this.isUpstreamGone = true;
    for (const run of this.runs.toReversed()) this.tellUpstreamClose(run, peerType);
    this.leave();
  }

  /** The downstream's connection is gone: the stream ends. */
  downstreamClosed(peerType: number): void {
    if (!this.isEnded) this.end(peerType);
  }

  /** By slot, in the chain's order. */
  reports(): TcpSlotReport[] {
    return this.runs.map(({ slot, revision, failure, additions }) => {
      return { slot: slot.name, filter: revision.filter, failure, report: additions.toObject() };
    });
  }

  // ── What guests ask for ─────────────────────────────────────────────────────────────────────────────────────────────

  slotAt(index: number): TcpSlot {
    return this.bySlot.get(index)!;
  }

  property(path: string): Uint8Array | null {
    return this.driver.property(path);
  }

  continueSlot(run: TcpSlot, direction: Direction): void {
    if (this.isEnded) return;
    if (this.running !== null) {
      run.held[direction].isResumed = true;
      return;
    }
    this.enter();
    this.resume(run, direction);
    this.leave();
  }

  close(direction: Direction): void {
    if (this.isEnded) return;
    this.enter();
    this.wantsClose[direction] = true;
    this.leave();
  }

  instanceLost(run: TcpSlot, failure: GuestFailure): void {
    if (this.isEnded || run.instance === null) return;
    this.enter();
    this.fail(run, CAUSE[failure.cause], failure.message);
    this.leave();
  }

  // ── The connection ──────────────────────────────────────────────────────────────────────────────────────────────────

  private create(run: TcpSlot): void {
    const { plugin, notLoaded } = run.revision;
    if (plugin === null) return this.fail(run, CAUSE.notLoaded, notLoaded ?? "the filter is not loaded");
    run.instance = plugin.acquire();
    if (run.instance === null) {
      const cause = plugin.failure === null ? CAUSE.limit : CAUSE.notLoaded;
      return this.fail(run, cause, plugin.failure ?? "all its instances are in use");
    }
    this.invoke(run, (instance) => (run.contextId = instance.createStream(this.context, run.slot.index)));
  }

  /** Offers the connection to the filters that have not let it pass yet, until one stops it. */
  private connect(): void {
    while (!this.isEnded && this.passed < this.runs.length) {
      const run = this.runs[this.passed]!;
      const held = run.held[UPWARDS];
      held.isResumed = false;
      const goesOn = this.invoke(run, (instance) => instance.newConnection(run.contextId)) ?? true;
      if (!goesOn && !held.isResumed) return;
      held.isResumed = false;
      this.passed++;
    }
    if (this.isEnded || this.isConnected) return;
    this.isConnected = true;
    this.driver.connect();
    const { chunks, hasEnd } = this.early;
    this.early = { chunks: [], hasEnd: false };
    if (chunks.length > 0 || hasEnd) this.feed(UPWARDS, 0, Buffer.concat(chunks), hasEnd);
  }

  private keepEarly(chunk: Uint8Array, endOfStream: boolean): void {
    if (chunk.length > 0) this.early.chunks.push(chunk.slice());
    this.early.hasEnd ||= endOfStream;
  }

  // ── Data ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** From the filter at `position` of this direction on; the driver sends what passes the last one. */
  private feed(direction: Direction, position: number, chunk: Uint8Array, endOfStream: boolean): void {
    let bytes = chunk;
    let hasEnd = endOfStream;
    for (let at = position; at < this.runs.length; at++) {
      const run = this.inOrder(direction, at);
      if (run.instance !== null) {
        run.held[direction].push(bytes, hasEnd);
        if (!this.passes(run, direction)) return;
        bytes = run.held[direction].take();
        hasEnd = run.held[direction].hasEnd;
      }
    }
    if (direction === UPWARDS && this.isUpstreamGone) return;
    if (bytes.length > 0 || hasEnd) this.driver.send(direction, bytes, hasEnd);
  }

  /** Asks a filter about all it holds. False: it stops it, or the stream is over. */
  private passes(run: TcpSlot, direction: Direction): boolean {
    const held = run.held[direction];
    held.isOpen = true;
    held.isResumed = false;
    const { length } = held.buffer;
    const goesOn = this.invoke(run, (instance) =>
      direction === UPWARDS
        ? instance.downstreamData(run.contextId, length, held.hasEnd)
        : instance.upstreamData(run.contextId, length, held.hasEnd),
    );
    held.isOpen = false;
    const isResumed = held.isResumed;
    held.isResumed = false;
    if (!this.isEnded && direction === DOWNWARDS && held.hasEnd) this.tellUpstreamClose(run, PeerType.Unknown);
    if (this.isEnded) return false;
    // A filter that failed and is left out holds nothing up.
    if (goesOn === null || goesOn || isResumed) return true;
    held.isStopped = true;
    held.buffer.own();
    return false;
  }

  /** What a filter stopped goes on, past it. */
  private resume(run: TcpSlot, direction: Direction): void {
    const held = run.held[direction];
    if (direction === UPWARDS && !this.isConnected && this.runs[this.passed] === run) {
      this.passed++;
      this.connect();
    } else if (held.isStopped) {
      const position = this.runs.indexOf(run);
      const next = direction === UPWARDS ? position + 1 : this.runs.length - position;
      this.feed(direction, next, held.take(), held.hasEnd);
    }
  }

  private inOrder(direction: Direction, position: number): TcpSlot {
    return this.runs[direction === UPWARDS ? position : this.runs.length - 1 - position]!;
  }

  // ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  private tellUpstreamClose(run: TcpSlot, peerType: number): void {
    if (run.hasToldUpstreamClose || this.isEnded) return;
    run.hasToldUpstreamClose = true;
    this.invoke(run, (instance) => instance.upstreamClose(run.contextId, peerType));
  }

  /** Each filter hears of the close and comes to its own end, before the next one does, as in Envoy. */
  private end(peerType: number): void {
    this.isEnded = true;
    for (const run of this.runs) {
      const { contextId } = run;
      this.invoke(run, (instance) => instance.downstreamClose(contextId, peerType));
      this.invoke(run, (instance) => instance.done(contextId));
      this.invoke(run, (instance) => instance.log(contextId));
      run.instance?.streamGone(contextId);
      this.invoke(run, (instance) => instance.delete(contextId));
      this.discard(run);
      run.held[0].take();
      run.held[1].take();
    }
    if (!this.isUpstreamGone && this.isConnected) this.driver.closeUpstream();
    this.isUpstreamGone = true;
  }

  // ── Callbacks and failures ──────────────────────────────────────────────────────────────────────────────────────────

  /** null: the slot has no instance, or failed now and is left out. */
  private invoke<T>(run: TcpSlot, call: (instance: Instance) => T): T | null {
    if (run.instance === null) return null;
    this.running = run;
    try {
      return call(run.instance);
    } catch (thrown) {
      if (!(thrown instanceof GuestFailure)) throw thrown;
      this.running = null;
      run.rollback();
      this.context.properties.rollback();
      this.fail(run, CAUSE[thrown.cause], thrown.message);
      return null;
    } finally {
      this.running = null;
      run.commit();
      this.context.properties.commit();
    }
  }

  private fail(run: TcpSlot, cause: number, message: string): void {
    run.failure ??= message;
    this.discard(run);
    if (this.isEnded) return;
    const { failOpen, dryRun } = run.slot;
    const decision = decideFailure({ cause, failOpen, dryRun, isNeeded: true, isResponseHeadSent: true });
    if (decision !== "skip") return this.abort("FI");
    // What it looks at now goes on where it was asked; what it stopped before goes on here.
    for (const direction of [UPWARDS, DOWNWARDS] as const) {
      if (run.held[direction].isStopped && !run.held[direction].isOpen) this.resume(run, direction);
    }
    if (this.running === null && !this.isConnected && this.runs[this.passed] === run)
      run.held[UPWARDS].isResumed = true;
  }

  private abort(flag: StreamFlag): void {
    this.driver.abort(flag);
    this.isUpstreamGone = true;
    this.end(PeerType.Local);
  }

  private discard(run: TcpSlot): void {
    const { instance } = run;
    run.instance = null;
    if (instance !== null) run.revision.plugin!.release(instance);
  }

  // ── Around each event ───────────────────────────────────────────────────────────────────────────────────────────────

  private enter(): void {
    this.depth++;
  }

  private leave(): void {
    if (this.running !== null || this.depth > 1) {
      this.depth--;
      return;
    }
    this.settle();
    this.depth--;
    if (!this.isEnded) this.pace(UPWARDS);
    if (!this.isEnded) this.pace(DOWNWARDS);
  }

  /** Does what was noted. */
  private settle(): void {
    this.resumeNoted();
    if (this.wantsClose[DOWNWARDS] && !this.isEnded && !this.isUpstreamGone && this.isConnected) {
      this.driver.closeUpstream();
      this.upstreamClosed(PeerType.Local);
      this.resumeNoted();
    }
    if (this.isEnded) return;
    const isDrained = this.isUpstreamGone && this.runs.every(({ held }) => !held[DOWNWARDS].isStopped);
    if (this.wantsClose[UPWARDS] || isDrained) {
      this.driver.closeDownstream();
      this.end(PeerType.Local);
    }
  }

  private resumeNoted(): void {
    for (let noted = this.noted(); noted !== null && !this.isEnded; noted = this.noted()) {
      const { run, direction } = noted;
      run.held[direction].isResumed = false;
      this.resume(run, direction);
    }
  }

  private noted(): { run: TcpSlot; direction: Direction } | null {
    for (const run of this.runs) {
      if (run.held[UPWARDS].isResumed) return { run, direction: UPWARDS };
      if (run.held[DOWNWARDS].isResumed) return { run, direction: DOWNWARDS };
    }
    return null;
  }

  /** A source waits while the connection is stopped, and while a filter holds as much of it as it may. */
  private pace(direction: Direction): void {
    const isFull = this.runs.some(({ held }) => held[direction].buffer.length >= this.heldBytesMax);
    const mustPause = isFull || (direction === UPWARDS && !this.isConnected);
    if (mustPause === this.isPaused[direction]) return;
    this.isPaused[direction] = mustPause;
    if (mustPause) this.driver.pauseReads(direction);
    else this.driver.resumeReads(direction);
  }
}
