// proxy_register_shared_queue: the plugin's root is told of the queue's items from now on, whoever was before.
import { caller } from "../host/caller.ts";
import { QUEUE_NAME_FUEL } from "../shared/limits.ts";
import { Status } from "../spec/enums.ts";

export function proxyRegisterSharedQueue(namePtr: number, nameSize: number, tokenOut: number): number {
  const guest = caller();
  if (!guest.has(namePtr, nameSize) || !guest.has(tokenOut, 4)) return Status.InvalidMemoryAccess;
  guest.charge(nameSize >>> 0);
  guest.spend(QUEUE_NAME_FUEL);
  const { services, spec, root } = guest.scope;
  const token = services.queues.register(spec.vmId, guest.slice(namePtr, nameSize), root);
  if (typeof token === "string") return Status.InternalFailure;
  guest.setU32(tokenOut, token);
  return Status.Ok;
}
