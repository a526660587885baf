// HOT: bench abi.
// One wasm instance and the contexts in it. Each callback method runs the guest's export when there is one, drains the
// effects it queued, and returns its result normalised; without the export it returns what "continue" is. A callback
// that does not return throws GuestFailure, and the instance is never called again.

import { BufferType, CheckKind, DataStatus, HeadersStatus, TrailersStatus } from "../spec/enums.ts";
import {
  Caller,
  enter,
  leave,
  NO_FAILURE,
  OPEN,
  PROBING,
  runningCaller,
  runningRestriction,
  VM_CONTEXT,
  type GuestContext,
  type Restriction,
} from "./caller.ts";
import type { CalloutListener } from "./callout-book.ts";
import { perform } from "./effects.ts";
import { describeFailure } from "./failure.ts";
import { CALLBACK, CALLBACK_EXPORTS, type GuestExports, type GuestFunction } from "./guest-exports.ts";
import type { GuestFailure } from "./guest-failure.ts";
import { growTo, restoreGlobals, restoreMemory, takeImage, type Image } from "./image.ts";
import type { StreamContext } from "./stream-context.ts";

const ROOT_ID = 1;
const FIRST_STREAM_ID = ROOT_ID + 1;

/** A running module: one method per callback. A method that throws GuestFailure was the last that may be called. */
export class Instance implements CalloutListener {
  /** True after a GuestFailure: nothing of it may be called. */
  failed = false;
  /** Fuel spent by the last callback, also when it failed. */
  fuelUsed = 0;
  /** Plugin only: a stream has it; and the state epoch whose image it holds. */
  lent = false;
  epoch = 0;
  private readonly guest: Caller;
  private readonly exports: GuestExports;
  /** By CALLBACK; null where the guest has none. */
  private readonly callbacks: (GuestFunction | null)[];
  private readonly root: GuestContext = { id: ROOT_ID, stream: null, slot: 0 };
  private readonly fuelBudget: number;
  private readonly depthBudget: number;
  private nextId = FIRST_STREAM_ID;
  /** What memory was put back to last: only what was written since differs from it. */
  private held: Image | null = null;
  /** The guest knows the next stream's context already: it was in the image. */
  private hasContext = false;

  constructor(guest: Caller, exports: GuestExports) {
    const { limits } = guest.scope.spec;
    this.guest = guest;
    this.exports = exports;
    this.callbacks = CALLBACK_EXPORTS.map((name) => exports.functions.get(name) ?? null);
    this.fuelBudget = limits.fuel;
    this.depthBudget = limits.depth;
    guest.contexts.add(this.root);
    guest.listener = this;
    this.fillDepth();
  }

  isOf(guest: Caller): boolean {
    return this.guest === guest;
  }

  /** Streams with a context in this instance. */
  get streamsLive(): number {
    return this.guest.contexts.size - 1;
  }

  get memoryBytes(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** Makes a stream context and calls proxy_on_context_create; returns its id. `slot` is handed back in every call on `stream`. */
  createStream(stream: StreamContext, slot: number): number {
    const contexts = this.guest.contexts;
    let id = this.nextId;
    while (id === 0 || contexts.has(id)) id = (id + 1) >>> 0;
    this.nextId = (id + 1) >>> 0;
    const context: GuestContext = { id, stream, slot };
    contexts.add(context);
    if (!this.hasContext) {
      this.callIfThere(CALLBACK.contextCreate, context, id, ROOT_ID, 0, 0);
      return id;
    }
    this.hasContext = false;
    this.fuelUsed = 0;
    return id;
  }

  /**
   * Plugin only: makes the first stream's context before there is a stream. False, and the instance is dead, when that takes
   * a hostcall. Without one it ends the same every time, so it may be done once, in the image; measured: 0.2 µs a stream.
   */
  makeContextAhead(): boolean {
    const create = this.callbacks[CALLBACK.contextCreate]!;
    const context: GuestContext = { id: FIRST_STREAM_ID, stream: null, slot: 0 };
    try {
      const name = CALLBACK_EXPORTS[CALLBACK.contextCreate];
      if (create !== null) this.call(create, name, context, PROBING, this.fuelBudget, FIRST_STREAM_ID, ROOT_ID, 0);
      return create !== null;
    } catch {
      return false;
    }
  }

  /** policy_on_check: a CheckKind; what is none of them is `Error`. */
  onCheck(contextId: number): number {
    const kind = this.callIfThere(CALLBACK.check, this.contextOf(contextId), contextId, 0, 0, CheckKind.NoOpinion);
    return kind > CheckKind.Pending ? CheckKind.Error : kind;
  }
  /** A HeadersStatus, 0…4. */
  requestHeaders(contextId: number, count: number, endOfStream: boolean): number {
    return this.headers(CALLBACK.requestHeaders, contextId, count, endOfStream);
  }
  /** A DataStatus, 0…3. `bodySize` counts all that is buffered for this slot. */
  requestBody(contextId: number, bodySize: number, endOfStream: boolean): number {
    return this.body(CALLBACK.requestBody, contextId, bodySize, endOfStream);
  }
  /** A TrailersStatus, 0…1. */
  requestTrailers(contextId: number, count: number): number {
    return this.trailers(CALLBACK.requestTrailers, contextId, count);
  }
  responseHeaders(contextId: number, count: number, endOfStream: boolean): number {
    return this.headers(CALLBACK.responseHeaders, contextId, count, endOfStream);
  }
  responseBody(contextId: number, bodySize: number, endOfStream: boolean): number {
    return this.body(CALLBACK.responseBody, contextId, bodySize, endOfStream);
  }
  responseTrailers(contextId: number, count: number): number {
    return this.trailers(CALLBACK.responseTrailers, contextId, count);
  }

  onReport(contextId: number): void {
    this.callIfThere(CALLBACK.report, this.contextOf(contextId), contextId, 0, 0, 0);
  }
  log(contextId: number): void {
    this.callIfThere(CALLBACK.log, this.contextOf(contextId), contextId, 0, 0, 0);
  }
  done(contextId: number): void {
    this.callIfThere(CALLBACK.done, this.contextOf(contextId), contextId, 0, 0, 1);
  }
  /** proxy_on_delete; then the id is void. Call it once for every createStream that returned, unless the instance failed. */
  delete(contextId: number): void {
    this.callIfThere(CALLBACK.delete, this.contextOf(contextId), contextId, 0, 0, 0);
    this.guest.contexts.delete(contextId);
  }

  /** Plugin only: root context, vm_start, configure, on the budget of a start. Returns what the guest refused, or null. */
  startRoot(): "proxy_on_vm_start" | "proxy_on_configure" | null {
    const { spec } = this.guest.scope;
    this.callStarting(CALLBACK.contextCreate, ROOT_ID, 0, 0);
    if (this.callStarting(CALLBACK.vmStart, ROOT_ID, spec.vmConfig.length, 1) === 0) return "proxy_on_vm_start";
    const isConfigured = this.callStarting(CALLBACK.configure, ROOT_ID, spec.pluginConfig.length, 1) !== 0;
    this.guest.hostFuelMax = spec.limits.fuel;
    return isConfigured ? null : "proxy_on_configure";
  }

  tick(): void {
    this.callIfThere(CALLBACK.tick, this.root, ROOT_ID, 0, 0, 0);
  }

  // ── Arrivals: what comes from outside, told to the root; the guest reaches a stream by proxy_set_effective_context ────────

  /** No headers: it failed. */
  httpCallResponse(callId: number, headers: number, bodySize: number, trailers: number): void {
    const run = this.callbacks[CALLBACK.httpCallResponse]!;
    if (run === null) return;
    // The only callback of five values: a frame more here keeps `call` at three for all the others.
    const answer: GuestFunction = (a, b, c) => run(a!, b!, c!, bodySize, trailers);
    const name = CALLBACK_EXPORTS[CALLBACK.httpCallResponse];
    this.call(answer, name, this.root, OPEN, this.fuelBudget, ROOT_ID, callId, headers);
  }
  grpcReceiveInitialMetadata(token: number, elements: number): void {
    this.callIfThere(CALLBACK.grpcInitialMetadata, this.root, ROOT_ID, token, elements, 0);
  }
  grpcReceive(token: number, messageSize: number): void {
    this.callIfThere(CALLBACK.grpcReceive, this.root, ROOT_ID, token, messageSize, 0);
  }
  grpcReceiveTrailingMetadata(token: number, elements: number): void {
    this.callIfThere(CALLBACK.grpcTrailingMetadata, this.root, ROOT_ID, token, elements, 0);
  }
  grpcClose(token: number, status: number): void {
    this.callIfThere(CALLBACK.grpcClose, this.root, ROOT_ID, token, status, 0);
  }
  queueReady(token: number): void {
    this.callIfThere(CALLBACK.queueReady, this.root, ROOT_ID, token, 0, 0);
  }
  /** The arguments are in buffer CallData meanwhile. */
  foreignFunction(functionId: number, args: Uint8Array): void {
    const { guest } = this;
    guest.arrival = { maps: {}, buffers: { [BufferType.CallData]: args } };
    try {
      this.callIfThere(CALLBACK.foreignFunction, this.root, ROOT_ID, functionId, args.length, 0);
    } finally {
      guest.arrival = null;
    }
  }

  /** Nobody waits for the stream any more: its callouts are cancelled, and the guest is told that they failed. */
  streamGone(contextId: number): void {
    this.guest.callouts?.streamGone(contextId);
  }
  /** Plugin only: answers that are still to come are dropped. */
  detachCallouts(): void {
    this.guest.callouts?.detachAll();
  }
  /** Is an answer to come to something that this stream asked? */
  isCallingOut(contextId: number): boolean {
    return this.guest.callouts?.isWaiting(contextId) ?? false;
  }

  // ── TCP streams. True: continue. `dataSize` counts all that is buffered for this slot ──────────────────────────────────────

  newConnection(contextId: number): boolean {
    return this.callIfThere(CALLBACK.newConnection, this.contextOf(contextId), contextId, 0, 0, 0) === 0;
  }
  downstreamData(contextId: number, dataSize: number, endOfStream: boolean): boolean {
    return this.data(CALLBACK.downstreamData, contextId, dataSize, endOfStream);
  }
  upstreamData(contextId: number, dataSize: number, endOfStream: boolean): boolean {
    return this.data(CALLBACK.upstreamData, contextId, dataSize, endOfStream);
  }
  /** `peerType`: who closed, a PeerType. */
  downstreamClose(contextId: number, peerType: number): void {
    this.callIfThere(CALLBACK.downstreamClose, this.contextOf(contextId), contextId, peerType, 0, 0);
  }
  upstreamClose(contextId: number, peerType: number): void {
    this.callIfThere(CALLBACK.upstreamClose, this.contextOf(contextId), contextId, peerType, 0, 0);
  }

  /** Root's proxy_on_done. False: it wants to go on until it calls proxy_done. */
  rootDone(): boolean {
    const isDone = this.callIfThere(CALLBACK.done, this.root, ROOT_ID, 0, 0, 1) !== 0;
    this.guest.rootPendingDone = !isDone;
    return isDone;
  }

  rootDelete(): void {
    this.guest.rootPendingDone = false;
    this.callIfThere(CALLBACK.delete, this.root, ROOT_ID, 0, 0, 0);
  }

  /** `hasContext`: after makeContextAhead. */
  takeImage(hasContext = false): Image {
    return takeImage(this.guest.bytes, this.exports.globals, hasContext);
  }

  /** Puts everything back to the image; the instance is as fresh as one just made, also after a failure. */
  reset(image: Image): void {
    const { guest } = this;
    const { memory, takeDirty, takeChanged, globals } = this.exports;
    if (guest.bytes.length < image.memoryBytes) growTo(image, memory);
    const dirty = takeDirty === null ? -1 : takeDirty();
    const changed = takeChanged === null ? -1 : takeChanged();
    const isKnown = this.held === image;
    restoreMemory(image, guest.bytes, isKnown ? dirty | guest.written : -1);
    restoreGlobals(image, globals, isKnown ? changed : -1);
    guest.written = 0;
    guest.scratchAt = 0;
    this.held = image;
    // An instance whose stream ended well has none but the root's left; emptying the table costs as much as filling it.
    if (guest.contexts.size !== 1) {
      guest.contexts.clear();
      guest.contexts.add(this.root);
    }
    if (guest.effects.length > 0) guest.effects.length = 0;
    if (guest.callouts !== null) {
      guest.callouts.detachAll();
      guest.callouts = null;
    }
    guest.lastStatus = NO_FAILURE;
    guest.rootPendingDone = false;
    guest.hostFuelMax = guest.scope.spec.limits.fuel;
    this.nextId = FIRST_STREAM_ID;
    this.hasContext = image.hasContext;
    if (this.failed) this.fillDepth();
    this.failed = false;
    this.fuelUsed = 0;
  }

  /** Plugin only, after a failure: the same memory and functions for a life of their own. It is to be reset before it is used. */
  successor(): Instance {
    const guest = new Caller(this.guest.scope);
    guest.attach(this.exports.memory, this.exports.allocator);
    return new Instance(guest, this.exports);
  }

  /** Plugin only: the module's start function, before any context exists. `fuel` is what is left of the start's budget. */
  runStart(run: () => unknown, name: string, restriction: Restriction): void {
    this.call(run, name, VM_CONTEXT, restriction, this.fuelLeft, 0, 0, 0);
    // A command's proc_exit(0) leaves frames without returning from them.
    this.fillDepth();
  }

  private headers(callback: number, contextId: number, count: number, endOfStream: boolean): number {
    const last = HeadersStatus.StopAllIterationAndWatermark;
    const status = this.callIfThere(callback, this.contextOf(contextId), contextId, count, endOfStream ? 1 : 0, 0);
    return status > last ? last : status;
  }

  private body(callback: number, contextId: number, bodySize: number, endOfStream: boolean): number {
    const last = DataStatus.StopIterationNoBuffer;
    const status = this.callIfThere(callback, this.contextOf(contextId), contextId, bodySize, endOfStream ? 1 : 0, 0);
    return status > last ? last : status;
  }

  private data(callback: number, contextId: number, dataSize: number, endOfStream: boolean): boolean {
    return this.callIfThere(callback, this.contextOf(contextId), contextId, dataSize, endOfStream ? 1 : 0, 0) === 0;
  }

  private trailers(callback: number, contextId: number, count: number): number {
    const status = this.callIfThere(callback, this.contextOf(contextId), contextId, count, 0, 0);
    return status === 0 ? TrailersStatus.Continue : TrailersStatus.StopIteration;
  }

  private contextOf(contextId: number): GuestContext {
    const context = this.guest.contexts.get(contextId);
    if (context === undefined) throw new Error(`context ${contextId} is not in this instance`);
    return context;
  }

  /** `absent` is the answer when the guest does not export the callback. */
  private callIfThere(
    callback: number,
    context: GuestContext,
    a: number,
    b: number,
    c: number,
    absent: number,
  ): number {
    const run = this.callbacks[callback]!;
    if (run === null) return absent;
    return this.call(run, CALLBACK_EXPORTS[callback]!, context, OPEN, this.fuelBudget, a, b, c);
  }

  /** Start's callbacks share one budget: what the one before left over. */
  private callStarting(callback: number, a: number, b: number, absent: number): number {
    const run = this.callbacks[callback]!;
    return run === null ? absent : this.call(run, CALLBACK_EXPORTS[callback]!, this.root, OPEN, this.fuelLeft, a, b, 0);
  }

  // Eight parameters: an options object here would be allocated on every call into a guest.
  private call(
    run: GuestFunction,
    name: string,
    context: GuestContext,
    restriction: Restriction,
    fuelBudget: number,
    a: number,
    b: number,
    c: number,
  ): number {
    const { guest, exports } = this;
    const before = runningCaller();
    const restrictionBefore = runningRestriction();
    const effectsBefore = guest.effects.length;
    guest.begin(context, name);
    if (exports.refuel !== null) exports.refuel(fuelBudget);
    enter(guest, restriction);
    let result = 0;
    try {
      result = (run(a, b, c) as number) >>> 0;
    } catch (thrown) {
      leave(before, restrictionBefore);
      guest.effects.length = effectsBefore;
      this.measure(fuelBudget);
      throw this.fail(thrown, name, context);
    }
    leave(before, restrictionBefore);
    guest.end();
    this.measure(fuelBudget);
    if (guest.effects.length > effectsBefore) this.drain(effectsBefore);
    return result;
  }

  /** Calls that return leave the depth as it was; only after one that did not it is filled again. */
  private fillDepth(): void {
    const { depth } = this.exports;
    if (depth !== null) depth.value = this.depthBudget;
  }

  private get fuelLeft(): number {
    const { fuelLeft } = this.exports;
    return fuelLeft === null ? 0 : fuelLeft();
  }

  private measure(fuelBudget: number): void {
    const { fuelLeft } = this.exports;
    const inGuest = fuelLeft === null ? 0 : fuelBudget - fuelLeft();
    this.fuelUsed = inGuest + this.guest.hostFuel;
  }

  /**
   * Performs what this call has queued, from `first` on; what that queues in turn is done by the call it came from. A call
   * made by an effect (a resumed stream's next callback) performs its own before its result counts: a reply it made
   * must stop the message it let pass. No guest frame is on the stack either way.
   */
  private drain(first: number): void {
    const { guest } = this;
    const { fuelUsed } = this;
    try {
      for (let i = first; i < guest.effects.length && !this.failed; i++) perform(guest, guest.effects[i]!);
    } finally {
      // Shorter already when an effect ended the stream and its instance was reset.
      if (guest.effects.length > first) guest.effects.length = first;
      this.fuelUsed = fuelUsed;
    }
  }

  private fail(thrown: unknown, callback: string, context: GuestContext): GuestFailure {
    const { guest, exports } = this;
    const failure = describeFailure(
      guest.scope.spec,
      {
        thrown,
        callback,
        meter: {
          fuelSpent: this.fuelLeft < 0,
          depthSpent: exports.depth !== null && (exports.depth.value as number) < 0,
        },
        lastWords: guest.lastWords,
      },
      guest.scope.frameNames,
    );
    this.failed = true;
    guest.end();
    guest.callouts?.cancelAll();
    const others = guest.contexts.all().filter((other) => other !== context && other.stream !== null);
    guest.contexts.clear();
    for (const other of others) other.stream!.instanceLost(other.slot, failure);
    return failure;
  }
}
