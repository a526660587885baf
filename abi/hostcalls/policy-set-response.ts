// policy_set_response: the direct response of a deny; without it one is made from the code.
import { caller } from "../host/caller.ts";
import { PAIRS_BYTES_MAX } from "../host/limits.ts";
import { isChecking } from "../host/moment.ts";
import { isReplyStatus, replyHeaders } from "../host/reply-headers.ts";
import { Status } from "../spec/enums.ts";

export function policySetResponse(
  status: number,
  headersPtr: number,
  headersSize: number,
  bodyPtr: number,
  bodySize: number,
): number {
  const guest = caller();
  if (!guest.has(headersPtr, headersSize) || !guest.has(bodyPtr, bodySize)) return Status.InvalidMemoryAccess;
  if (!isReplyStatus(status >>> 0) || headersSize >>> 0 > PAIRS_BYTES_MAX) return Status.BadArgument;
  const { stream, slot } = guest.acting;
  if (stream === null || !(isChecking(guest) || stream.isCheckPending(slot))) return Status.BadArgument;
  if (!guest.hold((headersSize >>> 0) + (bodySize >>> 0))) return Status.InternalFailure;
  const headers = replyHeaders(guest.slice(headersPtr, headersSize));
  if (headers === null) return Status.BadArgument;
  stream.setResponse(slot, status, headers, guest.copy(bodyPtr, bodySize));
  return Status.Ok;
}
