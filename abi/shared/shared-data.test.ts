import { once } from "node:events";
import { Worker } from "node:worker_threads";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemorySharedData } from "../host/memory-services.ts";
import type { SharedDataStore } from "../host/services.ts";
import { SHARD_HALF_BYTES } from "./limits.ts";
import { lockWord } from "./shard-lock.ts";
import { createSharedDataBuffer, SharedData } from "./shared-data.ts";

const MAIN = { index: 0, epoch: 0 };
const key = Buffer.from("key");
const text = (found: ReturnType<SharedDataStore["get"]>): string =>
  typeof found === "string" ? found : Buffer.from(found.value).toString();

function startWorker(buffer: SharedArrayBuffer, owner: { index: number; epoch: number }, task: object): Worker {
  return new Worker(new URL("./shared-data.fixture.ts", import.meta.url), { workerData: { buffer, owner, task } });
}

/** Index of the lock word that guards `key` of `vm`: the one that changes when it is read. */
function lockOfKey(buffer: SharedArrayBuffer): number {
  const words = new Int32Array(buffer);
  const before = words.slice();
  new SharedData(buffer, MAIN).set("vm", key, Buffer.from("first"), 0);
  const changed = words.findIndex((word, i) => i > 1 && word !== before[i]);
  const shardWords = (8 + 2 * SHARD_HALF_BYTES) / 4;
  return 2 + Math.floor((changed - 2) / shardWords) * shardWords;
}

const stores: { name: string; make: () => SharedDataStore }[] = [
  { name: "SharedData", make: () => new SharedData(createSharedDataBuffer(), MAIN) },
  { name: "MemorySharedData", make: () => new MemorySharedData() },
];

describe("SharedData", () => {
  it("tells what it went through to make room, also in vain", () => {
    const store = new SharedData(createSharedDataBuffer(), MAIN);
    const value = new Uint8Array(SHARD_HALF_BYTES / 3);
    const sets = [1, 2, 3].map(() => [store.set("vm", key, value, 0), store.roomMadeBytes]);
    const inVain = [store.set("vm", key, new Uint8Array(SHARD_HALF_BYTES), 0), store.roomMadeBytes];
    expect([...sets, inVain]).toEqual([
      ["ok", 0],
      ["ok", 0],
      ["ok", SHARD_HALF_BYTES],
      ["full", SHARD_HALF_BYTES],
    ]);
  });
});

describe.each(stores)("$name", ({ make }) => {
  it("answers absent for a key nobody set and for a vm id nobody used", () => {
    const store = make();
    store.set("vm", key, Buffer.from("v"), 0);
    expect([store.get("vm", Buffer.from("other")), store.get("other", key)]).toEqual(["absent", "absent"]);
  });

  it("numbers values from 1 and does not spend a number on a mismatch", () => {
    const store = make();
    expect(store.set("vm", key, Buffer.from("a"), 0)).toBe("ok");
    expect(store.get("vm", key)).toMatchObject({ cas: 1 });
    expect(store.set("vm", key, Buffer.from("b"), 100)).toBe("casMismatch");
    expect(store.set("vm", key, Buffer.from("c"), 1)).toBe("ok");
    expect(store.get("vm", key)).toMatchObject({ cas: 2 });
    expect(text(store.get("vm", key))).toBe("c");
  });

  it("creates a missing key whatever the number says", () => {
    expect(make().set("vm", key, Buffer.from("a"), 77)).toBe("ok");
  });

  it("keeps an empty value as a value", () => {
    const store = make();
    store.set("vm", key, new Uint8Array(0), 0);
    expect(store.get("vm", key)).toMatchObject({ value: expect.objectContaining({ length: 0 }) });
  });
});

describe("SharedData", () => {
  it("agrees with a map over any order of writes", () => {
    const write = fc.record({
      vm: fc.constantFrom("a", "b"),
      key: fc.constantFrom("k1", "k2", "k3"),
      value: fc.uint8Array({ maxLength: 30_000 }),
    });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const store = new SharedData(createSharedDataBuffer(), MAIN);
        const naive = new MemorySharedData();
        for (const { vm, key: name, value } of writes) {
          expect(store.set(vm, Buffer.from(name), value, 0)).toBe("ok");
          naive.set(vm, Buffer.from(name), value, 0);
        }
        for (const vm of ["a", "b"]) {
          for (const name of ["k1", "k2", "k3"]) {
            expect(store.get(vm, Buffer.from(name))).toEqual(naive.get(vm, Buffer.from(name)));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("answers full for a value that no half can hold and keeps the one before", () => {
    const store = new SharedData(createSharedDataBuffer(), MAIN);
    store.set("vm", key, Buffer.from("small"), 0);
    expect(store.set("vm", key, new Uint8Array(SHARD_HALF_BYTES), 0)).toBe("full");
    expect(text(store.get("vm", key))).toBe("small");
  });

  it("loses no append of two threads", async () => {
    const buffer = createSharedDataBuffer();
    // The key must be there: the first value of a new one is set without a number, over whatever came in between.
    new SharedData(buffer, MAIN).set("vm", Buffer.from("log"), new Uint8Array(0), 0);
    const workers = [1, 2].map((index) => startWorker(buffer, { index, epoch: 0 }, { kind: "append", times: 200 }));
    await Promise.all(workers.map((worker) => once(worker, "exit")));
    const log = text(new SharedData(buffer, MAIN).get("vm", Buffer.from("log")));
    expect([log.replaceAll("2", "").length, log.replaceAll("1", "").length]).toEqual([200, 200]);
  });

  it("answers busy while a terminated worker's lock is held, and serves again once the lock is freed", async () => {
    const buffer = createSharedDataBuffer();
    const store = new SharedData(buffer, MAIN);
    const owner = { index: 3, epoch: 7 };
    const worker = startWorker(buffer, owner, { kind: "hold", lockAt: lockOfKey(buffer) });
    await once(worker, "message");
    await worker.terminate();

    expect([store.get("vm", key), store.set("vm", key, Buffer.from("x"), 0)]).toEqual(["busy", "busy"]);
    expect(store.freeLocksOf({ index: 3, epoch: 8 })).toEqual({ freed: 0, damaged: 0 });
    expect(store.freeLocksOf(owner)).toEqual({ freed: 1, damaged: 0 });
    expect(text(store.get("vm", key))).toBe("first");
    expect(store.set("vm", key, Buffer.from("x"), 0)).toBe("ok");
  });

  it("frees a lock that its own thread left behind", () => {
    const buffer = createSharedDataBuffer();
    const lockAt = lockOfKey(buffer);
    new Int32Array(buffer)[lockAt] = lockWord(MAIN);
    expect(text(new SharedData(buffer, MAIN).get("vm", key))).toBe("first");
    expect(new Int32Array(buffer)[lockAt]).toBe(0);
  });

  it("empties a shard whose entries a dead writer damaged", () => {
    const buffer = createSharedDataBuffer();
    const words = new Int32Array(buffer);
    const lockAt = lockOfKey(buffer);
    words.fill(0x7fff_fff0, lockAt + 2, lockAt + 200);
    words[lockAt] = lockWord({ index: 3, epoch: 0 });
    const store = new SharedData(buffer, MAIN);
    expect(store.freeLocksOf({ index: 3, epoch: 0 })).toEqual({ freed: 1, damaged: 1 });
    expect([store.get("vm", key), store.set("vm", key, Buffer.from("x"), 0)]).toEqual(["absent", "ok"]);
  });
});
