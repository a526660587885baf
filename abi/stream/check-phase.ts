// HOT: bench proxy.
// A slot's check from the question to its verdict: asked, perhaps pending until an answer from outside is there, judged. What
// a deny and a failure do to the stream is its owner's.

import { CheckKind } from "../spec/enums.ts";
import { PHASE } from "../host/phase.ts";
import { CAUSE } from "./cause.ts";
import type { Checks } from "./checks.ts";
import { OUTCOME, type Outcome } from "./message-flow.ts";
import { FAILED } from "./slot-calls.ts";
import type { SlotOwner } from "./slot-entry.ts";
import type { SlotRun } from "./slot-run.ts";
import { REQUEST } from "./stream-state.ts";
import { decideCheck, NO_CODE, PERMISSION_DENIED } from "./verdict.ts";

export interface CheckOwner extends SlotOwner {
  /** The client gets the deny's response. */
  deny(run: SlotRun): void;
}

export class CheckPhase {
  private readonly checks: Checks;
  private readonly owner: CheckOwner;

  constructor(checks: Checks, owner: CheckOwner) {
    this.checks = checks;
    this.owner = owner;
  }

  /** Asks when there is a check to be asked, or one would have to be. */
  pass(run: SlotRun): Outcome {
    const isDue = (run.left & PHASE.check) !== 0 || run.revision!.requiresCheck;
    return isDue ? this.ask(run) : OUTCOME.go;
  }

  ask(run: SlotRun): Outcome {
    const kind = (run.left & PHASE.check) === 0 ? CheckKind.NoOpinion : this.checks.invoke(run);
    run.hasChecked = true;
    if (kind === FAILED) return this.owner.outcomeOfFailure(run);
    this.checks.noteEdits(run.slot!.index);
    if (this.owner.isAnswering) return OUTCOME.stop;
    return kind === CheckKind.Pending ? this.pend(run) : this.judge(run, kind);
  }

  /** It waits for an answer: the request stays here, unless the slot only watches. */
  private pend(run: SlotRun): Outcome {
    if (!run.instance!.isCallingOut(run.contextId)) return this.fail(run, "is pending and has called nobody");
    run.isPending = true;
    if (run.slot!.dryRun) return OUTCOME.go;
    run.held[REQUEST].isWatermarked = true;
    return OUTCOME.hold;
  }

  /** The guest has given its verdict at last. */
  complete(run: SlotRun, kind: number): Outcome {
    run.isPending = false;
    return this.judge(run, kind);
  }

  /** No answer is to come any more that could bring one. */
  expire(run: SlotRun): Outcome {
    run.isPending = false;
    return this.fail(run, "was not completed when its last callout was answered");
  }

  private fail(run: SlotRun, problem: string): Outcome {
    run.verdict = "error";
    return this.owner.slotFailed(run, CAUSE.error, `the check ${problem}`, "policy_on_check");
  }

  /** What follows from its answer. */
  private judge(run: SlotRun, kind: number): Outcome {
    const { verdict, problem } = decideCheck(kind, run.revision!.requiresCheck);
    run.verdict = verdict;
    if (verdict === "error") return this.owner.slotFailed(run, CAUSE.error, run.reason ?? problem!, "policy_on_check");
    if (verdict !== "deny") {
      run.code = NO_CODE;
      run.reason = null;
      return OUTCOME.go;
    }
    if (run.code === NO_CODE) run.code = PERMISSION_DENIED;
    if (run.slot!.dryRun) return OUTCOME.go;
    this.owner.deny(run);
    return OUTCOME.stop;
  }
}
