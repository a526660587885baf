// HOT: bench proxy.
// One slot's part in one stream: its instance and context, the phases still to come, what its check said, what it holds
// of either message, how it failed. Fields only; the rules are in stream.ts and message-flow.ts.

import type { SlotFigures } from "./slot-report.ts";
import type { Head } from "../head/head.ts";
import { NameSet } from "../head/name-set.ts";
import type { Instance } from "../host/plugin.ts";
import type { TickTarget } from "../host/services.ts";
import { Additions } from "./additions.ts";
import { BodyBuffer } from "./body-buffer.ts";
import type { ChainSlot, SlotRevision } from "./chain.ts";
import type { Direction } from "./driver.ts";
import { NO_CODE } from "./verdict.ts";
import type { VerdictKind } from "./verdict.ts";

/** The answer of a headers callback whose pause lets a full buffer refuse the message. */
const STOP_ALL_AND_BUFFER = 3;

/** Where in a message a slot holds it up. */
export const HELD = {
  not: 0,
  /** Its headers callback paused; nothing of the message passes. */
  headers: 1,
  body: 2,
  trailers: 3,
} as const;

/** What a slot holds of one direction's message. */
export class HeldMessage {
  at: number = HELD.not;
  readonly body = new BodyBuffer();
  /** The end of the message came while the slot held it (the body's end, when trailers are held too). */
  hasEnd = false;
  /** Trailers came while the slot held the message; they follow the body. */
  hasTrailers = false;
  /** Something in `body` came while no body callback could be made, and the filter has yet to see it. */
  isUnseen = false;
  /** The pause asked for back-pressure, so a full buffer stops reads instead of refusing the message. */
  isWatermarked = false;
  /** The filter's body callback runs: the body is open to it; with `hasLastChunk` it may add trailers. */
  isOpen = false;
  hasLastChunk = false;
  /** The trailers callback runs, or paused: trailers may be edited. */
  hasOpenTrailers = false;
  /** continue_stream was called and is not acted on yet. */
  isResumed = false;

  reset(bodyBytesMax: number): void {
    this.body.lengthMax = bodyBytesMax;
    this.clear();
  }

  clear(): void {
    this.at = HELD.not;
    if (this.body.length > 0) this.body.clear();
    this.hasEnd = false;
    this.hasTrailers = false;
    this.isUnseen = false;
    this.isWatermarked = false;
    this.isOpen = false;
    this.hasLastChunk = false;
    this.hasOpenTrailers = false;
    this.isResumed = false;
  }
}

/** The response a deny brings along. */
export interface DirectResponse {
  readonly status: number;
  readonly headers: Head;
  readonly body: Uint8Array;
}

export class SlotRun implements SlotFigures {
  slot: ChainSlot | null = null;
  /** Which of the slot's revisions serves this stream, and its place among them. */
  revision: SlotRevision | null = null;
  arm = 0;
  instance: Instance | null = null;
  contextId = 0;
  /** PHASE bits of callbacks still to come; 0 and no instance once the slot is through, skipped or failed. */
  left = 0;
  /** Left out from here on, by its fail strategy or in dry run. */
  isSkipped = false;
  /** A response head was shown to it: a later local reply is not. */
  hasSeenResponse = false;
  hasChecked = false;
  /** The check ran a second time after a later filter's edit. */
  isRechecked = false;
  /** Its check waits for a callout's answer; the head is held here, but in dry run. */
  isPending = false;
  /** That check has ended well: the head goes on behind it, in the same slot. */
  isAnswered = false;
  /** The head is held here until the plugin has an instance to give; how long it was already. */
  isWaiting = false;
  waitedMs = 0;
  wait: TickTarget | null = null;
  verdict: VerdictKind = "noOpinion";
  code = NO_CODE;
  reason: string | null = null;
  directResponse: DirectResponse | null = null;
  fuel = 0;
  /** Wall time of its callbacks, in a stream that is timed. */
  durationMs = 0;
  /** In such a stream, when its first callback began, by the same clock; -1 before. */
  startedMs = -1;
  /** One bit of CAUSE, 0 while all is well. */
  failureCause = 0;
  failureMessage: string | null = null;
  failureAt: string | null = null;
  /** Emptied by SlotCalls for a stream after one that had any. */
  readonly additions = new Additions();
  /** Request header names its check read; filled only when a later slot may edit them. */
  readonly reads = new NameSet();
  /** `held` was looked at in this stream. Most slots hold nothing: what they could hold is then left alone, for it lies far apart. */
  hasHeld = false;
  private readonly heldMessages: readonly [HeldMessage, HeldMessage] = [new HeldMessage(), new HeldMessage()];
  private bodyBytesMax = 0;
  /** A bit for each direction whose headers callback has let the head go on. */
  private passedHeads = 0;

  get index(): number {
    return this.slot!.index;
  }

  /** Ready for `slot` in another stream, served by its revision at `arm`. */
  reset(slot: ChainSlot, arm: number, bodyBufferBytesMax: number): void {
    this.slot = slot;
    this.revision = slot.revisions[arm]!;
    this.arm = arm;
    this.instance = null;
    this.contextId = 0;
    this.left = 0;
    this.isSkipped = false;
    this.hasSeenResponse = false;
    this.hasChecked = false;
    this.isRechecked = false;
    this.isPending = false;
    this.isAnswered = false;
    this.isWaiting = false;
    this.waitedMs = 0;
    this.verdict = "noOpinion";
    this.code = NO_CODE;
    this.reason = null;
    this.directResponse = null;
    this.fuel = 0;
    this.durationMs = 0;
    this.startedMs = -1;
    this.failureCause = 0;
    this.failureMessage = null;
    this.failureAt = null;
    this.hasHeld = false;
    this.bodyBytesMax = bodyBufferBytesMax;
    this.passedHeads = 0;
  }

  /** By direction: what it holds of the request and of the response. */
  get held(): readonly [HeldMessage, HeldMessage] {
    if (!this.hasHeld) this.openHeld();
    return this.heldMessages;
  }

  /** Nothing of either message. */
  get holdsNothing(): boolean {
    const [request, response] = this.heldMessages;
    return !this.hasHeld || (request.at === HELD.not && response.at === HELD.not);
  }

  /** The headers callback of `direction` answered `action`. */
  headersAnswered(direction: Direction, action: number): void {
    if (action === 0 && !this.hasHeld) this.passedHeads |= 1 << direction;
    else this.held[direction].isWatermarked = action !== STOP_ALL_AND_BUFFER;
  }

  private openHeld(): void {
    this.hasHeld = true;
    const [request, response] = this.heldMessages;
    request.reset(this.bodyBytesMax);
    response.reset(this.bodyBytesMax);
    request.isWatermarked = (this.passedHeads & 1) !== 0;
    response.isWatermarked = (this.passedHeads & 2) !== 0;
  }
}
