// HOT: bench proxy.
// One direction's message on its way through the slots: head, body, trailers, each held where a filter holds it. The
// request goes through slots upwards, the response downwards; all else is the same code. What a callback's outcome
// means for the stream (replies, failures) is the owner's; this file only keeps order and loses nothing.

import type { Head } from "../head/head.ts";
import type { Direction } from "./driver.ts";
import { READ_WATERMARK_BYTES } from "./limits.ts";
import { HELD } from "./slot-run.ts";
import type { HeldMessage, SlotRun } from "./slot-run.ts";

/** What a slot did with its part of the message. */
export const OUTCOME = {
  go: 0,
  hold: 1,
  /** Held, and the chunk just shown is lost: the filter keeps it itself. */
  holdWithoutChunk: 2,
  /** The stream goes another way (reply, reset): every frame returns without another step. */
  stop: 3,
} as const;
export type Outcome = 0 | 1 | 2 | 3;

/** The stream: runs the callbacks and hands on what passed all slots. */
export interface FlowOwner {
  readonly runs: readonly SlotRun[];
  headPhase(flow: MessageFlow, slot: number): Outcome;
  bodyPhase(flow: MessageFlow, run: SlotRun, endOfStream: boolean): Outcome;
  trailersPhase(flow: MessageFlow, run: SlotRun): Outcome;
  /** The head has passed its slots. False: it did not go out (more slots hold it, or the stream goes another way). */
  sendHead(flow: MessageFlow): boolean;
  sendData(flow: MessageFlow, chunk: Uint8Array, endOfStream: boolean): void;
  sendTrailers(flow: MessageFlow): void;
  /** The message's end has passed all slots. */
  endPassed(flow: MessageFlow): void;
  /** A filter buffers more than the limit. */
  overLimit(flow: MessageFlow): void;
}

const NOWHERE = -1;
const NO_BYTES = new Uint8Array(0);

export class MessageFlow {
  readonly direction: Direction;
  head: Head | null = null;
  trailers: Head | null = null;
  /** The message is its head alone. */
  isHeadOnly = false;
  isHeadSent = false;
  /** The driver has fed the end. */
  hasEnd = false;
  isEndSent = false;
  /** Nothing of this message matters any more; what is still fed is dropped. */
  isClosed = true;
  /** The slot whose headers phase the head is in or held at; -1: before, between or behind them. */
  headAt = NOWHERE;
  /** Slots the head has still to pass. */
  headLeft = 0;
  /** Slots with a body or trailers callback that are still asked. */
  bodyMask = 0;
  trailersMask = 0;
  /** Slots that hold a part of the message. */
  heldMask = 0;
  private readonly owner: FlowOwner;

  constructor(owner: FlowOwner, direction: Direction) {
    this.owner = owner;
    this.direction = direction;
  }

  reset(): void {
    this.head = null;
    this.trailers = null;
    this.isHeadOnly = false;
    this.isHeadSent = false;
    this.hasEnd = false;
    this.isEndSent = false;
    this.isClosed = false;
    this.headAt = NOWHERE;
    this.headLeft = 0;
    this.bodyMask = 0;
    this.trailersMask = 0;
    this.heldMask = 0;
  }

  /** Takes the head in; `advanceHead` sends it on its way. */
  begin(head: Head, isHeadOnly: boolean, headLeft: number, bodyMask: number, trailersMask: number): void {
    this.head = head;
    this.trailers = null;
    this.isHeadOnly = isHeadOnly;
    this.hasEnd = isHeadOnly;
    this.headLeft = headLeft;
    this.bodyMask = isHeadOnly ? 0 : bodyMask;
    this.trailersMask = isHeadOnly ? 0 : trailersMask;
  }

  /** Nothing more of this message passes: what slots hold is dropped. */
  close(): void {
    this.isClosed = true;
    this.headLeft = 0;
    this.bodyMask = 0;
    this.trailersMask = 0;
    while (this.heldMask !== 0) this.unhold(this.firstOf(this.heldMask)).clear();
  }

  /** The slot is asked no more (skipped, or through); what it holds stays until `resume`. */
  leaveOut(slot: number): void {
    this.headLeft &= ~(1 << slot);
    this.bodyMask &= ~(1 << slot);
    this.trailersMask &= ~(1 << slot);
  }

  /** True while a filter wants to see or holds body bytes, so that the driver must bring them here. */
  get wantsData(): boolean {
    return (this.bodyMask | this.trailersMask | this.heldMask) !== 0;
  }

  /** True when a slot that asked for back-pressure holds enough. */
  get isFull(): boolean {
    for (let rest = this.heldMask; rest !== 0; rest &= rest - 1) {
      const held = this.held(31 - Math.clz32(rest & -rest));
      if (held.isWatermarked && held.body.length >= READ_WATERMARK_BYTES) return true;
    }
    return false;
  }

  /** Moves the head on through the slots it has still to pass. False: it is held, or the stream goes another way. */
  advanceHead(): boolean {
    while (this.headLeft !== 0) {
      const slot = this.firstOf(this.headLeft);
      this.headLeft &= ~(1 << slot);
      this.headAt = slot;
      const outcome = this.owner.headPhase(this, slot);
      if (outcome === OUTCOME.stop) return false;
      if (outcome === OUTCOME.hold) {
        this.hold(slot, HELD.headers);
        return false;
      }
    }
    this.headAt = NOWHERE;
    return this.owner.sendHead(this);
  }

  /** Body bytes from the driver. */
  data(chunk: Uint8Array, endOfStream: boolean): void {
    if (this.isClosed || this.hasEnd) return;
    this.hasEnd = endOfStream;
    this.passData(this.behind(NOWHERE), chunk, endOfStream);
  }

  /** Trailers from the driver: they end the message. */
  endWith(trailers: Head): void {
    if (this.isClosed || this.hasEnd) return;
    this.hasEnd = true;
    this.trailers = trailers;
    this.passTrailers(this.behind(NOWHERE));
  }

  /** The head stays with a slot that it had passed already: its check runs again and waits for an answer. */
  holdAgain(slot: number): void {
    this.headAt = slot;
    this.hold(slot, HELD.headers);
  }

  /** Lets go what the slot holds, as its filter asked or because it is left out. */
  resume(slot: number): void {
    const run = this.owner.runs[slot]!;
    const at = run.held[this.direction].at;
    if (at === HELD.not) return;
    const held = this.unhold(slot);
    if (at !== HELD.headers) {
      this.letGo(slot, held);
      return;
    }
    this.advanceHead();
    // Held here again: a slot that waits for an instance still has none.
    if (this.isClosed || held.at !== HELD.not) return;
    if (held.isUnseen) this.showHeld(slot, held);
    else this.letGo(slot, held);
  }

  /** What a filter held at its headers callback reaches its body and trailers callbacks now, then the slots behind. */
  private showHeld(slot: number, held: HeldMessage): void {
    const { hasEnd, hasTrailers } = held;
    held.isUnseen = false;
    held.hasEnd = false;
    held.hasTrailers = false;
    if ((this.bodyMask & (1 << slot)) === 0) {
      const content = held.body.content();
      held.body.clear();
      this.passData(this.behind(slot), content, hasEnd);
    } else if (held.body.length > 0 || hasEnd) {
      this.passData(1 << slot, NO_BYTES, hasEnd);
    }
    if (hasTrailers && !this.isClosed) this.passTrailers(this.behind(slot) | (1 << slot));
  }

  /** What the slot's filter has seen goes to the slots behind it. */
  private letGo(slot: number, held: HeldMessage): void {
    const content = held.body.content();
    const { hasEnd, hasTrailers } = held;
    held.clear();
    if (content.length > 0 || hasEnd) this.passData(this.behind(slot), content, hasEnd);
    if (hasTrailers && !this.isClosed) this.passTrailers(this.behind(slot));
  }

  /**
   * Body bytes through the slots in `among` and all behind them. Where a slot holds, they stay with it; `chunk` is only
   * valid now, so who keeps it copies.
   */
  private passData(among: number, chunk: Uint8Array, endOfStream: boolean): void {
    let passing = chunk;
    for (let rest = among & (this.bodyMask | this.heldMask); rest !== 0;) {
      const slot = this.firstOf(rest);
      const run = this.owner.runs[slot]!;
      const held = run.held[this.direction];
      if (held.at === HELD.headers && !this.mayShowBody(run)) {
        this.keepUnseen(held, passing, endOfStream);
        return;
      }
      held.body.push(passing);
      const outcome = this.owner.bodyPhase(this, run, endOfStream);
      if (outcome === OUTCOME.stop) return;
      if (outcome !== OUTCOME.go) {
        if (outcome === OUTCOME.holdWithoutChunk) held.body.dropLast(passing.length);
        this.keepSeen(slot, held, endOfStream);
        return;
      }
      passing = this.takeReleased(slot, held);
      if (this.isClosed) return;
      if (endOfStream && this.trailers !== null) {
        // Its filter made trailers where there were none: they end the message now.
        this.passData(this.behind(slot), passing, false);
        if (!this.isClosed) this.passTrailers(this.behind(slot));
        return;
      }
      rest = this.behind(slot) & (this.bodyMask | this.heldMask);
    }
    if (passing.length > 0 || endOfStream) this.owner.sendData(this, passing, endOfStream);
    if (endOfStream) this.end();
  }

  /** Trailers through the slots in `among` and all behind them; each slot's held body goes before them. */
  private passTrailers(among: number): void {
    for (let rest = among & (this.trailersMask | this.heldMask); rest !== 0;) {
      const slot = this.firstOf(rest);
      const run = this.owner.runs[slot]!;
      const held = run.held[this.direction];
      if (held.at === HELD.headers && !this.mayShowBody(run)) {
        held.hasTrailers = true;
        held.isUnseen = true;
        this.trailers!.own();
        return;
      }
      const outcome = this.trailersOutcome(slot, run);
      if (outcome === OUTCOME.stop) return;
      if (outcome !== OUTCOME.go) {
        this.hold(slot, held.at === HELD.headers ? HELD.headers : HELD.trailers);
        held.hasTrailers = true;
        this.trailers!.own();
        return;
      }
      const content = this.takeReleased(slot, held);
      if (this.isClosed) return;
      if (content.length > 0) this.passData(this.behind(slot), content, false);
      if (this.isClosed) return;
      rest = this.behind(slot) & (this.trailersMask | this.heldMask);
    }
    this.owner.sendTrailers(this);
    this.end();
  }

  /**
   * A filter that holds the body and has no trailers callback would never learn that the body is whole: its body
   * callback is told the end instead. (Letting go unasked would let a request pass a filter that waits for an answer.)
   */
  private trailersOutcome(slot: number, run: SlotRun): Outcome {
    if ((this.trailersMask & (1 << slot)) !== 0) return this.owner.trailersPhase(this, run);
    if ((this.bodyMask & (1 << slot)) !== 0) return this.owner.bodyPhase(this, run, true);
    return OUTCOME.hold;
  }

  /** The slot lets the message pass: its head first, if that was held here too; then the body it collected. */
  private takeReleased(slot: number, held: HeldMessage): Uint8Array {
    const content = held.body.content();
    const wasAt = held.at;
    if (wasAt !== HELD.not) this.unhold(slot);
    held.clear();
    // A head held further on holds the body there too: passData finds it.
    if (wasAt === HELD.headers) this.advanceHead();
    return content;
  }

  private keepSeen(slot: number, held: HeldMessage, endOfStream: boolean): void {
    held.body.own();
    if (endOfStream && this.trailers === null) held.hasEnd = true;
    if (endOfStream && this.trailers !== null) held.hasTrailers = true;
    this.hold(slot, held.at === HELD.not ? HELD.body : held.at);
    if (!held.isWatermarked && held.body.length > held.body.lengthMax) this.owner.overLimit(this);
  }

  private keepUnseen(held: HeldMessage, chunk: Uint8Array, endOfStream: boolean): void {
    held.body.push(chunk);
    held.body.own();
    held.isUnseen = true;
    if (endOfStream) held.hasEnd = true;
    if (!held.isWatermarked && held.body.length > held.body.lengthMax) this.owner.overLimit(this);
  }

  private hold(slot: number, at: number): void {
    this.held(slot).at = at;
    this.heldMask |= 1 << slot;
    if (at === HELD.headers) this.head!.own();
  }

  private unhold(slot: number): HeldMessage {
    const held = this.held(slot);
    held.at = HELD.not;
    held.isResumed = false;
    held.isWatermarked = false;
    this.heldMask &= ~(1 << slot);
    return held;
  }

  /** `bodyWhilePaused`: a filter that holds the head may look at the body first; not while its check holds it. */
  private mayShowBody(run: SlotRun): boolean {
    return (
      run.slot!.bodyWhilePaused && !run.isWaiting && !run.isPending && (this.bodyMask & (1 << run.slot!.index)) !== 0
    );
  }

  private end(): void {
    this.isEndSent = true;
    this.owner.endPassed(this);
  }

  private held(slot: number): HeldMessage {
    return this.owner.runs[slot]!.held[this.direction];
  }

  /** The first slot of a mask in this direction's order. */
  private firstOf(mask: number): number {
    return 31 - Math.clz32(this.direction === 0 ? mask & -mask : mask);
  }

  /** The mask of all slots behind `slot` in this direction's order; all of them behind NOWHERE. */
  private behind(slot: number): number {
    if (slot === NOWHERE) return -1;
    return this.direction === 0 ? ~((2 << slot) - 1) : (1 << slot) - 1;
  }
}
