import { describe, expect, it } from "vitest";
import { BUCKET_ENTRIES } from "./limits.ts";
import { quotaBackendKit } from "./quota-backend.kit.ts";
import type { QuotaDefinition } from "./quota-backend.ts";
import { QuotaBook } from "./quota-book.ts";
import { createQuotaBuffer } from "./quota-memory.ts";
import { SharedQuotas } from "./shared-quotas.ts";

/** Main's book, and a thread's quotas over it, by a clock that stands until it is moved. */
function open(definitions: readonly QuotaDefinition[], entries = 1024) {
  let nowUs = 7_000_000_000;
  const buffer = createQuotaBuffer(1, entries);
  const book = new QuotaBook(buffer, () => nowUs);
  const quotas = new SharedQuotas(buffer, { owner: { index: 0, epoch: 0 }, thread: 0, nowUs: () => nowUs });
  const define = (next: readonly QuotaDefinition[]) => {
    const plans = book.plan(next);
    book.apply(plans);
    return quotas.backend(plans);
  };
  let backend = define(definitions);
  return {
    book,
    buffer,
    find: (name: string) => backend.find(name),
    define: (next: readonly QuotaDefinition[]) => void (backend = define(next)),
    advanceMs: (ms: number) => void (nowUs += ms * 1000),
  };
}

quotaBackendKit("SharedQuotas", (definitions) => open(definitions));

describe("SharedQuotas", () => {
  const day = { count: 10, perMs: 86_400_000, burst: 10 };
  const key = (i: number): Uint8Array => Buffer.from(`key ${i}`);

  it("lets keys without a place share one bucket, and counts that", () => {
    const { find, book } = open([{ name: "q", windows: [day] }], BUCKET_ENTRIES);
    const quota = find("q")!;
    for (let i = 0; i < BUCKET_ENTRIES; i++) expect(quota.reserve(key(i), 9, false).granted).toBe(9);
    const others = Array.from({ length: 100 }, (_, i) => quota.reserve(key(1000 + i), 1, false).granted);
    expect(others.filter((granted) => granted === 1)).toHaveLength(10);
    expect(quota.peek(key(2000), 1, false).granted).toBe(0);
    // Those that have a place are not touched.
    for (let i = 0; i < BUCKET_ENTRIES; i++) {
      expect(quota.reserve(key(i), 1, false).granted).toBe(1);
      expect(quota.reserve(key(i), 1, false).granted).toBe(0);
    }
    expect(book.tableCounts()).toEqual({ keys: BUCKET_ENTRIES, evicted: 0, full: 100, busy: 0 });
    expect(book.counts()).toEqual([
      { quota: "q", granted: 2 * BUCKET_ENTRIES + 10, refused: BUCKET_ENTRIES + 90, overflow: 100 },
    ]);
  });

  it("gives a place back to the shared bucket what was taken from it", () => {
    const { find } = open([{ name: "q", windows: [day] }], BUCKET_ENTRIES);
    const quota = find("q")!;
    for (let i = 0; i < BUCKET_ENTRIES; i++) quota.reserve(key(i), 9, false);
    const reservation = quota.reserve(key(1000), 10, false);
    expect(quota.reserve(key(1001), 1, false).granted).toBe(0);
    reservation.giveBack();
    expect(quota.reserve(key(1001), 10, false).granted).toBe(10);
  });

  it("gives places of keys at rest to new keys", () => {
    const { find, book, advanceMs } = open([{ name: "q", windows: [{ count: 10, perMs: 1000, burst: 10 }] }], 16);
    const quota = find("q")!;
    for (let i = 0; i < 1000; i++) {
      expect(quota.reserve(key(i), 10, false).granted).toBe(10);
      advanceMs(100);
    }
    expect(book.tableCounts()).toMatchObject({ keys: 16, evicted: 1000 - 16, full: 0 });
  });

  it("counts an entry in coarser ticks for keys that share a bucket too", () => {
    const { find, define } = open([{ name: "q", windows: [day] }], BUCKET_ENTRIES);
    for (let i = 0; i < BUCKET_ENTRIES; i++) find("q")!.reserve(key(i), 1, false);
    expect(find("q")!.reserve(key(1000), 4, false).granted).toBe(4);
    define([{ name: "q", windows: [{ ...day, burst: 1_000_000_000 }] }]);
    expect(find("q")!.reserve(key(1000), 1, false).granted).toBe(1);
    expect(find("q")!.peek(key(1000), 1_000_000_000, true).granted).toBe(1_000_000_000 - 5);
  });

  it("keeps the buckets of windows whose rates change, when others come and go", () => {
    const second = { count: 5, perMs: 1000, burst: 5 };
    const { find, define } = open([{ name: "q", windows: [day, second] }]);
    find("q")!.reserve(key(1), 5, false);
    define([{ name: "q", windows: [{ count: 1, perMs: 60_000, burst: 10 }, { ...second, burst: 8 }, day] }]);
    expect(find("q")!.peek(key(1), 8, true).granted).toBe(3);
    define([{ name: "q", windows: [day] }]);
    expect(find("q")!.peek(key(1), 10, true).granted).toBe(5);
  });

  it("gives the place of the quota that was longest gone to a new one, when all are used", () => {
    const names = Array.from({ length: 256 }, (_, i) => `q${i}`);
    const { define, find, book } = open(names.map((name) => ({ name, windows: [day] })));
    find("q7")!.reserve(key(1), 10, false);
    define([...names.filter((name) => name !== "q7"), "new"].map((name) => ({ name, windows: [day] })));
    expect(find("new")!.reserve(key(1), 10, false).granted).toBe(10);
    expect(book.counts().find(({ quota }) => quota === "new")).toMatchObject({ granted: 1, refused: 0 });
    define(names.map((name) => ({ name, windows: [day] })));
    expect(find("q7")!.burst).toBe(10);
  });
});
