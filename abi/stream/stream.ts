// HOT: bench proxy, bench abi.
// One HTTP stream on its way through a filter chain: runs the callbacks, applies what filters ask for, decides what a
// failure means. message-flow.ts keeps the order of each direction's message; a driver feeds this and moves the bytes.
//
// Effects of filters (reply, reset, continue) are noted while frames of this stream are on the stack, every frame then
// returns without another step, and `settle` at the outermost frame acts on them. So nothing is ever re-entered.

import { Head } from "../head/head.ts";
import { NameSet } from "../head/name-set.ts";
import { GuestFailure } from "../host/guest-failure.ts";
import { MESSAGE_PHASES, PHASE } from "../host/phase.ts";
import type { LocalReply, StreamBody, StreamContext, StreamMapType, StreamType } from "../host/stream-context.ts";
import { CAUSE } from "./cause.ts";
import type { Chain, ChainPlan } from "./chain.ts";
import type { Direction, StreamDriver, StreamFlag } from "./driver.ts";
import { decideFailure } from "./fail-strategy.ts";
import { MESSAGE_LENGTH, POOLED_STREAMS_MAX, REASON_LENGTH, SLOTS_MAX } from "./limits.ts";
import { decideReply, phraseOf } from "./local-reply.ts";
import { MessageFlow, OUTCOME } from "./message-flow.ts";
import type { FlowOwner, Outcome } from "./message-flow.ts";
import { messageProperty, statusNumber } from "./properties.ts";
import { ReadLog } from "./read-log.ts";
import { reportOf } from "./slot-report.ts";
import type { SlotReport } from "./slot-report.ts";
import { HELD, SlotRun } from "./slot-run.ts";
import { StagedReply } from "./staged-reply.ts";
import { UserProperties } from "./user-properties.ts";
import { codeOfStatus, decideCheck, NO_CODE, PERMISSION_DENIED, statusOfCode } from "./verdict.ts";

const REQUEST: Direction = 0;
const RESPONSE: Direction = 1;

/** What `invoke` answers when the guest did not return. */
const FAILED = -1;

const NO_BYTES = new Uint8Array(0);
const STATUS = Buffer.from(":status");
/** Header maps of a stream, by the ABI's map type. */
const MAPS = 4;
/** The bit of `stagedChanges` that stands for properties and additions. */
const CHANGED_VALUES = 1 << MAPS;
const CONTENT_LENGTH = Buffer.from("content-length");
const PSEUDO_ROUTING = [Buffer.from(":path"), Buffer.from(":authority"), Buffer.from(":method")];

const REQUEST_TAIL_PHASES = PHASE.requestBody | PHASE.requestTrailers;
const RESPONSE_PHASES = PHASE.responseHeaders | PHASE.responseBody | PHASE.responseTrailers;
/** Callbacks the engine makes one by one; context creation is the instance's. */
const CALLED_PHASES = MESSAGE_PHASES | PHASE.report | PHASE.log | PHASE.done | PHASE.delete;

export class Stream implements StreamContext, FlowOwner {
  /** Counts uses of this pooled object: who keeps a stream for later compares it before touching the stream. */
  generation = 0;
  /** Slots asked so far, in the order they were asked; `slotReport(i)` for i below it. */
  slotCount = 0;
  /** Status of the response head that was handed to the driver last, 0 before. */
  status = 0;
  /** Why the stream ended otherwise than well, as far as the engine decided it. */
  flag: StreamFlag | null = null;
  /** When set, what checks read is noted in it: for tests, `explain` and request files. Set after `open`. */
  readLog: ReadLog | null = null;
  /** Engine's own: by chain index. */
  readonly runs: SlotRun[] = [];
  private chain: Chain | null = null;
  private plan: ChainPlan | null = null;
  private driver: StreamDriver | null = null;
  private readonly request = new MessageFlow(this, REQUEST);
  private readonly response = new MessageFlow(this, RESPONSE);
  private readonly asked = new Uint8Array(SLOTS_MAX);
  private readonly editedNames = new NameSet();
  /** Slots that have an instance and may still be shown a part of a message. */
  private liveMask = 0;
  /** Slots whose check saw something that a later slot has edited since. */
  private recheckMask = 0;
  private running: SlotRun | null = null;
  private runningPhase = 0;
  /** Frames of this stream on the stack. */
  private depth = 0;
  private isFinished = false;
  private isEnded = true;
  /** A reply of our own took over: what the upstream says no longer counts. */
  private isTakenOver = false;
  /** Nothing more can be sent to the client. */
  private isCut = false;
  private hasPendingResume = false;
  private isRequestReadPaused = false;
  private isResponseReadPaused = false;
  private readonly staged = new StagedReply();
  private readonly properties = new UserProperties();
  /** What the running callback has changed: a bit for each header map, one for properties and additions. */
  private stagedChanges = 0;

  /** Takes the stream into use. `requestHead` stays the driver's, and valid until `end()`. */
  open(chain: Chain, slotMask: number, driver: StreamDriver, requestHead: Head): void {
    this.chain = chain;
    this.plan = chain.planOf(slotMask & chain.all);
    this.driver = driver;
    this.request.reset();
    this.response.reset();
    this.request.head = requestHead;
    this.slotCount = 0;
    this.status = 0;
    this.flag = null;
    this.readLog = null;
    this.liveMask = 0;
    this.recheckMask = 0;
    this.isFinished = false;
    this.isEnded = false;
    this.isTakenOver = false;
    this.isCut = false;
    this.hasPendingResume = false;
    this.isRequestReadPaused = false;
    this.isResponseReadPaused = false;
    this.staged.clear();
    this.properties.clear();
    this.stagedChanges = 0;
  }

  /** False: no filter wants request body bytes; the driver may move them without the engine. Asked after each event. */
  get needsRequestData(): boolean {
    return this.request.wantsData || !this.request.isHeadSent;
  }

  /** The same for the response's body. */
  get needsResponseData(): boolean {
    return this.response.wantsData || !this.response.isHeadSent;
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
    const plan = this.plan!;
    const head = this.request.head!;
    this.editedNames.clear();
    head.editedNames = plan.tracksReads ? this.editedNames : null;
    this.request.begin(head, endOfStream, plan.mask, plan.requestBody, plan.requestTrailers);
    this.request.advanceHead();
    // Callbacks still to come may read the head when the driver's read buffer has long been used again.
    if (this.liveMask !== 0) head.own();
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
    this.beginResponse(head, endOfStream, this.liveMask);
    if (this.liveMask !== 0) head.own();
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
  downstreamClosed(): void {
    if (this.isFinished) return;
    this.isCut = true;
    this.flag ??= "DC";
    this.staged.clear();
    this.closeFlows();
  }

  /** The stream's idle time is over: 504 before a response head was sent, cut after. */
  idleTimeout(): void {
    this.enter();
    if (this.stageReply(504, null, Buffer.from("stream idle timeout\n"), "SI")) this.staged.seesFilters = false;
    this.leave();
  }

  /**
   * policy_on_report and proxy_on_log of every slot, once. Then the driver writes the record from `slotReport`, and
   * calls `end()`. Like `end`, `replyFromDriver` and `downstreamClosed` it may be called from within a StreamDriver method.
   */
  finish(): void {
    if (this.isFinished) return;
    this.enter();
    this.isFinished = true;
    this.staged.clear();
    this.closeFlows();
    for (let i = 0; i < this.slotCount; i++) this.invokeLast(this.slotRun(i), PHASE.report);
    for (let i = 0; i < this.slotCount; i++) this.invokeLast(this.slotRun(i), PHASE.log);
    this.leave();
  }

  /** `finish()` if that is still to come, on_done, on_delete, instances given back; the object is the pool's again. */
  end(): void {
    if (this.isEnded) return;
    this.finish();
    this.enter();
    for (let i = 0; i < this.slotCount; i++) this.invokeLast(this.slotRun(i), PHASE.done);
    for (let i = 0; i < this.slotCount; i++) this.releaseInstance(this.slotRun(i));
    this.isEnded = true;
    this.leave();
  }

  /** What the record says of the i-th slot that was asked. */
  slotReport(i: number): SlotReport {
    return reportOf(this.slotRun(i));
  }

  /** The i-th slot that was asked, for readers that want single facts without a report object. */
  slotRun(i: number): SlotRun {
    return this.runs[this.asked[i]!]!;
  }

  // ── FlowOwner: what a message meets at one slot ────────────────────────────────────────────────────────────────────

  headPhase(flow: MessageFlow, slot: number): Outcome {
    return flow.direction === REQUEST ? this.requestHeadPhase(flow, slot) : this.responseHeadPhase(flow, slot);
  }

  bodyPhase(flow: MessageFlow, run: SlotRun, endOfStream: boolean): Outcome {
    const held = run.held[flow.direction];
    const phase = flow.direction === REQUEST ? PHASE.requestBody : PHASE.responseBody;
    const hadTrailers = flow.trailers !== null;
    held.isOpen = true;
    held.hasLastChunk = endOfStream;
    const action = this.invoke(run, phase, held.body.length, endOfStream);
    held.isOpen = false;
    held.hasLastChunk = false;
    if (action === FAILED) {
      if (!hadTrailers) flow.trailers = null;
      return this.outcomeOfFailure(run);
    }
    if (flow.direction === REQUEST && flow.headAt === run.slot!.index) this.noteEdits(flow.headAt);
    if (!endOfStream) run.left |= phase;
    const outcome = this.outcomeOf(run, flow.direction, action !== 0);
    if (outcome !== OUTCOME.hold) return outcome;
    held.isWatermarked = action === 2;
    return action === 3 ? OUTCOME.holdWithoutChunk : OUTCOME.hold;
  }

  trailersPhase(flow: MessageFlow, run: SlotRun): Outcome {
    const held = run.held[flow.direction];
    const phase = flow.direction === REQUEST ? PHASE.requestTrailers : PHASE.responseTrailers;
    held.hasOpenTrailers = true;
    const action = this.invoke(run, phase, flow.trailers!.count, true);
    const outcome = action === FAILED ? this.outcomeOfFailure(run) : this.outcomeOf(run, flow.direction, action !== 0);
    if (outcome !== OUTCOME.hold) held.hasOpenTrailers = false;
    return outcome;
  }

  sendHead(flow: MessageFlow): boolean {
    if (flow.isClosed) return false;
    return flow.direction === REQUEST ? this.sendRequestHead(flow) : this.sendResponseHead(flow);
  }

  sendData(flow: MessageFlow, chunk: Uint8Array, endOfStream: boolean): void {
    if (flow.direction === REQUEST) this.driver!.sendRequestData(chunk, endOfStream);
    else this.driver!.sendResponseData(chunk, endOfStream);
  }

  sendTrailers(flow: MessageFlow): void {
    if (flow.direction === REQUEST) this.driver!.sendRequestTrailers(flow.trailers!);
    else this.driver!.sendResponseTrailers(flow.trailers!);
  }

  endPassed(flow: MessageFlow): void {
    if (this.isEnded) return;
    this.phasesOver(flow.direction === REQUEST ? REQUEST_TAIL_PHASES : RESPONSE_PHASES);
  }

  overLimit(flow: MessageFlow): void {
    const status = flow.direction === REQUEST ? 413 : 500;
    this.stageReply(status, null, Buffer.from(phraseOf(status)), "RLSE");
  }

  // ── The request's head: check, headers callback, checks asked again, routing asked again ───────────────────────────

  private requestHeadPhase(flow: MessageFlow, slot: number): Outcome {
    const run = this.ask(slot, flow.isHeadOnly);
    let outcome = this.begin(run);
    if (outcome === OUTCOME.go && this.mustCheck(run)) outcome = this.check(run);
    if (outcome === OUTCOME.go && (run.left & PHASE.requestHeaders) !== 0)
      outcome = this.requestHeadersPhase(flow, run);
    if (outcome === OUTCOME.go) this.releaseWhenThrough(run);
    return outcome;
  }

  private requestHeadersPhase(flow: MessageFlow, run: SlotRun): Outcome {
    const action = this.invoke(run, PHASE.requestHeaders, flow.head!.count, flow.isHeadOnly);
    if (action === FAILED) return this.outcomeOfFailure(run);
    this.noteEdits(run.slot!.index);
    run.held[REQUEST].isWatermarked = action !== 3;
    return this.outcomeOf(run, REQUEST, isHeadersPause(action));
  }

  private ask(slot: number, isHeadOnly: boolean): SlotRun {
    const chain = this.chain!;
    while (this.runs.length <= slot) this.runs.push(new SlotRun());
    const run = this.runs[slot]!;
    run.reset(chain.slots[slot]!, chain.bodyBufferBytesMax);
    this.asked[this.slotCount++] = slot;
    const { plugin } = run.slot!;
    if (plugin !== null) run.left = plugin.phases & CALLED_PHASES;
    if (isHeadOnly) run.left &= ~REQUEST_TAIL_PHASES;
    return run;
  }

  /** An instance and a context for the slot. */
  private begin(run: SlotRun): Outcome {
    const slot = run.slot!;
    const { plugin } = slot;
    if (plugin === null) return this.slotFailed(run, CAUSE.notLoaded, slot.notLoaded ?? "nothing is loaded", null);
    if (run.left === 0) return OUTCOME.go;
    const instance = plugin.acquire();
    if (instance === null) {
      return plugin.failure === null
        ? this.slotFailed(run, CAUSE.limit, "all instances of the filter are in use", null)
        : this.slotFailed(run, CAUSE.notLoaded, plugin.failure, null);
    }
    run.instance = instance;
    this.liveMask |= 1 << slot.index;
    if (!this.createContext(run)) return this.outcomeOfFailure(run);
    return this.staged.kind === "none" ? OUTCOME.go : OUTCOME.stop;
  }

  private createContext(run: SlotRun): boolean {
    this.running = run;
    try {
      run.contextId = run.instance!.createStream(this, run.slot!.index);
      return true;
    } catch (thrown) {
      this.noteFailure(run, thrown);
      return false;
    } finally {
      run.fuel += run.instance!.fuelUsed;
      this.running = null;
      this.commit();
    }
  }

  private mustCheck(run: SlotRun): boolean {
    return (run.left & PHASE.check) !== 0 || run.slot!.requiresCheck;
  }

  private check(run: SlotRun): Outcome {
    const kind = (run.left & PHASE.check) === 0 ? 0 : this.invokeCheck(run);
    run.hasChecked = true;
    if (kind === FAILED) return this.outcomeOfFailure(run);
    if (this.staged.kind !== "none") return OUTCOME.stop;
    const { verdict, problem } = decideCheck(kind, run.slot!.requiresCheck);
    run.verdict = verdict;
    if (verdict === "error") return this.slotFailed(run, CAUSE.error, run.reason ?? problem!, "policy_on_check");
    if (verdict !== "deny") {
      run.code = NO_CODE;
      run.reason = null;
      return OUTCOME.go;
    }
    if (run.code === NO_CODE) run.code = PERMISSION_DENIED;
    if (run.slot!.dryRun) return OUTCOME.go;
    this.stageDeny(run);
    return OUTCOME.stop;
  }

  private invokeCheck(run: SlotRun): number {
    const head = this.request.head!;
    if (this.plan!.tracksReads || this.readLog !== null) {
      run.reads.clear();
      run.reads.spelled = this.readLog === null ? null : this.readLog.headerNames;
      head.reads = run.reads;
    }
    const kind = this.invoke(run, PHASE.check, 0, false);
    head.reads = null;
    if (this.readLog !== null) this.readLog.endCheck();
    return kind;
  }

  private stageDeny(run: SlotRun): void {
    const own = run.directResponse;
    if (own !== null) {
      this.stageReply(own.status, own.headers, own.body, "UAEX");
      return;
    }
    const status = statusOfCode(run.code);
    this.stageReply(status, null, Buffer.from(phraseOf(status)), "UAEX");
  }

  /** Marks the checks of earlier slots that read what this slot has just edited. Its own check knew what it was about. */
  private noteEdits(slot: number): void {
    if (!this.plan!.tracksReads || this.editedNames.isEmpty) return;
    const isPseudo = PSEUDO_ROUTING.some((name) => this.editedNames.has(name, 0, name.length));
    for (let i = 0; i < this.slotCount; i++) {
      const index = this.asked[i]!;
      const run = this.runs[index]!;
      if (index >= slot || !run.hasChecked || run.isRechecked) continue;
      if (isPseudo || run.reads.meets(this.editedNames)) this.recheckMask |= 1 << index;
    }
    this.editedNames.clear();
  }

  private sendRequestHead(flow: MessageFlow): boolean {
    if (this.recheckMask !== 0 && !this.recheck(flow)) return false;
    const head = flow.head!;
    this.fitContentLength(flow);
    const mask = this.driver!.sendRequestHead(head, flow.isHeadOnly);
    if (flow.isClosed || mask === -1) return false;
    const fresh = mask & this.chain!.all & ~this.plan!.mask;
    if (fresh !== 0) return this.passFreshSlots(flow, fresh);
    flow.isHeadSent = true;
    if (flow.isHeadOnly) flow.isEndSent = true;
    return true;
  }

  /** The new route names slots that the old one did not: the head passes them too before it goes out. */
  private passFreshSlots(flow: MessageFlow, fresh: number): boolean {
    const plan = this.chain!.planOf(this.plan!.mask | fresh);
    this.plan = plan;
    flow.headLeft = fresh;
    if (!flow.isHeadOnly) {
      flow.bodyMask |= plan.requestBody & fresh;
      flow.trailersMask |= plan.requestTrailers & fresh;
    }
    return flow.advanceHead();
  }

  /** Asks the marked checks once more, in the chain's order. False: one of them stopped the stream. */
  private recheck(flow: MessageFlow): boolean {
    while (this.recheckMask !== 0) {
      const slot = 31 - Math.clz32(this.recheckMask & -this.recheckMask);
      this.recheckMask &= ~(1 << slot);
      const run = this.runs[slot]!;
      if (run.isSkipped || run.isRechecked) continue;
      run.isRechecked = true;
      flow.headAt = slot;
      if (this.checkAgain(run) !== OUTCOME.go) return false;
    }
    flow.headAt = -1;
    return true;
  }

  private checkAgain(run: SlotRun): Outcome {
    run.code = NO_CODE;
    run.reason = null;
    run.directResponse = null;
    run.left |= PHASE.check & run.slot!.plugin!.phases;
    const begun = run.instance === null ? this.begin(run) : OUTCOME.go;
    const outcome = begun === OUTCOME.go ? this.check(run) : begun;
    if (outcome === OUTCOME.go) this.releaseWhenThrough(run);
    return outcome;
  }

  // ── The response's head ────────────────────────────────────────────────────────────────────────────────────────────

  private beginResponse(head: Head, endOfStream: boolean, among: number): void {
    const plan = this.plan!;
    this.response.begin(
      head,
      endOfStream,
      plan.responseHeaders & among,
      plan.responseBody & among,
      plan.responseTrailers & among,
    );
    this.response.advanceHead();
  }

  private responseHeadPhase(flow: MessageFlow, slot: number): Outcome {
    const run = this.runs[slot]!;
    run.hasSeenResponse = true;
    const action = this.invoke(run, PHASE.responseHeaders, flow.head!.count, flow.isHeadOnly);
    if (action === FAILED) return this.outcomeOfFailure(run);
    run.held[RESPONSE].isWatermarked = action !== 3;
    return this.outcomeOf(run, RESPONSE, isHeadersPause(action));
  }

  private sendResponseHead(flow: MessageFlow): boolean {
    this.fitContentLength(flow);
    const head = flow.head!;
    const status = head.find(STATUS, 0, STATUS.length);
    this.status = status < 0 ? 0 : statusNumber(head.value(status));
    flow.isHeadSent = true;
    if (flow.isHeadOnly) flow.isEndSent = true;
    this.driver!.sendResponseHead(head, flow.isHeadOnly);
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

  // ── Calls into guests ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Runs one callback. Its action, or FAILED: then what it changed is undone and the run has the failure. */
  private invoke(run: SlotRun, phase: number, count: number, endOfStream: boolean): number {
    const instance = run.instance!;
    // What a tick changed through the effective context is no part of this callback.
    this.commit();
    run.held[0].body.commit();
    run.held[1].body.commit();
    this.running = run;
    this.runningPhase = phase;
    run.left &= ~phase;
    try {
      switch (phase) {
        case PHASE.check:
          return instance.onCheck(run.contextId);
        case PHASE.requestHeaders:
          return instance.requestHeaders(run.contextId, count, endOfStream);
        case PHASE.requestBody:
          return instance.requestBody(run.contextId, count, endOfStream);
        case PHASE.requestTrailers:
          return instance.requestTrailers(run.contextId, count);
        case PHASE.responseHeaders:
          return instance.responseHeaders(run.contextId, count, endOfStream);
        case PHASE.responseBody:
          return instance.responseBody(run.contextId, count, endOfStream);
        case PHASE.responseTrailers:
          return instance.responseTrailers(run.contextId, count);
        case PHASE.report:
          instance.onReport(run.contextId);
          return 0;
        case PHASE.log:
          instance.log(run.contextId);
          return 0;
        default:
          instance.done(run.contextId);
          return 0;
      }
    } catch (thrown) {
      this.noteFailure(run, thrown);
      return FAILED;
    } finally {
      run.fuel += instance.fuelUsed;
      this.running = null;
      this.runningPhase = 0;
      this.commit();
    }
  }

  /** A callback after the messages, where nothing depends on its success. */
  private invokeLast(run: SlotRun, phase: number): void {
    if (run.instance === null || (run.left & phase) === 0) return;
    if (this.invoke(run, phase, 0, false) === FAILED) this.discardInstance(run);
  }

  /** What follows from a callback that returned. */
  private outcomeOf(run: SlotRun, direction: Direction, isPause: boolean): Outcome {
    const held = run.held[direction];
    const { isResumed } = held;
    held.isResumed = false;
    if (this.staged.kind !== "none" || this.isCut) return OUTCOME.stop;
    return isPause && !isResumed ? OUTCOME.hold : OUTCOME.go;
  }

  /** What a callback that returned has changed stays. */
  private commit(): void {
    if (this.stagedChanges === 0) return;
    for (let map = 0; map < MAPS; map++) if ((this.stagedChanges & (1 << map)) !== 0) this.mapOf(map)?.commit();
    this.properties.commit();
    for (let i = 0; i < this.slotCount; i++) this.slotRun(i).additions.commit();
    this.stagedChanges = 0;
  }

  private rollback(run: SlotRun): void {
    run.held[0].body.rollback();
    run.held[1].body.rollback();
    if (this.stagedChanges === 0) return;
    for (let map = 0; map < MAPS; map++) if ((this.stagedChanges & (1 << map)) !== 0) this.mapOf(map)?.rollback();
    this.editedNames.clear();
    this.properties.rollback();
    run.additions.rollback();
    this.stagedChanges = 0;
  }

  // ── Failures ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Undoes what the callback changed and keeps why it failed. The instance is dead. */
  private noteFailure(run: SlotRun, thrown: unknown): void {
    if (!(thrown instanceof GuestFailure)) throw thrown;
    this.rollback(run);
    run.code = NO_CODE;
    run.reason = null;
    run.directResponse = null;
    this.keepFailure(run, CAUSE[thrown.cause], thrown.message, thrown.at);
  }

  private keepFailure(run: SlotRun, cause: number, message: string, at: string | null): void {
    if (run.failureCause !== 0) return;
    run.failureCause = cause;
    run.failureMessage = message.slice(0, MESSAGE_LENGTH);
    run.failureAt = at;
  }

  /** The slot's fail strategy after a callback of a message phase failed. */
  private outcomeOfFailure(run: SlotRun): Outcome {
    this.discardInstance(run);
    return this.applyStrategy(run, run.failureCause);
  }

  /** The same without a guest's failure: nothing loaded, no instance to be had, a check that is no answer. */
  private slotFailed(run: SlotRun, cause: number, message: string, at: string | null): Outcome {
    this.keepFailure(run, cause, message, at);
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
    if (this.stageReply(503, null, Buffer.from(phraseOf(503)), "FI")) this.staged.seesFilters = false;
    return OUTCOME.stop;
  }

  /** No message phase of the slot is called any more; what it holds goes on when the outermost frame resumes it. */
  private leaveOut(run: SlotRun): void {
    const { index } = run.slot!;
    run.isSkipped = true;
    run.left &= ~MESSAGE_PHASES;
    this.liveMask &= ~(1 << index);
    this.request.leaveOut(index);
    this.response.leaveOut(index);
    for (const held of run.held) {
      held.isResumed = held.at !== HELD.not;
      this.hasPendingResume ||= held.isResumed;
    }
  }

  /** The dead instance goes back to its plugin, which makes it anew; nothing of it is called again. */
  private discardInstance(run: SlotRun): void {
    const { instance } = run;
    if (instance === null) return;
    run.instance = null;
    run.contextId = 0;
    run.left = 0;
    this.liveMask &= ~(1 << run.slot!.index);
    run.slot!.plugin!.release(instance);
  }

  private releaseWhenThrough(run: SlotRun): void {
    if (run.left === 0 && run.held[0].at === HELD.not && run.held[1].at === HELD.not) this.releaseInstance(run);
  }

  /** proxy_on_delete, and the instance is its plugin's again. */
  private releaseInstance(run: SlotRun): void {
    const { instance } = run;
    if (instance === null) return;
    this.running = run;
    try {
      instance.delete(run.contextId);
    } catch (thrown) {
      this.noteFailure(run, thrown);
    } finally {
      this.running = null;
      this.commit();
    }
    this.discardInstance(run);
  }

  /** These phases of a message are over for every slot: who has none left gives its instance back. */
  private phasesOver(phases: number): void {
    for (let i = 0; i < this.slotCount; i++) {
      const run = this.slotRun(i);
      run.left &= ~phases;
      if (run.instance !== null) this.releaseWhenThrough(run);
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
    while (!this.isFinished) {
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
    if (this.staged.kind !== "none") return false;
    const decision = decideReply(this.response.isHeadSent, this.isFinished || this.isCut || this.isOver);
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
    if (staged.dropsUpstream) this.driver!.dropUpstream();
    if (this.isFinished) return;
    staged.fill(this.request.head!);
    const { body } = staged;
    response.reset();
    this.beginResponse(staged.head, body.length === 0, staged.seesFilters ? this.unseenMask() : 0);
    if (body.length > 0 && !response.isClosed) response.data(body, true);
  }

  /** Slots reached that were not shown a response head yet: each sees one response at most. */
  private unseenMask(): number {
    let mask = this.liveMask;
    for (let i = 0; i < this.slotCount; i++) if (this.slotRun(i).hasSeenResponse) mask &= ~(1 << this.asked[i]!);
    return mask;
  }

  private performReset(): void {
    const flag = this.staged.flag ?? "LR";
    const { dropsUpstream } = this.staged;
    this.staged.clear();
    this.isCut = true;
    this.flag = flag;
    if (dropsUpstream) this.driver!.dropUpstream();
    if (!this.isFinished) this.driver!.resetDownstream(flag);
  }

  private performResumes(): void {
    this.hasPendingResume = false;
    this.resumeIn(this.request);
    this.resumeIn(this.response);
  }

  private resumeIn(flow: MessageFlow): void {
    for (let slot = this.resumedSlot(flow); slot >= 0; slot = this.resumedSlot(flow)) {
      if (flow.direction === REQUEST) this.noteEdits(slot);
      flow.resume(slot);
      if (this.staged.kind !== "none") return;
      this.releaseWhenThrough(this.runs[slot]!);
    }
  }

  /** A slot that holds a part of the message and was told to let go; -1 when there is none. */
  private resumedSlot(flow: MessageFlow): number {
    for (let rest = flow.heldMask; rest !== 0; rest &= rest - 1) {
      const slot = 31 - Math.clz32(rest & -rest);
      if (this.runs[slot]!.held[flow.direction].isResumed) return slot;
    }
    return -1;
  }

  private closeFlows(): void {
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
    if (this.isRequestReadPaused) this.driver!.pauseReads(REQUEST);
    else this.driver!.resumeReads(REQUEST);
  }

  private turnResponseReads(): void {
    this.isResponseReadPaused = !this.isResponseReadPaused;
    if (this.isResponseReadPaused) this.driver!.pauseReads(RESPONSE);
    else this.driver!.resumeReads(RESPONSE);
  }

  private recycle(): void {
    this.generation++;
    this.chain = null;
    this.plan = null;
    this.driver = null;
    this.readLog = null;
    this.request.head = this.request.trailers = null;
    this.response.head = this.response.trailers = null;
    if (pool.length < POOLED_STREAMS_MAX) pool.push(this);
  }

  // ── StreamContext: what hostcalls ask ──────────────────────────────────────────────────────────────────────────────

  head(_slot: number, mapType: StreamMapType): Head | null {
    // Envoy's access log cannot read request trailers either.
    if (mapType === 1 && this.isFinished) return null;
    return this.mapOf(mapType);
  }

  headForWrite(slot: number, mapType: StreamMapType): Head | null {
    if (this.isFinished) return null;
    const flow = mapType < 2 ? this.request : this.response;
    const map = (mapType & 1) === 0 ? headersForWrite(flow, slot) : trailersForWrite(flow, this.runs[slot]!);
    if (map === null) return null;
    map.save();
    this.stagedChanges |= 1 << mapType;
    return map;
  }

  body(slot: number, bufferType: 0 | 1): StreamBody | null {
    if (this.isFinished) return null;
    const held = this.runs[slot]!.held[bufferType];
    const isReadable = held.isOpen || (held.at !== HELD.not && !held.isUnseen);
    return isReadable ? held.body : null;
  }

  property(_slot: number, path: string): Uint8Array | null {
    if (this.readLog !== null && this.runningPhase === PHASE.check) return this.notedProperty(path, this.readLog);
    return this.plainProperty(path);
  }

  /** A property of a check is noted by its own name, not by the header it is made of. */
  private notedProperty(path: string, log: ReadLog): Uint8Array | null {
    const { reads } = this.running!;
    log.add(path);
    reads.spelled = null;
    const value = this.plainProperty(path);
    reads.spelled = log.headerNames;
    return value;
  }

  private plainProperty(path: string): Uint8Array | null {
    return (
      messageProperty(this.request, this.response, path) ?? this.properties.get(path) ?? this.driver!.property(path)
    );
  }

  setProperty(_slot: number, path: string, value: Uint8Array): boolean {
    this.stagedChanges |= CHANGED_VALUES;
    return this.properties.set(path, value);
  }

  setVerdict(slot: number, code: number, reason: string): void {
    if (this.runningPhase !== PHASE.check) return;
    const run = this.runs[slot]!;
    run.code = code;
    run.reason = reason.slice(0, REASON_LENGTH);
  }

  setResponse(slot: number, status: number, headers: Head, body: Uint8Array): void {
    if (this.runningPhase !== PHASE.check) return;
    const kept = new Head();
    kept.copyFrom(headers);
    this.runs[slot]!.directResponse = { status, headers: kept, body: body.slice() };
  }

  report(slot: number, key: string, type: number, value: Uint8Array): boolean {
    this.stagedChanges |= CHANGED_VALUES;
    return this.runs[slot]!.additions.add(key, type, value);
  }

  localResponse(slot: number, reply: LocalReply): boolean {
    const run = this.runs[slot]!;
    const isRequestPhase = this.response.head === null;
    if (this.isTakenOver || this.staged.kind !== "none") return false;
    this.enter();
    if (isRequestPhase && !this.isCut) noteOwnAnswer(run, reply);
    if (run.slot!.dryRun) this.letGoInDryRun(slot);
    else this.stageReply(reply.status, reply.headers, reply.body, isRequestPhase ? "UAEX" : null, reply.grpcStatus);
    this.leave();
    return true;
  }

  /** In dry run an answer is recorded and nothing waits for it. */
  private letGoInDryRun(slot: number): void {
    this.continueStream(slot, REQUEST);
    this.continueStream(slot, RESPONSE);
  }

  continueStream(slot: number, type: StreamType): void {
    const run = this.runs[slot]!;
    const held = run.held[type];
    const isInItsCallback = this.running === run && directionOf(this.runningPhase) === type;
    if (held.at === HELD.not && !isInItsCallback) return;
    this.enter();
    held.isResumed = true;
    this.hasPendingResume = true;
    this.leave();
  }

  closeStream(_slot: number, _type: StreamType): void {
    if (this.isFinished || this.isCut || this.staged.kind !== "none") return;
    if (this.isOver) return;
    this.enter();
    this.staged.stage(0, null, NO_BYTES, -1);
    this.staged.kind = "reset";
    this.staged.flag = "LR";
    this.closeFlows();
    this.leave();
  }

  instanceLost(slot: number, failure: GuestFailure): void {
    const run = this.runs[slot]!;
    const isNeeded = (run.left & MESSAGE_PHASES) !== 0 || run.held[0].at !== HELD.not || run.held[1].at !== HELD.not;
    if (this.running === null) this.rollback(run);
    this.discardInstance(run);
    if (!isNeeded || this.isFinished) return;
    this.enter();
    this.slotFailed(run, CAUSE[failure.cause], failure.message, failure.at);
    this.leave();
  }

  private mapOf(mapType: number): Head | null {
    switch (mapType) {
      case 0:
        return this.request.head;
      case 1:
        return this.request.trailers;
      case 2:
        return this.response.head;
      default:
        return this.response.trailers;
    }
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

/** Headers may be changed by the slot where the head stands: in its callback, or held by it. */
function headersForWrite(flow: MessageFlow, slot: number): Head | null {
  return flow.headAt === slot && !flow.isClosed ? flow.head : null;
}

/** Trailers may be changed in their phase; in the callback of the last body chunk they may be made. */
function trailersForWrite(flow: MessageFlow, run: SlotRun): Head | null {
  const held = run.held[flow.direction];
  if (!held.hasOpenTrailers && !held.hasLastChunk) return null;
  flow.trailers ??= new Head();
  return flow.trailers;
}

/** A plain filter that answers a request itself has denied it, with its details as the reason. */
function noteOwnAnswer(run: SlotRun, reply: LocalReply): void {
  run.verdict = "deny";
  run.code = codeOfStatus(reply.status);
  run.reason = reply.details === "" ? null : reply.details.slice(0, REASON_LENGTH);
}
