import { ManualClock } from "../host/memory-services.ts";
import { MemoryQueues } from "./memory-queues.ts";
import { queueStoreKit } from "./queue-store.kit.ts";

queueStoreKit("MemoryQueues", () => {
  const clock = new ManualClock(0);
  return {
    store: new MemoryQueues(clock),
    settle: (isDone) => {
      clock.advance(2);
      return isDone() ? Promise.resolve() : Promise.reject(new Error("not told of what was due"));
    },
  };
});
