// HOT: bench proxy, bench abi.
// Calls into the guests of one stream: instances and contexts come and go here, a callback's changes are kept when it
// returns and undone when it does not. What an answer or a failure means for the stream is stream.ts's to say.

import { GuestFailure } from "../host/guest-failure.ts";
import { PHASE } from "../host/phase.ts";
import type { StreamContext } from "../host/stream-context.ts";
import { CAUSE } from "./cause.ts";
import { MESSAGE_LENGTH } from "./limits.ts";
import { Mirrors } from "./mirrors.ts";
import { Reservations } from "./reservations.ts";
import type { SlotRun } from "./slot-run.ts";
import type { StreamState } from "./stream-state.ts";
import { UserProperties } from "./user-properties.ts";
import { NO_CODE } from "./verdict.ts";

/** What `invoke` answers when the guest did not return. */
export const FAILED = -1;

/** Header maps of a stream, by the ABI's map type. */
const MAPS = 4;
/** Bits of `changes`; those below them stand for the maps. */
export const CHANGED = {
  properties: 1 << MAPS,
  additions: 2 << MAPS,
  reservations: 4 << MAPS,
  mirrors: 8 << MAPS,
} as const;

export class SlotCalls {
  /** The slot whose callback runs, and the phase; null and 0 between callbacks. */
  running: SlotRun | null = null;
  runningPhase = 0;
  readonly properties = new UserProperties();
  readonly mirrors = new Mirrors();
  readonly reservations = new Reservations();
  /** A clock in ms while this stream's callbacks are timed, else null. */
  now: (() => number) | null = null;
  /** What the running callback has changed so far. */
  private changes = 0;
  /** What any callback of the stream has changed: the rest is as it was before, and need not be looked at. */
  private used = 0;
  private readonly state: StreamState;

  constructor(state: StreamState) {
    this.state = state;
  }

  open(): void {
    this.now = null;
    if (this.used !== 0) this.clearUsed();
    this.changes = 0;
  }

  private clearUsed(): void {
    const { used, state } = this;
    if ((used & CHANGED.properties) !== 0) this.properties.clear();
    if ((used & CHANGED.mirrors) !== 0) this.mirrors.clear();
    if ((used & CHANGED.reservations) !== 0) this.reservations.clear();
    if ((used & CHANGED.additions) !== 0) for (const run of state.runs) run.additions.clear();
    this.used = 0;
  }

  /** Before the change is made: the bit of a map, or of CHANGED. */
  noteChange(bit: number): void {
    this.changes |= bit;
    this.used |= bit;
  }

  /** The slot's stream context in the instance it has. False: the guest failed. */
  createContext(run: SlotRun, context: StreamContext): boolean {
    const { now } = this;
    if (now === null) return this.callCreate(run, context);
    const startedMs = beginTiming(run, now);
    const isMade = this.callCreate(run, context);
    run.durationMs += now() - startedMs;
    return isMade;
  }

  private callCreate(run: SlotRun, context: StreamContext): boolean {
    this.running = run;
    try {
      run.contextId = run.instance!.createStream(context, run.slot!.index);
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

  /** Runs one callback. Its action, or FAILED: then what it changed is undone and the run has the failure. */
  invoke(run: SlotRun, phase: number, count: number, endOfStream: boolean): number {
    const { now } = this;
    if (now === null) return this.call(run, phase, count, endOfStream);
    const startedMs = beginTiming(run, now);
    const action = this.call(run, phase, count, endOfStream);
    run.durationMs += now() - startedMs;
    return action;
  }

  private call(run: SlotRun, phase: number, count: number, endOfStream: boolean): number {
    const instance = run.instance!;
    // What a tick changed through the effective context is no part of this callback.
    this.commit();
    if (run.hasHeld) {
      run.held[0].body.commit();
      run.held[1].body.commit();
    }
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
  invokeLast(run: SlotRun, phase: number): void {
    if (run.instance === null || (run.left & phase) === 0) return;
    if (this.invoke(run, phase, 0, false) === FAILED) this.discard(run);
  }

  /** What a callback that returned has changed stays. */
  private commit(): void {
    const { changes, state } = this;
    if (changes === 0) return;
    for (let map = 0; map < MAPS; map++) if ((changes & (1 << map)) !== 0) state.mapOf(map)?.commit();
    if ((changes & CHANGED.properties) !== 0) this.properties.commit();
    if ((changes & CHANGED.mirrors) !== 0) this.mirrors.commit();
    if ((changes & CHANGED.reservations) !== 0) this.reservations.commit();
    if ((changes & CHANGED.additions) !== 0)
      for (let i = 0; i < state.slotCount; i++) state.runAt(i).additions.commit();
    this.changes = 0;
  }

  /** What it changed is undone: it failed. */
  rollback(run: SlotRun): void {
    if (run.hasHeld) {
      run.held[0].body.rollback();
      run.held[1].body.rollback();
    }
    if (this.changes === 0) return;
    for (let map = 0; map < MAPS; map++) if ((this.changes & (1 << map)) !== 0) this.state.mapOf(map)?.rollback();
    this.state.request.head!.editedNames?.clear();
    this.properties.rollback();
    this.mirrors.rollback();
    this.reservations.rollback();
    run.additions.rollback();
    this.changes = 0;
  }

  /** Undoes what the callback changed and keeps why it failed. The instance is dead. */
  private noteFailure(run: SlotRun, thrown: unknown): void {
    if (!(thrown instanceof GuestFailure)) throw thrown;
    this.rollback(run);
    run.code = NO_CODE;
    run.reason = null;
    run.directResponse = null;
    this.keepFailure(run, CAUSE[thrown.cause], thrown.message, thrown.at);
  }

  /** The first failure of a slot is the one that is told. */
  keepFailure(run: SlotRun, cause: number, message: string, at: string | null): void {
    if (run.failureCause !== 0) return;
    run.failureCause = cause;
    run.failureMessage = message.slice(0, MESSAGE_LENGTH).toWellFormed();
    run.failureAt = at;
  }

  /** The dead instance goes back to its plugin, which makes it anew; nothing of it is called again. */
  discard(run: SlotRun): void {
    const { instance } = run;
    if (instance === null) return;
    run.instance = null;
    run.contextId = 0;
    run.isPending = false;
    run.left = 0;
    this.state.liveMask &= ~(1 << run.slot!.index);
    run.revision!.plugin!.release(instance);
  }

  /** When no phase is left, nothing is held and no check is pending. */
  releaseWhenThrough(run: SlotRun): void {
    if (run.left === 0 && !run.isPending && run.holdsNothing) this.release(run);
  }

  /** proxy_on_delete, and the instance is its plugin's again. */
  release(run: SlotRun): void {
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
    this.discard(run);
  }

  /** These phases of a message are over for every slot: who has none left gives its instance back. */
  phasesOver(phases: number): void {
    for (let i = 0; i < this.state.slotCount; i++) {
      const run = this.state.runAt(i);
      run.left &= ~phases;
      if (run.instance !== null) this.releaseWhenThrough(run);
    }
  }
}

function beginTiming(run: SlotRun, now: () => number): number {
  const startedMs = now();
  if (run.startedMs < 0) run.startedMs = startedMs;
  return startedMs;
}
