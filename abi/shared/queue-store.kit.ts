// What every store of shared queues must do; each implementation runs it.

import { describe, expect, it } from "vitest";
import { QUEUE_BYTES, QUEUE_ITEMS_MAX, QUEUE_NAME_BYTES_MAX, QUEUES_MAX, QUEUES_PER_VM_MAX } from "./limits.ts";
import type { OpenQueueStore, QueueReceiver } from "./queue-store.ts";

export interface QueuesUnderTest {
  readonly store: OpenQueueStore;
  /** Resolves when `isDone` says so, letting receivers be called meanwhile; else after every call that was due. */
  settle(isDone: () => boolean): Promise<void>;
}

/** Takes one item for each call and remembers it, with the calls that found none. */
export class Taker implements QueueReceiver {
  readonly taken: string[] = [];
  private readonly store: OpenQueueStore;

  constructor(store: OpenQueueStore) {
    this.store = store;
  }

  queueReady(token: number): void {
    this.taken.push(shown(this.store.dequeue(token)));
  }
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const shown = (item: Uint8Array | string): string =>
  typeof item === "string" ? `(${item})` : Buffer.from(item).toString();

export function queueStoreKit(name: string, make: () => QueuesUnderTest): void {
  describe(`${name}, as a store of queues`, () => {
    const tokenOf = (store: OpenQueueStore, vmId: string, queue: string): number =>
      store.open(vmId, bytes(queue)) as number;

    it("numbers queues from 1 on, over vm ids, and gives one name one number", () => {
      const { store } = make();
      const names = [
        ["a", "x"],
        ["b", "x"],
        ["a", "y"],
        ["a", "x"],
        ["", ""],
      ] as const;
      expect(names.map(([vmId, queue]) => store.register(vmId, bytes(queue), new Taker(store)))).toEqual([
        1, 2, 3, 1, 4,
      ]);
      expect([store.resolve("b", bytes("x")), store.resolve("a", bytes("y"))]).toEqual([2, 3]);
      expect([store.resolve("b", bytes("y")), store.resolve("ab", bytes(""))]).toEqual(["absent", "absent"]);
    });

    it("gives items back in order, once, to whoever asks, and copies them", () => {
      const { store } = make();
      const token = tokenOf(store, "vm", "q");
      const item = new Uint8Array(Buffer.from("first"));
      expect([
        store.enqueue(token, item),
        store.enqueue(token, bytes("")),
        store.enqueue(token, bytes("third")),
      ]).toEqual(["ok", "ok", "ok"]);
      item.fill(0);
      expect([1, 2, 3, 4].map(() => shown(store.dequeue(token)))).toEqual(["first", "", "third", "(empty)"]);
    });

    it("knows no queue by a number that it has not given", () => {
      const { store } = make();
      const token = tokenOf(store, "vm", "q");
      for (const other of [0, token + 1, 0xffff_ffff]) {
        expect([store.enqueue(other, bytes("x")), store.dequeue(other)]).toEqual(["absent", "absent"]);
      }
    });

    it.each([
      { what: "one large item", item: QUEUE_BYTES / 2 - 4, fits: 2 },
      { what: "small items", item: 4, fits: QUEUE_ITEMS_MAX },
      { what: "an item that no queue can hold", item: QUEUE_BYTES - 3, fits: 0 },
    ])("takes $what up to its bound, and more once something was taken out", ({ item, fits }) => {
      const { store } = make();
      const token = tokenOf(store, "vm", "q");
      for (let i = 0; i < fits; i++) expect(store.enqueue(token, new Uint8Array(item).fill(i))).toBe("ok");
      expect(store.enqueue(token, new Uint8Array(item))).toBe("full");
      if (fits === 0) return;
      expect(store.dequeue(token)).toEqual(new Uint8Array(item));
      expect(store.enqueue(token, new Uint8Array(item))).toBe("ok");
    });

    it("makes queues up to the bounds of a vm id, of a process and of a name", () => {
      const { store } = make();
      const register = (vmId: string, queue: string): number | string =>
        store.register(vmId, bytes(queue), new Taker(store));
      for (let i = 0; i < QUEUES_PER_VM_MAX; i++) expect(register("a", `${i}`)).toBe(i + 1);
      expect([register("a", "one more"), register("a", "0")]).toEqual(["full", 1]);
      for (let i = QUEUES_PER_VM_MAX; i < QUEUES_MAX; i++) expect(register(`vm${i}`, "q")).toBe(i + 1);
      expect(register("b", "q")).toBe("full");
      expect(make().store.open("v", bytes("n".repeat(QUEUE_NAME_BYTES_MAX - 2)))).toBe(1);
      expect(make().store.open("v", bytes("n".repeat(QUEUE_NAME_BYTES_MAX - 1)))).toBe("full");
    });

    it("tells the receiver of every item once, later than it was put in", async () => {
      const { store, settle } = make();
      const taker = new Taker(store);
      const token = store.register("vm", bytes("q"), taker) as number;
      for (const text of ["a", "b", "c"]) store.enqueue(token, bytes(text));
      expect(taker.taken).toEqual([]);
      await settle(() => taker.taken.length === 3);
      store.enqueue(token, bytes("d"));
      await settle(() => taker.taken.length === 4);
      expect(taker.taken).toEqual(["a", "b", "c", "d"]);
    });

    it("tells of an item also when somebody else has taken it", async () => {
      const { store, settle } = make();
      const taker = new Taker(store);
      const token = store.register("vm", bytes("q"), taker) as number;
      store.enqueue(token, bytes("a"));
      expect(shown(store.dequeue(token))).toBe("a");
      await settle(() => taker.taken.length === 1);
      expect(taker.taken).toEqual(["(empty)"]);
    });

    it("tells the one that registered last, and of all that is there already", async () => {
      const { store, settle } = make();
      const [first, second] = [new Taker(store), new Taker(store)];
      const token = store.register("vm", bytes("q"), first) as number;
      store.enqueue(token, bytes("a"));
      await settle(() => first.taken.length === 1);
      store.enqueue(token, bytes("b"));
      store.enqueue(token, bytes("c"));
      expect(store.register("vm", bytes("q"), second)).toBe(token);
      await settle(() => second.taken.length === 2);
      expect([first.taken, second.taken]).toEqual([["a"], ["b", "c"]]);
    });

    it("tells the one before it when the last is forgotten, and keeps items while there is none", async () => {
      const { store, settle } = make();
      const [first, second, third] = [new Taker(store), new Taker(store), new Taker(store)];
      const token = store.register("vm", bytes("q"), first) as number;
      store.register("vm", bytes("q"), second);
      store.enqueue(token, bytes("a"));
      store.forget(second);
      await settle(() => first.taken.length === 1);
      store.forget(first);
      store.enqueue(token, bytes("b"));
      await settle(() => true);
      store.register("vm", bytes("q"), third);
      await settle(() => third.taken.length === 1);
      expect([first.taken, second.taken, third.taken]).toEqual([["a"], [], ["b"]]);
    });

    it("tells of one item once also when its receiver registers again", async () => {
      const { store, settle } = make();
      const taker = new Taker(store);
      const token = store.register("vm", bytes("q"), taker) as number;
      store.enqueue(token, bytes("a"));
      store.register("vm", bytes("q"), taker);
      await settle(() => taker.taken.length > 0);
      store.register("vm", bytes("q"), taker);
      store.enqueue(token, bytes("b"));
      await settle(() => taker.taken.length > 1);
      expect(taker.taken).toEqual(["a", "b"]);
    });
  });
}
