// proxy_enqueue_shared_queue: the item is there at once, for whoever asks; its receiver is told from the event loop.
import { caller } from "../host/caller.ts";
import { QUEUE_FUEL } from "../shared/limits.ts";
import { Status } from "../spec/enums.ts";

export function proxyEnqueueSharedQueue(token: number, valuePtr: number, valueSize: number): number {
  const guest = caller();
  if (!guest.has(valuePtr, valueSize)) return Status.InvalidMemoryAccess;
  if (!guest.hold(valueSize >>> 0)) return Status.InternalFailure;
  guest.spend(QUEUE_FUEL);
  const outcome = guest.scope.services.queues.enqueue(token >>> 0, guest.slice(valuePtr, valueSize));
  if (outcome === "ok") return Status.Ok;
  return outcome === "absent" ? Status.NotFound : Status.InternalFailure;
}
