// policy_set_verdict: code and reason of the verdict that the running check is about to return.
import { caller } from "../host/caller.ts";
import { NAME_BYTES_MAX } from "../host/limits.ts";
import { isChecking } from "../host/moment.ts";
import { GrpcStatus, Status } from "../spec/enums.ts";

export function policySetVerdict(code: number, reasonPtr: number, reasonSize: number): number {
  const guest = caller();
  if (code >>> 0 > GrpcStatus.Unauthenticated) return Status.BadArgument;
  if (!guest.has(reasonPtr, reasonSize)) return Status.InvalidMemoryAccess;
  const { stream, slot } = guest.acting;
  if (stream === null || !(isChecking(guest) || stream.isCheckPending(slot))) return Status.BadArgument;
  stream.setVerdict(slot, code, guest.text(reasonPtr, reasonSize, NAME_BYTES_MAX));
  return Status.Ok;
}
