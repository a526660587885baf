// proxy_call_foreign_function: a function of the host by name. An out pointer of 0 says that its word is not wanted.
import { GuestForeignCall } from "../foreign/foreign-function.ts";
import { FUNCTION_NAME_BYTES_MAX } from "../foreign/limits.ts";
import { policyFunction } from "../foreign/policy-functions.ts";
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function proxyCallForeignFunction(
  namePtr: number,
  nameSize: number,
  argsPtr: number,
  argsSize: number,
  resultsPtrOut: number,
  resultsSizeOut: number,
): number {
  const guest = caller();
  if (!guest.has(namePtr, nameSize) || !guest.has(argsPtr, argsSize)) return Status.InvalidMemoryAccess;
  if (!guest.has(resultsPtrOut, 4) || !guest.has(resultsSizeOut, 4)) return Status.InvalidMemoryAccess;
  if (nameSize >>> 0 > FUNCTION_NAME_BYTES_MAX) return Status.NotFound;
  guest.charge(nameSize + (argsSize >>> 0));
  const name = guest.latin1(namePtr, nameSize);
  const policy = policyFunction(name);
  if (policy !== null)
    return policy(guest, argsPtr >>> 0, argsSize >>> 0, { ptrOut: resultsPtrOut, sizeOut: resultsSizeOut });
  const found = guest.scope.services.foreign.find(name);
  if (found === null) return Status.NotFound;
  const answer = found(new GuestForeignCall(guest, guest.slice(argsPtr, argsSize)));
  if (typeof answer === "number" && answer !== Status.Ok) return answer;
  return guest.returnWanted(typeof answer === "number" ? NO_RESULT : answer, resultsPtrOut, resultsSizeOut);
}

const NO_RESULT = new Uint8Array(0);
