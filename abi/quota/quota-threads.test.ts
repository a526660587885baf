// Quotas under several threads at once: what all are granted together is what the model grants, to the unit.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { QuotaWindow } from "./quota-backend.ts";
import { QuotaBook } from "./quota-book.ts";
import { QuotaMemory, createQuotaBuffer } from "./quota-memory.ts";
import type { QuotaJob } from "./shared-quotas.fixture.ts";
import { SharedQuotas } from "./shared-quotas.ts";
import { lockWord } from "../shared/shard-lock.ts";

const FIXTURE = new URL("./shared-quotas.fixture.ts", import.meta.url);
const THREADS = 4;
const MAIN = { index: 32_000, epoch: 0 };
const NOW_US = 5_000_000_000;

type Work = Pick<QuotaJob, "keys" | "times" | "amount" | "givesBack">;

interface Field {
  readonly buffer: SharedArrayBuffer;
  readonly book: QuotaBook;
  readonly plans: QuotaJob["plans"];
  readonly main: SharedQuotas;
}

function field(windows: readonly QuotaWindow[], entries = 4096): Field {
  const buffer = createQuotaBuffer(THREADS, entries);
  const book = new QuotaBook(buffer, () => NOW_US);
  const main = new SharedQuotas(buffer, { owner: MAIN, thread: 0, nowUs: () => NOW_US });
  return { buffer, book, plans: book.plan([{ name: "q", windows }]), main };
}

/** What all threads together were granted, by key. */
async function hammer({ buffer, plans }: Field, work: Work): Promise<number[]> {
  const answers = Array.from({ length: THREADS }, async (_, thread) => {
    const workerData: QuotaJob = { buffer, plans, thread, nowUs: NOW_US, ...work };
    const worker = new Worker(FIXTURE, { workerData });
    const [granted] = (await once(worker, "message")) as [number[]];
    return granted;
  });
  const all = await Promise.all(answers);
  return Array.from({ length: work.keys }, (_, key) => all.reduce((sum, granted) => sum + granted[key]!, 0));
}

const daily = (burst: number): QuotaWindow => ({ count: 1, perMs: 86_400_000, burst });

describe("SharedQuotas on several threads", () => {
  it("grants one key exactly its burst", async () => {
    const granted = await hammer(field([daily(5000)]), { keys: 1, times: 10_000, amount: 1, givesBack: false });
    expect(granted).toEqual([5000]);
  });

  it("grants new keys that all bring in at once exactly theirs", async () => {
    // In a table of twice the keys one bucket is full in every second run, and its last key then shares another.
    const roomy = field([daily(6)], 16_384);
    const granted = await hammer(roomy, { keys: 2000, times: 3, amount: 1, givesBack: false });
    expect(granted).toEqual(granted.map(() => 6));
  });

  it("grants the burst of the tightest of several windows, and no part of one window alone", async () => {
    const windows = [daily(5000), { count: 1, perMs: 3_600_000, burst: 3000 }];
    const one = field(windows);
    const granted = await hammer(one, { keys: 1, times: 10_000, amount: 3, givesBack: false });
    expect(granted).toEqual([3000]);
    // The wider window was charged what was granted and nothing else.
    const wide = one.book.plan([{ name: "q", windows: [daily(5000)] }]);
    one.book.apply(wide);
    expect(one.main.backend(wide).find("q")!.peek(Buffer.from("key 0"), 5000, true).granted).toBe(2000);
  });

  it("is as before when everything was given back", async () => {
    const one = field([daily(10), { count: 1, perMs: 3_600_000, burst: 7 }]);
    await hammer(one, { keys: 3, times: 5000, amount: 2, givesBack: true });
    const quota = one.main.backend(one.plans).find("q")!;
    for (let key = 0; key < 3; key++) expect(quota.peek(Buffer.from(`key ${key}`), 7, true).granted).toBe(7);
  });

  it("lets new keys share a bucket while a dead thread holds their lock, and frees it", () => {
    const { buffer, plans, main, book } = field([daily(3)], 16);
    const memory = new QuotaMemory(buffer);
    const quota = main.backend(plans).find("q")!;
    quota.reserve(Buffer.from("known"), 1, false);
    const dead = { index: 2, epoch: 5 };
    memory.words[memory.lockAt(0)] = lockWord(dead);
    const ask = (key: string): number => quota.reserve(Buffer.from(key), 2, false).granted;
    expect([ask("known"), ask("a"), ask("b")]).toEqual([2, 2, 0]);
    expect(book.tableCounts()).toMatchObject({ keys: 1, busy: 2 });
    expect([main.freeLocksOf({ index: 2, epoch: 6 }), main.freeLocksOf(dead)]).toEqual([0, 1]);
    expect([ask("a"), ask("b")]).toEqual([2, 2]);
  });
});

describe("SharedQuotas and a million keys", () => {
  it("takes no more memory, and keeps what known keys have used", () => {
    let nowUs = NOW_US;
    const buffer = createQuotaBuffer(1);
    const book = new QuotaBook(buffer, () => nowUs);
    const plans = book.plan([{ name: "q", windows: [{ count: 1, perMs: 3_600_000, burst: 10 }] }]);
    const quotas = new SharedQuotas(buffer, { owner: MAIN, thread: 0, nowUs: () => nowUs });
    const quota = quotas.backend(plans).find("q")!;
    const known = Array.from({ length: 200 }, (_, i) => Buffer.from(`known ${i}`));
    for (const key of known) expect(quota.reserve(key, 4, false).granted).toBe(4);
    const bytes = buffer.byteLength;
    const key = Buffer.alloc(8);
    for (let i = 0; i < 1_000_000; i++) {
      key.writeUInt32LE(i);
      quota.reserve(key, 1, false);
      nowUs += 1;
    }
    expect(buffer.byteLength).toBe(bytes);
    expect(bytes).toBeLessThan(20 * 1024 * 1024);
    for (const one of known) expect(quota.peek(one, 10, true).granted).toBe(6);
    const { keys, evicted, full } = book.tableCounts();
    expect(keys + full).toBe(1_000_200);
    expect([evicted, full > 0]).toEqual([0, true]);
  });
});
