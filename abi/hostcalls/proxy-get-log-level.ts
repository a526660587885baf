// HOT: bench abi. proxy_get_log_level
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function proxyGetLogLevel(levelOut: number): number {
  const guest = caller();
  if (!guest.has(levelOut, 4)) return Status.InvalidMemoryAccess;
  guest.setU32(levelOut, guest.scope.services.logLevel);
  return Status.Ok;
}
