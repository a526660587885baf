// HOT: bench abi. proxy_set_effective_context: until the callback returns, when Instance puts the context back.
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";

export function proxySetEffectiveContext(contextId: number): number {
  const guest = caller();
  const context = guest.contexts.get(contextId >>> 0);
  if (context === undefined) return Status.BadArgument;
  guest.acting = context;
  return Status.Ok;
}
