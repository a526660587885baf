// policy_complete_check: the verdict of a check that returned Pending, given when its callout was answered. Code, reason and
// direct response come from policy_set_verdict and policy_set_response before it, as in a check.
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { CheckKind, Status } from "../spec/enums.ts";

export function policyCompleteCheck(kind: number): number {
  const guest = caller();
  if (kind >>> 0 >= CheckKind.Pending) return Status.BadArgument;
  const context = guest.acting;
  if (context.stream === null || !context.stream.isCheckPending(context.slot)) return Status.NotFound;
  return queueEffect(guest, { kind: "completeCheck", context, check: kind }) ? Status.Ok : Status.InternalFailure;
}
