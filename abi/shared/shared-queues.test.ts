import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../host/memory-services.ts";
import { QUEUES_MAX, QUEUES_PER_VM_MAX } from "./limits.ts";
import { MemoryQueues } from "./memory-queues.ts";
import { queueStoreKit, Taker } from "./queue-store.kit.ts";
import type { Owner } from "./shard-lock.ts";
import type { QueueJob } from "./shared-queues.fixture.ts";
import { createQueuesBuffer, SharedQueues } from "./shared-queues.ts";

const WORKERS = 8;
const MAIN = { index: 32_000, epoch: 0 };
const name = Buffer.from("q");
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (item: Uint8Array | string): string =>
  typeof item === "string" ? `(${item})` : Buffer.from(item).toString();

const open = (buffer: SharedArrayBuffer, owner: Owner): SharedQueues =>
  new SharedQueues(buffer, { owner, workers: WORKERS });

/** A thread that has the lock may be out of a core for longer than the other waits. */
function put(store: SharedQueues, token: number, item: string): void {
  let outcome = store.enqueue(token, bytes(item));
  while (outcome === "busy") outcome = store.enqueue(token, bytes(item));
  expect(outcome).toBe("ok");
}

/** Turns of the event loop, in which every wake-up that is under way arrives. */
async function settle(isDone: () => boolean): Promise<void> {
  for (let turns = 0; turns < 20 || !isDone(); turns++) await new Promise((resolve) => setImmediate(resolve));
}

queueStoreKit("SharedQueues", () => ({
  store: open(createQueuesBuffer(WORKERS), { index: 0, epoch: 0 }),
  settle,
}));

describe("SharedQueues", () => {
  const start = (job: Omit<QueueJob, "workers">): Worker =>
    new Worker(new URL("./shared-queues.fixture.ts", import.meta.url), { workerData: { ...job, workers: WORKERS } });

  /** A worker that takes items as it is told, and what it says of them; it has registered when this resolves. */
  async function startTaker(buffer: SharedArrayBuffer, owner: Owner) {
    const worker = start({ buffer, owner, task: { kind: "take" } });
    const took: (string | null)[] = [];
    const [{ token }] = (await once(worker, "message")) as [{ token: number }];
    const waiting = new Set<() => void>();
    worker.on("message", (message: { took: string | null }) => {
      took.push(message.took);
      for (const look of waiting) look();
    });
    const until = (isDone: () => boolean): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => void (isDone() && (waiting.delete(look), resolve()));
        waiting.add(look);
        look();
      });
    return { worker, token, took, until };
  }

  it("agrees with a queue in one thread over any order of calls", () => {
    const call = fc.oneof(
      fc.record({ put: fc.integer({ min: 0, max: 40_000 }), to: fc.constantFrom(1, 2, 3) }),
      fc.record({ take: fc.constantFrom(1, 2, 3) }),
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 60 }), (calls) => {
        const stores = [open(createQueuesBuffer(1), MAIN), new MemoryQueues(new ManualClock(0))];
        for (const store of stores) for (const vm of ["a", "b"]) store.open(vm, name);
        calls.forEach((one, i) => {
          const [mine, naive] = stores.map((store) =>
            "put" in one ? store.enqueue(one.to, new Uint8Array(one.put).fill(i)) : store.dequeue(one.take),
          );
          expect(mine).toEqual(naive);
        });
      }),
      { numRuns: 40 },
    );
  });

  it("hands 200 items of two threads to two others, each once and in the order of who put them in", async () => {
    const buffer = createQueuesBuffer(WORKERS);
    const token = open(buffer, MAIN).open("vm", name) as number;
    const takers = [0, 1].map((index) => start({ buffer, owner: { index, epoch: 0 }, task: { kind: "poll", token } }));
    const lists = Promise.all(takers.map(async (taker) => (await once(taker, "message"))[0] as string[]));
    const putters = [2, 3].map((index) =>
      start({ buffer, owner: { index, epoch: 0 }, task: { kind: "put", items: 100 } }),
    );
    await Promise.all(putters.map((putter) => once(putter, "message")));
    for (let i = 0; i < 2; i++) put(open(buffer, MAIN), token, "end");
    const taken = (await lists).map((list) => list.filter((item) => item !== "end"));
    const expected = [2, 3].flatMap((index) => Array.from({ length: 100 }, (_, i) => `${index}:${i}`));
    expect(taken.flat().toSorted()).toEqual(expected.toSorted());
    for (const list of taken) {
      for (const index of [2, 3]) {
        const order = list.filter((item) => item.startsWith(`${index}:`)).map((item) => Number(item.slice(2)));
        expect(order).toEqual(order.toSorted((a, b) => a - b));
      }
    }
  });

  it("tells a thread of 200 items that two others put in, each once", async () => {
    const buffer = createQueuesBuffer(WORKERS);
    const taker = await startTaker(buffer, { index: 0, epoch: 0 });
    for (const index of [1, 2]) start({ buffer, owner: { index, epoch: 0 }, task: { kind: "put", items: 100 } });
    await taker.until(() => taker.took.length === 200);
    await taker.worker.terminate();
    const expected = [1, 2].flatMap((index) => Array.from({ length: 100 }, (_, i) => `${index}:${i}`));
    expect(taker.took.toSorted()).toEqual(expected.toSorted());
  });

  it("lets the one before take over when a thread is killed: nothing is lost, nothing comes twice", async () => {
    const buffer = createQueuesBuffer(WORKERS);
    const main = open(buffer, MAIN);
    const first = await startTaker(buffer, { index: 0, epoch: 0 });
    const second = await startTaker(buffer, { index: 1, epoch: 3 });
    for (let i = 0; i < 50; i++) put(main, first.token, `${i}`);
    await second.until(() => second.took.length >= 5);
    await second.worker.terminate();
    // It may have died with the queue's lock in its hands.
    expect(main.forgetThread({ index: 1, epoch: 3 }).damaged).toBe(0);
    for (let i = 50; i < 100; i++) put(main, first.token, `${i}`);
    // What the dead one took and could not say any more is what a filter takes before it dies; the rest must come.
    await first.until(() => first.took.includes("99"));
    await first.worker.terminate();
    const took = [...first.took, ...second.took].filter((item) => item !== null).map(Number);
    expect(new Set(took).size).toBe(took.length);
    expect(first.took.map(Number)).toEqual(
      Array.from({ length: first.took.length }, (_, i) => 100 - first.took.length + i),
    );
  });

  it("keeps items while nobody receives, and tells the next thread of all of them", async () => {
    const buffer = createQueuesBuffer(WORKERS);
    const main = open(buffer, MAIN);
    const first = await startTaker(buffer, { index: 0, epoch: 0 });
    await first.worker.terminate();
    main.forgetThread({ index: 0, epoch: 0 });
    for (const item of ["a", "b"]) put(main, first.token, item);
    const next = await startTaker(buffer, { index: 0, epoch: 1 });
    await next.until(() => next.took.length === 2);
    await next.worker.terminate();
    expect([next.token, next.took]).toEqual([first.token, ["a", "b"]]);
  });

  it("answers busy while a terminated worker's lock is held, and serves again once it is freed", async () => {
    const buffer = createQueuesBuffer(WORKERS);
    const store = open(buffer, { index: 0, epoch: 0 });
    const token = store.open("vm", name) as number;
    store.enqueue(token, bytes("a"));
    const owner = { index: 3, epoch: 7 };
    const lockAt = new Int32Array(buffer).indexOf(name.length + 3, 4 + QUEUES_MAX) - 1;
    const worker = start({ buffer, owner, task: { kind: "hold", lockAt } });
    await once(worker, "message");
    await worker.terminate();

    expect([store.enqueue(token, bytes("b")), store.dequeue(token)]).toEqual(["busy", "busy"]);
    expect(store.forgetThread({ index: 3, epoch: 8 })).toEqual({ freed: 0, damaged: 0 });
    expect(store.forgetThread(owner)).toEqual({ freed: 1, damaged: 0 });
    expect([text(store.dequeue(token)), store.enqueue(token, bytes("b"))]).toEqual(["a", "ok"]);
  });

  it("gives the place of a queue that nobody receives and that is empty to another when there is no other", () => {
    const store = open(createQueuesBuffer(WORKERS), { index: 0, epoch: 0 });
    const receiver = new Taker(store);
    for (let i = 0; i < QUEUES_PER_VM_MAX; i++) store.register("vm", bytes(`${i}`), receiver);
    expect(store.register("vm", bytes("more"), receiver)).toBe("full");
    store.forget(receiver);
    store.enqueue(1, bytes("kept"));
    expect(store.register("vm", bytes("more"), receiver)).toBe(QUEUES_PER_VM_MAX + 1);
    expect([text(store.dequeue(1)), store.enqueue(2, bytes("x"))]).toEqual(["kept", "absent"]);
  });
});
