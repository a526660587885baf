// proxy_dequeue_shared_queue: the out pointers are looked at first, since an item that was taken is in no queue any more.
import { caller } from "../host/caller.ts";
import { QUEUE_FUEL } from "../shared/limits.ts";
import { Status } from "../spec/enums.ts";

export function proxyDequeueSharedQueue(token: number, valuePtrOut: number, valueSizeOut: number): number {
  const guest = caller();
  if (!guest.has(valuePtrOut, 4) || !guest.has(valueSizeOut, 4)) return Status.InvalidMemoryAccess;
  guest.spend(QUEUE_FUEL);
  const item = guest.scope.services.queues.dequeue(token >>> 0);
  if (item === "absent") return Status.NotFound;
  if (item === "empty") return Status.Empty;
  if (item === "busy") return Status.InternalFailure;
  return guest.returnBytes(item, 0, item.length, valuePtrOut, valueSizeOut);
}
