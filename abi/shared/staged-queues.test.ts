import { expect, it } from "vitest";
import { ManualClock } from "../host/memory-services.ts";
import { MemoryQueues } from "./memory-queues.ts";
import { Taker } from "./queue-store.kit.ts";
import { StagedQueues } from "./staged-queues.ts";

it("StagedQueues leaves the receiver as it is until its snapshot is in charge", () => {
  const clock = new ManualClock(0);
  const store = new MemoryQueues(clock);
  const [old, next, refused] = [new Taker(store), new Taker(store), new Taker(store)];
  const inCharge = new StagedQueues(store);
  const token = inCharge.register("vm", Buffer.from("q"), old) as number;
  inCharge.commit();
  const vetoed = new StagedQueues(store);
  expect(vetoed.register("vm", Buffer.from("q"), refused)).toBe(token);
  const staged = new StagedQueues(store);
  expect(staged.register("vm", Buffer.from("q"), next)).toBe(token);
  const put = (text: string): void => {
    store.enqueue(token, Buffer.from(text));
    clock.advance(1);
  };
  put("a");
  vetoed.forget(refused);
  vetoed.commit();
  put("b");
  staged.commit();
  put("c");
  inCharge.forget(old);
  put("d");
  expect([old.taken, next.taken, refused.taken]).toEqual([["a", "b"], ["c", "d"], []]);
});
