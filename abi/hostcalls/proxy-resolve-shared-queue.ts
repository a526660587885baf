// proxy_resolve_shared_queue: an empty vm id means the filter's own.
import { caller } from "../host/caller.ts";
import { Status } from "../spec/enums.ts";
import { QUEUE_NAME_BYTES_MAX, QUEUE_NAME_FUEL } from "../shared/limits.ts";

export function proxyResolveSharedQueue(
  vmIdPtr: number,
  vmIdSize: number,
  namePtr: number,
  nameSize: number,
  tokenOut: number,
): number {
  const guest = caller();
  if (!guest.has(vmIdPtr, vmIdSize) || !guest.has(namePtr, nameSize)) return Status.InvalidMemoryAccess;
  if (!guest.has(tokenOut, 4)) return Status.InvalidMemoryAccess;
  // Decoding a longer one would be work for a name that no queue has.
  if ((vmIdSize >>> 0) + (nameSize >>> 0) > QUEUE_NAME_BYTES_MAX) return Status.NotFound;
  guest.charge(vmIdSize + nameSize);
  guest.spend(QUEUE_NAME_FUEL);
  const { services, spec } = guest.scope;
  const vmId = vmIdSize === 0 ? spec.vmId : Buffer.from(guest.slice(vmIdPtr, vmIdSize)).toString();
  const token = services.queues.resolve(vmId, guest.slice(namePtr, nameSize));
  if (token === "absent") return Status.NotFound;
  if (token === "busy") return Status.InternalFailure;
  guest.setU32(tokenOut, token);
  return Status.Ok;
}
