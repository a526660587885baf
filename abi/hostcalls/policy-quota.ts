// policy_quota: takes an amount out of a quota for a key, or asks what could be taken. Answers at once.
import { caller } from "../host/caller.ts";
import { mayReserve } from "../host/moment.ts";
import { NAME_BYTES_MAX } from "../host/limits.ts";
import { QUOTA_KEY_BYTES_MAX } from "../quota/limits.ts";
import { QuotaFlags, Status } from "../spec/enums.ts";

const ALL_FLAGS = QuotaFlags.BestEffort | QuotaFlags.Peek;

export function policyQuota(
  namePtr: number,
  nameSize: number,
  keyPtr: number,
  keySize: number,
  amount: number,
  flags: number,
  grantedOut: number,
  retryAfterOut: number,
): number {
  const guest = caller();
  if (!guest.has(namePtr, nameSize) || !guest.has(keyPtr, keySize)) return Status.InvalidMemoryAccess;
  if (!guest.has(grantedOut, 4) || !guest.has(retryAfterOut, 4)) return Status.InvalidMemoryAccess;
  const { stream, slot } = guest.acting;
  if (stream === null || !mayReserve(guest)) return Status.BadArgument;
  if ((flags & ~ALL_FLAGS) !== 0 || keySize >>> 0 > QUOTA_KEY_BYTES_MAX) return Status.BadArgument;
  guest.charge((nameSize >>> 0) + (keySize >>> 0));
  if (nameSize >>> 0 > NAME_BYTES_MAX) return Status.NotFound;
  const quota = guest.scope.quotaAt(guest.bytes, namePtr >>> 0, nameSize >>> 0);
  if (quota === null) {
    const name = JSON.stringify(guest.latin1(namePtr, Math.min(nameSize >>> 0, SHOWN_BYTES)));
    guest.scope.logOnce("quota", WARN, `policy_quota names a quota that the deployment does not have: ${name}`);
    return Status.NotFound;
  }
  const units = amount >>> 0;
  if (units === 0 || units > quota.burst) return Status.BadArgument;
  const key = guest.borrow(keyPtr, keySize);
  const isBestEffort = (flags & QuotaFlags.BestEffort) !== 0;
  const isPeek = (flags & QuotaFlags.Peek) !== 0;
  const answer = isPeek ? quota.peek(key, units, isBestEffort) : stream.quota(slot, quota, key, units, isBestEffort);
  if (answer === null) return Status.InternalFailure;
  guest.setU32(grantedOut, answer.granted);
  guest.setU32(retryAfterOut, answer.retryAfterMs);
  return Status.Ok;
}

const WARN = 3;
/** Of a name that there is no quota of. */
const SHOWN_BYTES = 64;
