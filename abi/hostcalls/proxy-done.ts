// proxy_done: only for a root whose proxy_on_done returned false. From a stream's context it is NotFound: ending the
// plugin because a stream is done would be wrong.
import { caller } from "../host/caller.ts";
import { queueEffect } from "../host/effects.ts";
import { isChecking } from "../host/moment.ts";
import { Status } from "../spec/enums.ts";

export function proxyDone(): number {
  const guest = caller();
  if (isChecking(guest)) return Status.InternalFailure;
  if (!guest.rootPendingDone || guest.acting.stream !== null) return Status.NotFound;
  guest.rootPendingDone = false;
  queueEffect(guest, { kind: "rootDone" });
  return Status.Ok;
}
