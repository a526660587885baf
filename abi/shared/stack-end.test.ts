// A guest may have nested so deep that the stack ends within a store. What it did there is whole or was not done, and nobody
// finds a lock that is held for ever: not this thread, and not another one.
import { describe, expect, it } from "vitest";
import { createSharedDataBuffer, SharedData } from "./shared-data.ts";
import { createQueuesBuffer, SharedQueues } from "./shared-queues.ts";

const OWNER = { index: 0, epoch: 0 };
const OTHER = { index: 1, epoch: 0 };
const WORKERS = 2;
const VALUE = Buffer.from("v".repeat(100));
const NOBODY = { queueReady: () => {} };

/** Many, for a function that is called for the first time is compiled, which takes more of the stack than to run it. */
const FRAMES = 1_000;

/** Acts in each of the last frames that the stack has room for, from its very end upwards; true where it returned. */
function actAtTheEnd(act: (attempt: number) => void): boolean[] {
  const done: boolean[] = [];
  const dive = (): void => {
    try {
      dive();
    } catch (ended) {
      if (!(ended instanceof RangeError)) throw ended;
    }
    if (done.length < FRAMES) done.push(returns(() => act(done.length)));
  };
  dive();
  return done;
}

function returns(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (ended) {
    if (!(ended instanceof RangeError)) throw ended;
    return false;
  }
}

describe("At the end of the stack", () => {
  it("shared data keeps whole values and no lock", () => {
    const buffer = createSharedDataBuffer();
    const store = new SharedData(buffer, OWNER);
    const keyOf = (attempt: number): Uint8Array => Buffer.from(`key ${attempt}`);
    const done = actAtTheEnd((attempt) => store.set("vm", keyOf(attempt), VALUE, 0));
    expect(new Set(done)).toEqual(new Set([true, false]));
    for (const own of [store, new SharedData(buffer, OTHER)]) {
      done.forEach((isDone, attempt) => {
        const found = own.get("vm", keyOf(attempt));
        if (found === "absent") expect(isDone).toBe(false);
        else expect(found === "busy" ? found : Buffer.from(found.value)).toEqual(VALUE);
      });
    }
    expect(store.set("vm", keyOf(0), VALUE, 0)).toBe("ok");
  });

  it("queues keep whole items in order and no lock", () => {
    const buffer = createQueuesBuffer(WORKERS);
    const queues = new SharedQueues(buffer, { owner: OWNER, workers: WORKERS });
    const token = queues.register("vm", Buffer.from("queue"), NOBODY) as number;
    const done = actAtTheEnd((attempt) => queues.enqueue(token, Buffer.from(`item ${attempt}`)));
    expect(new Set(done)).toEqual(new Set([true, false]));
    const other = new SharedQueues(buffer, { owner: OTHER, workers: WORKERS });
    const items: string[] = [];
    for (let item = other.dequeue(token); typeof item !== "string"; item = other.dequeue(token)) {
      items.push(Buffer.from(item).toString());
    }
    const all = done.map((_, attempt) => `item ${attempt}`);
    expect(items).toEqual(all.filter((item) => items.includes(item)));
    expect(items).toEqual(expect.arrayContaining(all.filter((_, attempt) => done[attempt])));
    expect(other.dequeue(token)).toBe("empty");
    expect(queues.enqueue(token, Buffer.from("last"))).toBe("ok");
  });
});
