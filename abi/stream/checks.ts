// HOT: bench proxy.
// Checks of one stream and what they looked at: a filter that changes what an earlier check read makes that check run
// again, once, when the head is about to go out.

import type { Head } from "../head/head.ts";
import { NameSet } from "../head/name-set.ts";
import { PHASE } from "../host/phase.ts";
import type { SlotCalls } from "./slot-calls.ts";
import type { SlotRun } from "./slot-run.ts";
import type { StreamState } from "./stream-state.ts";
import { NO_CODE } from "./verdict.ts";

/** Whatever a check read, these decide what the request is. */
const IDENTITY = [Buffer.from(":path"), Buffer.from(":authority"), Buffer.from(":method")];

export class Checks {
  private readonly state: StreamState;
  private readonly calls: SlotCalls;
  private readonly editedNames = new NameSet();
  /** Slots whose check saw something that a later slot has edited since. */
  private outdated = 0;

  constructor(state: StreamState, calls: SlotCalls) {
    this.state = state;
    this.calls = calls;
  }

  open(head: Head): void {
    this.outdated = 0;
    this.editedNames.clear();
    head.editedNames = this.state.plan!.tracksReads ? this.editedNames : null;
  }

  /**
   * The chain's plan has more slots now, and they may stand before slots that have checked: edits are noted from here
   * on. What checks have read untracked counts as everything.
   */
  planChanged(head: Head): void {
    if (head.editedNames !== null) return;
    head.editedNames = this.editedNames;
    for (let i = 0; i < this.state.slotCount; i++) this.state.runAt(i).reads.addAll();
  }

  /** Runs the slot's check; its kind, or FAILED. */
  invoke(run: SlotRun): number {
    const { readLog } = this.state;
    const head = this.state.request.head!;
    if (head.editedNames !== null || readLog !== null) {
      run.reads.clear();
      run.reads.spelled = readLog === null ? null : readLog.headerNames;
      head.reads = run.reads;
    }
    const kind = this.calls.invoke(run, PHASE.check, 0, false);
    head.reads = null;
    if (readLog !== null) readLog.endCheck();
    return kind;
  }

  /** Marks the checks of other slots that read what this slot has just edited. Its own check knew what it was about. */
  noteEdits(slot: number): void {
    const { state, editedNames } = this;
    if (editedNames.isEmpty) return;
    const isIdentity = IDENTITY.some((name) => editedNames.has(name, 0, name.length));
    for (let i = 0; i < state.slotCount; i++) {
      const index = state.asked[i]!;
      const run = state.runs[index]!;
      if (index === slot || !run.hasChecked || run.isRechecked) continue;
      if (isIdentity || run.reads.meets(editedNames)) this.outdated |= 1 << index;
    }
    editedNames.clear();
  }

  /** A slot whose check must run again, ready for it, the chain's first first; null when there is none. */
  takeOutdated(): SlotRun | null {
    while (this.outdated !== 0) {
      const slot = 31 - Math.clz32(this.outdated & -this.outdated);
      this.outdated &= ~(1 << slot);
      const run = this.state.runs[slot]!;
      if (run.isSkipped || run.isRechecked) continue;
      run.isRechecked = true;
      run.code = NO_CODE;
      run.reason = null;
      run.directResponse = null;
      run.left |= PHASE.check & run.revision!.plugin!.phases;
      return run;
    }
    return null;
  }
}
