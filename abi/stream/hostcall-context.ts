// HOT: bench abi.
// What hostcalls of a stream's guests ask: the messages as a slot may see and change them now, properties, verdicts. What
// acts on the stream (replies, resumes, resets) is handed to the stream itself.

import { Head } from "../head/head.ts";
import type { Quota, QuotaAnswer } from "../quota/quota-backend.ts";
import type { GuestFailure } from "../host/guest-failure.ts";
import { PHASE } from "../host/phase.ts";
import type {
  LocalReply,
  MirrorAnswer,
  StreamBody,
  StreamBufferType,
  StreamContext,
  StreamMapType,
  StreamType,
} from "../host/stream-context.ts";
import type { Direction } from "./driver.ts";
import { REASON_LENGTH } from "./limits.ts";
import type { MessageFlow } from "./message-flow.ts";
import { messageProperty } from "./properties.ts";
import type { ReadLog } from "./read-log.ts";
import { CHANGED } from "./slot-calls.ts";
import type { SlotCalls } from "./slot-calls.ts";
import { HELD } from "./slot-run.ts";
import type { SlotRun } from "./slot-run.ts";
import type { StreamState } from "./stream-state.ts";

/** What a guest may do to its stream; called when no frame of that guest is on the stack. */
export interface StreamEffects {
  /** False: one was made before. */
  localResponse(run: SlotRun, reply: LocalReply): boolean;
  continueStream(run: SlotRun, direction: Direction): void;
  completeCheck(run: SlotRun, kind: number): void;
  calloutsOver(run: SlotRun): void;
  closeStream(run: SlotRun): void;
  instanceLost(run: SlotRun, failure: GuestFailure): void;
}

export class HostcallContext implements StreamContext {
  private readonly state: StreamState;
  private readonly calls: SlotCalls;
  private readonly effects: StreamEffects;

  constructor(state: StreamState, calls: SlotCalls, effects: StreamEffects) {
    this.state = state;
    this.calls = calls;
    this.effects = effects;
  }

  head(_slot: number, mapType: StreamMapType): Head | null {
    // Envoy's access log cannot read request trailers either.
    if (mapType === 1 && this.state.isFinished) return null;
    return this.state.mapOf(mapType);
  }

  headForWrite(slot: number, mapType: StreamMapType): Head | null {
    if (this.state.isFinished) return null;
    const flow = mapType < 2 ? this.state.request : this.state.response;
    const map = (mapType & 1) === 0 ? headersForWrite(flow, slot) : trailersForWrite(flow, this.state.runs[slot]!);
    if (map === null) return null;
    map.save();
    this.calls.noteChange(1 << mapType);
    return map;
  }

  body(slot: number, bufferType: StreamBufferType): StreamBody | null {
    if (this.state.isFinished || bufferType > 1) return null;
    const held = this.state.runs[slot]!.held[bufferType as Direction];
    const isReadable = held.isOpen || (held.at !== HELD.not && !held.isUnseen);
    return isReadable ? held.body : null;
  }

  property(_slot: number, path: string): Uint8Array | null {
    if (this.state.readLog !== null && this.calls.runningPhase === PHASE.check)
      return this.notedProperty(path, this.state.readLog);
    return this.plainProperty(path);
  }

  /** A property of a check is noted by its own name, not by the header it is made of. */
  private notedProperty(path: string, log: ReadLog): Uint8Array | null {
    const { reads } = this.calls.running!;
    log.add(path);
    reads.spelled = null;
    const value = this.plainProperty(path);
    reads.spelled = log.headerNames;
    return value;
  }

  private plainProperty(path: string): Uint8Array | null {
    return (
      messageProperty(this.state.request, this.state.response, path) ??
      this.calls.properties.get(path) ??
      this.state.driver!.property(path)
    );
  }

  setProperty(_slot: number, path: string, value: Uint8Array): boolean {
    this.calls.noteChange(CHANGED.properties);
    return this.calls.properties.set(path, value);
  }

  setVerdict(slot: number, code: number, reason: string): void {
    const run = this.state.runs[slot]!;
    if (this.calls.runningPhase !== PHASE.check && !run.isPending) return;
    run.code = code;
    run.reason = reason.slice(0, REASON_LENGTH).toWellFormed();
  }

  setResponse(slot: number, status: number, headers: Head, body: Uint8Array): void {
    const run = this.state.runs[slot]!;
    if (this.calls.runningPhase !== PHASE.check && !run.isPending) return;
    const kept = new Head();
    kept.copyFrom(headers);
    run.directResponse = { status, headers: kept, body: body.slice() };
  }

  report(slot: number, key: string, type: number, value: Uint8Array): boolean {
    this.calls.noteChange(CHANGED.additions);
    return this.state.runs[slot]!.additions.add(key, type, value);
  }

  quota(slot: number, quota: Quota, key: Uint8Array, amount: number, isBestEffort: boolean): QuotaAnswer | null {
    if (this.state.isFinished) return null;
    this.calls.noteChange(CHANGED.reservations);
    return this.calls.reservations.ask(slot, quota, key, amount, isBestEffort);
  }

  mirror(slot: number, cluster: string, flags: number): MirrorAnswer {
    const { driver, request, runs } = this.state;
    if (request.isHeadSent || this.state.isFinished) return "tooLate";
    if (!driver!.hasCluster(cluster)) return "unknownCluster";
    this.calls.noteChange(CHANGED.mirrors);
    return this.calls.mirrors.add(runs[slot]!.slot!.name, cluster, flags);
  }

  isCheckPending(slot: number): boolean {
    return this.state.runs[slot]!.isPending;
  }

  completeCheck(slot: number, kind: number): void {
    this.effects.completeCheck(this.state.runs[slot]!, kind);
  }

  calloutsOver(slot: number): void {
    this.effects.calloutsOver(this.state.runs[slot]!);
  }

  localResponse(slot: number, reply: LocalReply): boolean {
    return this.effects.localResponse(this.state.runs[slot]!, reply);
  }

  continueStream(slot: number, type: StreamType): void {
    if (type <= 1) this.effects.continueStream(this.state.runs[slot]!, type as Direction);
  }

  closeStream(slot: number, type: StreamType): void {
    if (type <= 1) this.effects.closeStream(this.state.runs[slot]!);
  }

  instanceLost(slot: number, failure: GuestFailure): void {
    this.effects.instanceLost(this.state.runs[slot]!, failure);
  }
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
