// HOT: bench proxy.
// How a request's head enters a slot: which revision serves the stream there, and an instance of it. Where all instances are in
// use the head is held, and asks again.

import { MESSAGE_PHASES, PHASE } from "../host/phase.ts";
import type { Plugin } from "../host/plugin.ts";
import { CAUSE } from "./cause.ts";
import type { SplitChoice } from "./chain.ts";
import type { HostcallContext } from "./hostcall-context.ts";
import { InstanceWait, type InstanceRetry } from "./instance-wait.ts";
import { INSTANCE_RETRY_MS, INSTANCE_WAIT_MS_MAX } from "./limits.ts";
import { OUTCOME, type MessageFlow, type Outcome } from "./message-flow.ts";
import type { SlotCalls } from "./slot-calls.ts";
import type { SlotRun } from "./slot-run.ts";
import { REQUEST, type StreamState } from "./stream-state.ts";

/** Callbacks the engine makes one by one; context creation is the instance's. */
const CALLED_PHASES = MESSAGE_PHASES | PHASE.report | PHASE.log | PHASE.done | PHASE.delete;
const REQUEST_TAIL_PHASES = PHASE.requestBody | PHASE.requestTrailers;

/** What a slot asks of its stream while the head is there. */
export interface SlotOwner extends InstanceRetry {
  /** A reply or a reset was noted: nothing of the message goes on. */
  readonly isAnswering: boolean;
  /** The slot's fail strategy after a guest's failure; without one, the reason is given. */
  outcomeOfFailure(run: SlotRun): Outcome;
  slotFailed(run: SlotRun, cause: number, message: string, at: string | null): Outcome;
}

export class SlotEntry {
  private readonly state: StreamState;
  private readonly calls: SlotCalls;
  private readonly context: HostcallContext;
  private readonly owner: SlotOwner;

  constructor(state: StreamState, calls: SlotCalls, context: HostcallContext, owner: SlotOwner) {
    this.state = state;
    this.calls = calls;
    this.context = context;
    this.owner = owner;
  }

  /** The slot's run: new, or one that has waited for an instance or for the answer to its check. */
  runOf(flow: MessageFlow, slot: number): SlotRun {
    const waiting = this.state.runs[slot];
    if (waiting !== undefined && waiting.isWaiting) {
      waiting.isWaiting = false;
      return waiting;
    }
    if (waiting !== undefined && waiting.isAnswered) return waiting;
    const { split } = this.state.chain!.slots[slot]!;
    const run = this.state.addRun(slot, split === null ? 0 : this.chooseArm(slot, split));
    const { plugin } = run.revision!;
    if (plugin !== null) run.left = plugin.phases & CALLED_PHASES;
    if (split !== null) narrowRequest(flow, run);
    if (flow.isHeadOnly) run.left &= ~REQUEST_TAIL_PHASES;
    return run;
  }

  private chooseArm(slot: number, split: SplitChoice): number {
    const { state } = this;
    if ((state.forcedMask & (1 << slot)) !== 0) return state.forcedArms[slot]!;
    return split.choose(state.request.head!, this.context);
  }

  /** An instance and a context for the slot. */
  begin(run: SlotRun): Outcome {
    const { owner } = this;
    const { plugin, notLoaded } = run.revision!;
    if (plugin === null) return owner.slotFailed(run, CAUSE.notLoaded, notLoaded ?? "nothing is loaded", null);
    if (run.left === 0) return OUTCOME.go;
    const instance = plugin.acquire();
    if (instance === null) {
      // A plugin that was loaded and cannot be started again is not `notLoaded`: a request may have brought that about.
      return plugin.failure === null
        ? this.waitForInstance(run, plugin)
        : owner.slotFailed(run, CAUSE.limit, plugin.failure, null);
    }
    run.instance = instance;
    this.state.liveMask |= 1 << run.slot!.index;
    if (!this.calls.createContext(run, this.context)) return owner.outcomeOfFailure(run);
    return owner.isAnswering ? OUTCOME.stop : OUTCOME.go;
  }

  /** A check that runs again does not wait. */
  private waitForInstance(run: SlotRun, plugin: Plugin): Outcome {
    if (run.waitedMs >= INSTANCE_WAIT_MS_MAX || run.isRechecked) {
      return this.owner.slotFailed(run, CAUSE.limit, "all instances of the filter are in use", null);
    }
    run.wait ??= new InstanceWait(this.owner, run);
    run.isWaiting = true;
    run.waitedMs += INSTANCE_RETRY_MS;
    run.held[REQUEST].isWatermarked = true;
    plugin.services.timers.schedule(run.wait, INSTANCE_RETRY_MS);
    return OUTCOME.hold;
  }

  /** The stream is over for all that wait. */
  endWaits(): void {
    for (let i = 0; i < this.state.slotCount; i++) {
      const run = this.state.runAt(i);
      if (!run.isWaiting) continue;
      run.isWaiting = false;
      run.revision!.plugin!.services.timers.cancel(run.wait!);
    }
  }
}

/** The plan stands for any of the slot's revisions: what this one does not look at passes it by. */
function narrowRequest(flow: MessageFlow, run: SlotRun): void {
  const bit = 1 << run.slot!.index;
  if ((run.left & PHASE.requestBody) === 0) flow.bodyMask &= ~bit;
  if ((run.left & PHASE.requestTrailers) === 0) flow.trailersMask &= ~bit;
}
