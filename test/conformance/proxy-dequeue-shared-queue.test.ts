import { describe, expect, it } from "vitest";
import { Status } from "@sluice/abi/spec";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

const queue = { capabilities: ["queue"] } as const;
const register = call("proxy_register_shared_queue", "name", OUT);
const enqueue = (item: string) => call("proxy_enqueue_shared_queue", 1, item);
const dequeue = call("proxy_dequeue_shared_queue", 1, OUT, OUT);

describe("proxy_dequeue_shared_queue", () => {
  itRefusesMisuse("proxy_dequeue_shared_queue", [1, OUT, OUT], { ...queue, before: [register, enqueue("item")] });

  it("gives items in the order they were put in, then answers Empty", () => {
    const outcome = run([register, enqueue("a"), enqueue("bc"), dequeue, dequeue, dequeue], queue);
    expect(outcome.statuses.slice(3)).toEqual([Status.Ok, Status.Ok, Status.Empty]);
    expect([outcome.text(1), outcome.text(3), outcome.u32(5), outcome.u32(6)]).toEqual(["a", "bc", null, null]);
  });

  it("answers NotFound to a number that no queue has", () => {
    const calls = [0, 2, -1].map((token) => call("proxy_dequeue_shared_queue", token, OUT, OUT));
    expect(run([register, ...calls], queue).statuses.slice(1)).toEqual([1, 1, 1]);
  });

  it("gives an empty item as address 0 and size 0", () => {
    const outcome = run([register, enqueue(""), dequeue], queue);
    expect([outcome.statuses[2], outcome.u32(1), outcome.u32(2)]).toEqual([Status.Ok, 0, 0]);
  });

  it("takes nothing out when it has nowhere to say where the item is", () => {
    const outcome = run([register, enqueue("a"), call("proxy_dequeue_shared_queue", 1, OUT, 65_533), dequeue], queue);
    expect(outcome.statuses.slice(2)).toEqual([Status.InvalidMemoryAccess, Status.Ok]);
    expect(outcome.text(2)).toBe("a");
  });
});
