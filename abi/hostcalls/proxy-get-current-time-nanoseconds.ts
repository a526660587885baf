// HOT: bench abi. proxy_get_current_time_nanoseconds
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetCurrentTimeNanoseconds(timeOut: number): number {
  const guest = caller();
  if (!guest.has(timeOut, 8)) return Status.InvalidMemoryAccess;
  guest.setU64(timeOut, guest.scope.services.clock.nowNs());
  return Status.Ok;
}
