// HOT: bench proxy, bench abi.
// One HTTP stream on its way through a filter chain: decides what a callback's answer, a filter's wish or a failure
// means. message-flow.ts keeps the order of each message, slot-calls.ts calls the guests, a driver moves the bytes.
//
// Effects of filters (reply, reset, continue) are noted while frames of this stream are on the stack, every frame then
// returns without another step, and `settle` at the outermost frame acts on them. So nothing is ever re-entered.

import type { Head } from "../head/head.ts";
import type { GuestFailure } from "../host/guest-failure.ts";
import { MESSAGE_PHASES, PHASE } from "../host/phase.ts";
import type { LocalReply } from "../host/stream-context.ts";
import { CAUSE } from "./cause.ts";
import type { Chain } from "./chain.ts";
import { CheckPhase, type CheckOwner } from "./check-phase.ts";
import { Checks } from "./checks.ts";
import type { Direction, StreamDriver, StreamFlag } from "./driver.ts";
import { decideFailure } from "./fail-strategy.ts";
import { HostcallContext } from "./hostcall-context.ts";
import type { StreamEffects } from "./hostcall-context.ts";
import { POOLED_STREAMS_MAX, REASON_LENGTH } from "./limits.ts";
import { decideReply, phraseOf } from "./local-reply.ts";
import { OUTCOME } from "./message-flow.ts";
import type { FlowOwner, MessageFlow, Outcome } from "./message-flow.ts";
import { statusNumber } from "./properties.ts";
import type { ReadLog } from "./read-log.ts";
import { FAILED, SlotCalls } from "./slot-calls.ts";
import { SlotEntry } from "./slot-entry.ts";
import { reportOf } from "./slot-report.ts";
import type { SlotFigures, SlotReport } from "./slot-report.ts";
import { HELD } from "./slot-run.ts";
import type { SlotRun } from "./slot-run.ts";
import { StagedReply } from "./staged-reply.ts";
import { REQUEST, RESPONSE, StreamState } from "./stream-state.ts";
import { codeOfStatus, statusOfCode, UNAVAILABLE } from "./verdict.ts";

const NO_BYTES = new Uint8Array(0);
const STATUS = Buffer.from(":status");
const CONTENT_LENGTH = Buffer.from("content-length");

const REQUEST_TAIL_PHASES = PHASE.requestBody | PHASE.requestTrailers;
const RESPONSE_PHASES = PHASE.responseHeaders | PHASE.responseBody | PHASE.responseTrailers;

/** One exchange on its way through a chain. Take one with `takeStream`, `open` it, feed it what arrives, `end` it; then it is pooled. */
export class Stream implements FlowOwner, StreamEffects, CheckOwner {
  /** Counts uses of this pooled object: who keeps a stream for later compares it before touching the stream. */
  generation = 0;
  /** Status of the response head that was handed to the driver last, 0 before. */
  status = 0;
  /** Why the stream ended otherwise than well, as far as the engine decided it. */
  flag: StreamFlag | null = null;
  private readonly state: StreamState = new StreamState(this);
  private readonly request = this.state.request;
  private readonly response = this.state.response;
  private readonly calls = new SlotCalls(this.state);
  private readonly checks = new Checks(this.state, this.calls);
  private readonly context = new HostcallContext(this.state, this.calls, this);
  private readonly entry = new SlotEntry(this.state, this.calls, this.context, this);
  private readonly check = new CheckPhase(this.checks, this);
  private readonly staged = new StagedReply();
  /** Frames of this stream on the stack. */
  private depth = 0;
  private isEnded = true;
  private isInPool = true;
  /** A reply of our own took over: what the upstream says no longer counts. */
  private isTakenOver = false;
  /** Nothing more can be sent to the client. */
  private isCut = false;
  private hasPendingResume = false;
  private isRequestReadPaused = false;
  private isResponseReadPaused = false;

  /** Takes the stream into use. `requestHead` stays the driver's, and valid until `end()`. */
  open(chain: Chain, slotMask: number, driver: StreamDriver, requestHead: Head): void {
    this.state.open(chain, slotMask, driver, requestHead);
    this.calls.open();
    this.staged.clear();
    this.status = 0;
    this.flag = null;
    this.isEnded = false;
    this.isInPool = false;
    this.isTakenOver = false;
    this.isCut = false;
    this.hasPendingResume = false;
    this.isRequestReadPaused = false;
    this.isResponseReadPaused = false;
  }

  /** After `open`: the revision at `arm` serves this stream in a slot that has several, whatever its split says. */
  forceArm(slot: number, arm: number): void {
    this.state.forcedMask |= 1 << slot;
    this.state.forcedArms[slot] = arm;
  }

  /** Slots asked so far, in the order they were asked; `slotReport(i)` for i below it. */
  get slotCount(): number {
    return this.state.slotCount;
  }

  /** Engine's own: by chain index. */
  get runs(): readonly SlotRun[] {
    return this.state.runs;
  }

  /** When called (after `open`), callbacks are timed by this clock in ms: two readings each, so for a sample of streams. */
  timeBy(now: () => number): void {
    this.calls.now = now;
  }

  /** When set (after `open`), what checks read is noted in it: for tests, `explain` and request files. */
  set readLog(log: ReadLog | null) {
    this.state.readLog = log;
  }

  /** False: no filter wants request body bytes; the driver may move them without the engine. Asked after each event. */
  get needsRequestData(): boolean {
    return this.request.wantsData || !this.request.isHeadSent;
  }

  /** The same for the response's body. */
  get needsResponseData(): boolean {
    return this.response.wantsData || !this.response.isHeadSent;
  }

  /** False: every filter is through with the stream, so nobody will look at its heads once they were sent. */
  get hasInstances(): boolean {
    const { state } = this;
    for (let i = 0; i < state.slotCount; i++) if (state.runAt(i).instance !== null) return true;
    return false;
  }

  /** Both messages have passed. A response may be through while its request still arrives: that can still fail. */
  private get isOver(): boolean {
    const { request, response } = this;
    return response.isEndSent && (request.isEndSent || (request.isHeadSent && !request.wantsData));
  }

  /** True while a filter holds a part of either message. */
  get isPaused(): boolean {
    return (this.request.heldMask | this.response.heldMask) !== 0;
  }

  requestHeaders(endOfStream: boolean): void {
    if (this.request.isClosed) return;
    this.enter();
    const plan = this.state.plan!;
    const head = this.request.head!;
    this.checks.open(head);
    this.request.begin(head, endOfStream, plan.mask, plan.requestBody, plan.requestTrailers);
    this.request.advanceHead();
    // Callbacks still to come may read the head when the driver's read buffer has long been used again.
    if (this.state.liveMask !== 0) head.own();
    this.leave();
  }

  requestData(chunk: Uint8Array, endOfStream: boolean): void {
    this.enter();
    this.request.data(chunk, endOfStream);
    this.leave();
  }

  requestTrailers(trailers: Head): void {
    this.enter();
    this.request.endWith(trailers);
    this.leave();
  }

  /** The upstream's final response head (1xx heads are not shown to filters: the driver passes them itself). */
  responseHeaders(head: Head, endOfStream: boolean): void {
    if (this.response.isClosed || this.isTakenOver) return;
    this.enter();
    this.beginResponse(head, endOfStream, this.state.liveMask);
    if (this.state.liveMask !== 0) head.own();
    this.leave();
  }

  responseData(chunk: Uint8Array, endOfStream: boolean): void {
    if (this.isTakenOver) return;
    this.enter();
    this.response.data(chunk, endOfStream);
    this.leave();
  }

  responseTrailers(trailers: Head): void {
    if (this.isTakenOver) return;
    this.enter();
    this.response.endWith(trailers);
    this.leave();
  }

  /** A reply made by the proxy (404, 502, 504 …): passes no filter; cuts the stream when a response head was already sent. */
  replyFromDriver(status: number, body: string, flag: StreamFlag): void {
    this.enter();
    if (this.stageReply(status, null, Buffer.from(body), flag)) {
      this.staged.seesFilters = false;
      this.staged.dropsUpstream = false;
    }
    this.leave();
  }

  /** The client is gone: nothing more is sent, callbacks at the end still run once. Then the driver calls `end()`. */
  downstreamClosed(flag: StreamFlag = "DC"): void {
    if (this.state.isFinished) return;
    this.isCut = true;
    this.flag ??= flag;
    this.staged.clear();
    this.closeFlows();
    for (let i = 0; i < this.state.slotCount; i++) {
      const run = this.state.runAt(i);
      run.isPending = false;
      run.instance?.streamGone(run.contextId);
    }
  }

  /**
   * The route's own answer (a redirect, a direct response) in place of an upstream's: passes the response phases of the
   * slots. `fields` and `body` are read until the stream's outermost frame returns; framing fields and `:status` among the fields are left out.
   */
  answerFromDriver(status: number, fields: Head, body: Uint8Array): void {
    this.enter();
    // Every check has passed: who asks for a redirect has used what a quota grants as who asks an upstream has.
    this.calls.reservations.spend();
    if (this.stageReply(status, fields, body, null)) this.staged.dropsUpstream = false;
    this.leave();
  }

  /** The stream's idle time is over: `status` before a response head was sent, cut after. 408: it waited for the client. */
  idleTimeout(status: 408 | 504 = 504): void {
    this.enter();
    if (this.stageReply(status, null, Buffer.from("stream idle timeout\n"), "SI")) this.staged.seesFilters = false;
    this.leave();
  }

  /**
   * policy_on_report and proxy_on_log of every slot, once. Then the driver writes the record from `slotReport`, and
   * calls `end()`. Like `end`, `replyFromDriver` and `downstreamClosed` it may be called from within a StreamDriver method.
   */
  finish(): void {
    if (this.state.isFinished) return;
    this.enter();
    this.state.isFinished = true;
    this.staged.clear();
    this.closeFlows();
    this.entry.endWaits();
    for (let i = 0; i < this.state.slotCount; i++) this.calls.invokeLast(this.state.runAt(i), PHASE.report);
    for (let i = 0; i < this.state.slotCount; i++) this.calls.invokeLast(this.state.runAt(i), PHASE.log);
    this.leave();
  }

  /** `finish()` if that is still to come, on_done, on_delete, instances given back; the object is the pool's again. */
  end(): void {
    if (this.isEnded) return;
    this.finish();
    this.enter();
    for (let i = 0; i < this.state.slotCount; i++) this.calls.invokeLast(this.state.runAt(i), PHASE.done);
    for (let i = 0; i < this.state.slotCount; i++) this.calls.release(this.state.runAt(i));
    this.isEnded = true;
    this.leave();
  }

  /** What the record says of the i-th slot that was asked. */
  slotReport(i: number): SlotReport {
    const { reservations, now } = this.calls;
    return reportOf(this.state.runAt(i), reservations.usesOf(this.state.asked[i]!), now !== null);
  }

  /** The figures of the i-th slot that was asked. */
  slotFigures(i: number): SlotFigures {
    return this.state.runAt(i);
  }

  /** A reply or a reset is noted and not done yet. */
  get isAnswering(): boolean {
    return this.staged.kind !== "none";
  }

  // ── FlowOwner: what a message meets at one slot ────────────────────────────────────────────────────────────────────

  headPhase(flow: MessageFlow, slot: number): Outcome {
    return flow.direction === REQUEST ? this.requestHeadPhase(flow, slot) : this.responseHeadPhase(flow, slot);
  }

  bodyPhase(flow: MessageFlow, run: SlotRun, endOfStream: boolean): Outcome {
    const held = run.held[flow.direction];
    const phase = flow.direction === REQUEST ? PHASE.requestBody : PHASE.responseBody;
    const hadTrailers = flow.trailers !== null;
    this.noteHeldEdits(flow, run);
    held.isOpen = true;
    held.hasLastChunk = endOfStream;
    const action = this.calls.invoke(run, phase, held.body.length, endOfStream);
    held.isOpen = false;
    held.hasLastChunk = false;
    if (action === FAILED) {
      if (!hadTrailers) flow.trailers = null;
      return this.outcomeOfFailure(run);
    }
    this.noteHeldEdits(flow, run);
    if (!endOfStream) run.left |= phase;
    const outcome = this.outcomeOf(run, flow.direction, action !== 0);
    if (outcome !== OUTCOME.hold) return outcome;
    held.isWatermarked = action === 2;
    return action === 3 ? OUTCOME.holdWithoutChunk : OUTCOME.hold;
  }

  trailersPhase(flow: MessageFlow, run: SlotRun): Outcome {
    const held = run.held[flow.direction];
    const phase = flow.direction === REQUEST ? PHASE.requestTrailers : PHASE.responseTrailers;
    this.noteHeldEdits(flow, run);
    held.hasOpenTrailers = true;
    const action = this.calls.invoke(run, phase, flow.trailers!.count, true);
    if (action !== FAILED) this.noteHeldEdits(flow, run);
    const outcome = action === FAILED ? this.outcomeOfFailure(run) : this.outcomeOf(run, flow.direction, action !== 0);
    if (outcome !== OUTCOME.hold) held.hasOpenTrailers = false;
    return outcome;
  }

  /** Before a callback, what a tick edited in the head held here; behind it, what the callback did. */
  private noteHeldEdits(flow: MessageFlow, run: SlotRun): void {
    if (flow.direction === REQUEST && flow.headAt === run.slot!.index) this.checks.noteEdits(flow.headAt);
  }

  sendHead(flow: MessageFlow): boolean {
    if (flow.isClosed) return false;
    return flow.direction === REQUEST ? this.sendRequestHead(flow) : this.sendResponseHead(flow);
  }

  sendData(flow: MessageFlow, chunk: Uint8Array, endOfStream: boolean): void {
    if (flow.direction === REQUEST) this.state.driver!.sendRequestData(chunk, endOfStream);
    else this.state.driver!.sendResponseData(chunk, endOfStream);
  }

  sendTrailers(flow: MessageFlow): void {
    if (flow.direction === REQUEST) this.state.driver!.sendRequestTrailers(flow.trailers!);
    else this.state.driver!.sendResponseTrailers(flow.trailers!);
  }

  endPassed(flow: MessageFlow): void {
    if (this.isEnded) return;
    this.calls.phasesOver(flow.direction === REQUEST ? REQUEST_TAIL_PHASES : RESPONSE_PHASES);
  }

  overLimit(flow: MessageFlow): void {
    const status = flow.direction === REQUEST ? 413 : 500;
    this.stageReply(status, null, Buffer.from(phraseOf(status)), "RLSE");
  }

  // ── The request's head: check, headers callback, checks asked again, routing asked again ───────────────────────────

  private requestHeadPhase(flow: MessageFlow, slot: number): Outcome {
    const run = this.entry.runOf(flow, slot);
    let outcome: Outcome = OUTCOME.go;
    if (run.isAnswered) run.isAnswered = false;
    else outcome = this.beginChecked(run);
    if (outcome === OUTCOME.go && (run.left & PHASE.requestHeaders) !== 0)
      outcome = this.requestHeadersPhase(flow, run);
    if (outcome === OUTCOME.go) this.calls.releaseWhenThrough(run);
    return outcome;
  }

  private beginChecked(run: SlotRun): Outcome {
    const outcome = this.entry.begin(run);
    return outcome === OUTCOME.go ? this.check.pass(run) : outcome;
  }

  private requestHeadersPhase(flow: MessageFlow, run: SlotRun): Outcome {
    const action = this.calls.invoke(run, PHASE.requestHeaders, flow.head!.count, flow.isHeadOnly);
    if (action === FAILED) return this.outcomeOfFailure(run);
    this.checks.noteEdits(run.slot!.index);
    run.headersAnswered(REQUEST, action);
    return this.outcomeOf(run, REQUEST, isHeadersPause(action));
  }

  /** The head that waits at the run's slot asks for an instance again. */
  retryInstance(run: SlotRun): void {
    if (!run.isWaiting || run.held[REQUEST].at === HELD.not) return;
    this.enter();
    this.request.headLeft |= 1 << run.slot!.index;
    run.held[REQUEST].isResumed = true;
    this.hasPendingResume = true;
    this.leave();
  }

  deny(run: SlotRun): void {
    const own = run.directResponse;
    if (own !== null) {
      this.stageReply(own.status, own.headers, own.body, "UAEX");
      return;
    }
    const status = statusOfCode(run.code);
    this.stageReply(status, null, Buffer.from(phraseOf(status)), "UAEX");
  }

  private sendRequestHead(flow: MessageFlow): boolean {
    if (!this.recheck(flow)) return false;
    const head = flow.head!;
    this.fitContentLength(flow);
    const mask = this.state.driver!.sendRequestHead(head, flow.isHeadOnly);
    if (flow.isClosed || mask === -1) return false;
    const fresh = mask & this.state.chain!.all & ~this.state.plan!.mask;
    if (fresh !== 0) return this.passFreshSlots(flow, fresh);
    flow.isHeadSent = true;
    if (flow.isHeadOnly) flow.isEndSent = true;
    this.calls.reservations.spend();
    this.calls.mirrors.tell(this.state.driver!);
    return true;
  }

  /** Asks checks once more that a later filter's edits have outdated. False: one of them stopped the stream. */
  private recheck(flow: MessageFlow): boolean {
    for (let run = this.checks.takeOutdated(); run !== null; run = this.checks.takeOutdated()) {
      flow.headAt = run.slot!.index;
      const begun = run.instance === null ? this.entry.begin(run) : OUTCOME.go;
      const outcome = begun === OUTCOME.go ? this.check.ask(run) : begun;
      if (outcome === OUTCOME.hold) flow.holdAgain(run.slot!.index);
      if (outcome !== OUTCOME.go) return false;
      this.calls.releaseWhenThrough(run);
    }
    flow.headAt = -1;
    return true;
  }

  /** The new route names slots that the old one did not: the head passes them too before it goes out. */
  private passFreshSlots(flow: MessageFlow, fresh: number): boolean {
    const { state } = this;
    const plan = state.chain!.planOf(state.plan!.mask | fresh);
    state.plan = plan;
    this.checks.planChanged(flow.head!);
    flow.headLeft = fresh;
    if (!flow.isHeadOnly) {
      flow.bodyMask |= plan.requestBody & fresh;
      flow.trailersMask |= plan.requestTrailers & fresh;
    }
    return flow.advanceHead();
  }

  // ── The response's head ────────────────────────────────────────────────────────────────────────────────────────────

  private beginResponse(head: Head, endOfStream: boolean, among: number): void {
    const plan = this.state.plan!;
    this.response.begin(
      head,
      endOfStream,
      plan.responseHeaders & this.served(among, PHASE.responseHeaders),
      plan.responseBody & this.served(among, PHASE.responseBody),
      plan.responseTrailers & this.served(among, PHASE.responseTrailers),
    );
    this.response.advanceHead();
  }

  /** `among` without split slots whose revision in this stream does not have the phase. */
  private served(among: number, phase: number): number {
    let mask = among;
    for (let rest = among & this.state.plan!.splits; rest !== 0; rest &= rest - 1) {
      const slot = 31 - Math.clz32(rest & -rest);
      if ((this.state.runs[slot]!.left & phase) === 0) mask &= ~(1 << slot);
    }
    return mask;
  }

  private responseHeadPhase(flow: MessageFlow, slot: number): Outcome {
    const run = this.state.runs[slot]!;
    run.hasSeenResponse = true;
    const action = this.calls.invoke(run, PHASE.responseHeaders, flow.head!.count, flow.isHeadOnly);
    if (action === FAILED) return this.outcomeOfFailure(run);
    run.headersAnswered(RESPONSE, action);
    return this.outcomeOf(run, RESPONSE, isHeadersPause(action));
  }

  private sendResponseHead(flow: MessageFlow): boolean {
    this.fitContentLength(flow);
    const head = flow.head!;
    const status = head.find(STATUS, 0, STATUS.length);
    this.status = status < 0 ? 0 : statusNumber(head, status);
    flow.isHeadSent = true;
    if (flow.isHeadOnly) flow.isEndSent = true;
    this.state.driver!.sendResponseHead(head, flow.isHeadOnly);
    if (flow.isHeadOnly) this.endPassed(flow);
    return !flow.isClosed;
  }

  /** Filters that see a body may change its length; a length that is wrong cuts or hangs the message. */
  private fitContentLength(flow: MessageFlow): void {
    if (flow.isHeadOnly || flow.bodyMask === 0) return;
    const head = flow.head!;
    const { routingEdited } = head;
    head.remove(CONTENT_LENGTH);
    head.routingEdited = routingEdited;
  }

  /** What follows from a callback that returned. */
  private outcomeOf(run: SlotRun, direction: Direction, isPause: boolean): Outcome {
    const isResumed = run.hasHeld && run.held[direction].isResumed;
    if (isResumed) run.held[direction].isResumed = false;
    if (this.isAnswering || this.isCut) return OUTCOME.stop;
    return isPause && !isResumed ? OUTCOME.hold : OUTCOME.go;
  }

  // ── Failures ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The slot's fail strategy after a callback of a message phase failed. */
  outcomeOfFailure(run: SlotRun): Outcome {
    this.calls.discard(run);
    return this.applyStrategy(run, run.failureCause);
  }

  /** The same without a guest's failure: nothing loaded, no instance to be had, a check that is no answer. */
  slotFailed(run: SlotRun, cause: number, message: string, at: string | null): Outcome {
    this.calls.keepFailure(run, cause, message, at);
    return this.applyStrategy(run, cause);
  }

  private applyStrategy(run: SlotRun, cause: number): Outcome {
    const slot = run.slot!;
    this.leaveOut(run);
    const decision = decideFailure({
      cause,
      failOpen: slot.failOpen,
      dryRun: slot.dryRun,
      isNeeded: true,
      isResponseHeadSent: this.response.isHeadSent,
    });
    if (decision === "skip") {
      if (slot.dryRun) run.verdict = "error";
      else if (run.verdict === "error") run.verdict = "noOpinion";
      return OUTCOME.go;
    }
    run.verdict = "error";
    if (this.stageReply(statusOfCode(UNAVAILABLE), null, Buffer.from(phraseOf(statusOfCode(UNAVAILABLE))), "FI"))
      this.staged.seesFilters = false;
    return OUTCOME.stop;
  }

  /** No message phase of the slot is called any more; what it holds goes on when the outermost frame resumes it. */
  private leaveOut(run: SlotRun): void {
    const { index } = run.slot!;
    run.isSkipped = true;
    run.left &= ~MESSAGE_PHASES;
    this.state.liveMask &= ~(1 << index);
    this.request.leaveOut(index);
    this.response.leaveOut(index);
    if (!run.hasHeld) return;
    for (const held of run.held) {
      held.isResumed = held.at !== HELD.not;
      this.hasPendingResume ||= held.isResumed;
    }
  }

  // ── Replies, resets, resumes: noted anywhere, done by the outermost frame ──────────────────────────────────────────

  private enter(): void {
    this.depth++;
  }

  private leave(): void {
    if (this.depth === 1) this.settle();
    this.depth--;
    if (this.depth === 0) this.rest();
  }

  private settle(): void {
    while (!this.state.isFinished) {
      if (this.staged.kind === "reply") this.performReply();
      else if (this.staged.kind === "reset") this.performReset();
      else if (this.hasPendingResume) this.performResumes();
      else return;
    }
  }

  /**
   * Notes a reply; both messages stop where they are. Before a response head was sent it will be a response, after it
   * the stream is cut. False when neither can be any more, or one was noted before. `headers` and `body` are kept.
   */
  private stageReply(
    status: number,
    headers: Head | null,
    body: Uint8Array,
    flag: StreamFlag | null,
    grpcStatus = -1,
  ): boolean {
    if (this.isAnswering) return false;
    const decision = decideReply(this.response.isHeadSent, this.state.isFinished || this.isCut || this.isOver);
    if (decision === "ignore") return false;
    this.staged.stage(status, headers, body, grpcStatus);
    this.staged.flag = flag;
    if (decision === "reset") {
      this.staged.kind = "reset";
      if (flag === null || flag === "FI" || flag === "UAEX") this.staged.flag = "LR";
    }
    this.closeFlows();
    return true;
  }

  private performReply(): void {
    const { staged, response } = this;
    staged.kind = "none";
    this.isTakenOver = true;
    if (staged.flag !== null) this.flag = staged.flag;
    if (staged.dropsUpstream) this.state.driver!.dropUpstream();
    if (this.state.isFinished) return;
    staged.fill(this.request.head!);
    const { body } = staged;
    response.reset();
    this.beginResponse(staged.head, body.length === 0, staged.seesFilters ? this.unseenMask() : 0);
    if (body.length > 0 && !response.isClosed) response.data(body, true);
  }

  /** Slots reached that were not shown a response head yet: each sees one response at most. */
  private unseenMask(): number {
    let mask = this.state.liveMask;
    for (let i = 0; i < this.state.slotCount; i++)
      if (this.state.runAt(i).hasSeenResponse) mask &= ~(1 << this.state.asked[i]!);
    return mask;
  }

  private performReset(): void {
    const flag = this.staged.flag ?? "LR";
    const { dropsUpstream } = this.staged;
    this.staged.clear();
    this.isCut = true;
    this.flag = flag;
    if (dropsUpstream) this.state.driver!.dropUpstream();
    if (!this.state.isFinished) this.state.driver!.resetDownstream(flag);
  }

  private performResumes(): void {
    this.hasPendingResume = false;
    this.resumeIn(this.request);
    this.resumeIn(this.response);
  }

  private resumeIn(flow: MessageFlow): void {
    for (let slot = this.resumedSlot(flow); slot >= 0; slot = this.resumedSlot(flow)) {
      if (flow.direction === REQUEST) this.checks.noteEdits(slot);
      flow.resume(slot);
      if (this.isAnswering) return;
      this.calls.releaseWhenThrough(this.state.runs[slot]!);
    }
  }

  /** A slot that holds a part of the message and was told to let go; -1 when there is none. */
  private resumedSlot(flow: MessageFlow): number {
    for (let rest = flow.heldMask; rest !== 0; rest &= rest - 1) {
      const slot = 31 - Math.clz32(rest & -rest);
      if (this.state.runs[slot]!.held[flow.direction].isResumed) return slot;
    }
    return -1;
  }

  private closeFlows(): void {
    this.calls.reservations.giveBack();
    this.request.close();
    this.response.close();
  }

  /** No frame is left: sources are told to wait or go on, and an ended stream goes back to the pool. */
  private rest(): void {
    if (this.isEnded) {
      this.recycle();
      return;
    }
    if (this.isRequestReadPaused !== this.request.isFull) this.turnRequestReads();
    if (!this.isEnded && this.isResponseReadPaused !== this.response.isFull) this.turnResponseReads();
  }

  private turnRequestReads(): void {
    this.isRequestReadPaused = !this.isRequestReadPaused;
    if (this.isRequestReadPaused) this.state.driver!.pauseReads(REQUEST);
    else this.state.driver!.resumeReads(REQUEST);
  }

  private turnResponseReads(): void {
    this.isResponseReadPaused = !this.isResponseReadPaused;
    if (this.isResponseReadPaused) this.state.driver!.pauseReads(RESPONSE);
    else this.state.driver!.resumeReads(RESPONSE);
  }

  private recycle(): void {
    // What a driver feeds after the end is dropped, and must not put the stream into the pool a second time.
    if (this.isInPool) return;
    this.isInPool = true;
    this.generation++;
    this.state.close();
    if (pool.length < POOLED_STREAMS_MAX) pool.push(this);
  }

  // ── StreamEffects: what guests do to their stream ──────────────────────────────────────────────────────────────────

  localResponse(run: SlotRun, reply: LocalReply): boolean {
    const isRequestPhase = this.response.head === null;
    if (this.isTakenOver || this.isAnswering) return false;
    this.enter();
    if (isRequestPhase && !this.isCut) noteOwnAnswer(run, reply);
    if (run.slot!.dryRun) this.letGoInDryRun(run);
    else this.stageReply(reply.status, reply.headers, reply.body, isRequestPhase ? "UAEX" : null, reply.grpcStatus);
    this.leave();
    return true;
  }

  /** In dry run an answer is recorded and nothing waits for it; a reset is not done either. */
  private letGoInDryRun(run: SlotRun): void {
    this.continueStream(run, REQUEST);
    this.continueStream(run, RESPONSE);
  }

  continueStream(run: SlotRun, direction: Direction): void {
    // Only its verdict lets a request go on that a check holds.
    if (run.isPending && direction === REQUEST) return;
    const held = run.held[direction];
    const isInItsCallback = this.calls.running === run && directionOf(this.calls.runningPhase) === direction;
    if (held.at === HELD.not && !isInItsCallback) return;
    this.enter();
    held.isResumed = true;
    this.hasPendingResume = true;
    this.leave();
  }

  completeCheck(run: SlotRun, kind: number): void {
    if (!this.awaitsCheck(run)) return;
    this.enter();
    if (this.check.complete(run, kind) === OUTCOME.go) this.goOnBehindCheck(run);
    this.leave();
  }

  /** A stream that is answered or cut otherwise waits for no check any more. */
  private awaitsCheck(run: SlotRun): boolean {
    const isOver = this.state.isFinished || this.isCut || this.isAnswering || this.isTakenOver;
    if (isOver) run.isPending = false;
    return run.isPending;
  }

  /** In dry run the request is gone already. Else the head is held at the slot, in front of its headers callback unless the check was asked a second time. */
  private goOnBehindCheck(run: SlotRun): void {
    const held = run.held[REQUEST];
    if (held.at === HELD.not) {
      this.calls.releaseWhenThrough(run);
      return;
    }
    if (!run.isRechecked && !run.isSkipped) {
      run.isAnswered = true;
      this.request.headLeft |= 1 << run.slot!.index;
    }
    held.isResumed = true;
    this.hasPendingResume = true;
  }

  calloutsOver(run: SlotRun): void {
    if (!this.awaitsCheck(run)) return;
    this.enter();
    if (this.check.expire(run) === OUTCOME.go) this.goOnBehindCheck(run);
    this.leave();
  }

  closeStream(run: SlotRun): void {
    if (this.state.isFinished || this.isCut || this.isOver || this.isAnswering) return;
    if (run.slot!.dryRun) {
      this.letGoInDryRun(run);
      return;
    }
    this.enter();
    this.staged.stage(0, null, NO_BYTES, -1);
    this.staged.kind = "reset";
    this.staged.flag = "LR";
    this.closeFlows();
    this.leave();
  }

  instanceLost(run: SlotRun, failure: GuestFailure): void {
    const isNeeded = (run.left & MESSAGE_PHASES) !== 0 || !run.holdsNothing;
    if (this.calls.running === null) this.calls.rollback(run);
    this.calls.discard(run);
    if (!isNeeded || this.state.isFinished) return;
    this.enter();
    this.slotFailed(run, CAUSE[failure.cause], failure.message, failure.at);
    this.leave();
  }
}

const pool: Stream[] = [];

/** A stream from this thread's pool; `end()` puts it back. */
export function takeStream(): Stream {
  return pool.pop() ?? new Stream();
}

/** "Continue and end the stream" (2) counts as continue, as in Envoy's shim: no SDK returns it. */
function isHeadersPause(action: number): boolean {
  return action !== 0 && action !== 2;
}

function directionOf(phase: number): Direction | -1 {
  if ((phase & (PHASE.requestHeaders | REQUEST_TAIL_PHASES)) !== 0) return REQUEST;
  return (phase & RESPONSE_PHASES) !== 0 ? RESPONSE : -1;
}

/** A plain filter that answers a request itself has denied it, with its details as the reason. */
function noteOwnAnswer(run: SlotRun, reply: LocalReply): void {
  run.verdict = "deny";
  run.code = codeOfStatus(reply.status);
  run.reason = reply.details === "" ? null : reply.details.slice(0, REASON_LENGTH).toWellFormed();
}
