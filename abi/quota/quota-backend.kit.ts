// What every quota backend must do; each implementation runs it. Time stands until the kit moves it.

import { describe, expect, it } from "vitest";
import { QUOTA_KEY_BYTES_MAX, RETRY_AFTER_MS_MAX } from "./limits.ts";
import type { Quota, QuotaAnswer, QuotaDefinition, QuotaWindow } from "./quota-backend.ts";

export interface BackendUnderTest {
  find(name: string): Quota | null;
  /** These quotas from now on, as when another deployment is in charge. */
  define(definitions: readonly QuotaDefinition[]): void;
  advanceMs(ms: number): void;
}

const SECOND = 1000;
const MINUTE = 60_000;
const DAY = 86_400_000;

const key = (text: string): Uint8Array => Buffer.from(text);
const window = (count: number, perMs: number, burst = count): QuotaWindow => ({ count, perMs, burst });
/** What was granted, and the time to wait in tens of ms and to two digits: a backend may count in steps of a thousandth of a unit. */
const short = ({ granted, retryAfterMs }: QuotaAnswer): [number, number] => {
  const step = 10 ** Math.max(1, Math.floor(Math.log10(retryAfterMs)) - 1);
  return [granted, retryAfterMs === 0 ? 0 : Math.floor(retryAfterMs / step) * step];
};

export function quotaBackendKit(
  name: string,
  open: (definitions: readonly QuotaDefinition[]) => BackendUnderTest,
): void {
  const openOne = (...windows: QuotaWindow[]): { backend: BackendUnderTest; quota: Quota } => {
    const backend = open([{ name: "q", windows }]);
    return { backend, quota: backend.find("q")! };
  };
  const take = (quota: Quota, amount: number, text = "k"): [number, number] =>
    short(quota.reserve(key(text), amount, false));

  describe(`${name}, as a quota backend`, () => {
    it("finds what is defined and nothing else", () => {
      const backend = open([
        { name: "a", windows: [window(10, SECOND, 20)] },
        { name: "b", windows: [window(100, SECOND), window(1000, DAY, 50), window(50, DAY)] },
      ]);
      expect([backend.find("a")!.burst, backend.find("a")!.windowMs]).toEqual([20, 2000]);
      expect([backend.find("b")!.burst, backend.find("b")!.windowMs]).toEqual([50, DAY]);
      expect([backend.find("c"), backend.find("")]).toEqual([null, null]);
    });

    it("grants a burst at once, and then at the rate", () => {
      const { backend, quota } = openOne(window(10, SECOND, 3));
      expect([take(quota, 1), take(quota, 2), take(quota, 1)]).toEqual([
        [1, 0],
        [2, 0],
        [0, 100],
      ]);
      backend.advanceMs(50);
      expect(take(quota, 1)).toEqual([0, 50]);
      backend.advanceMs(50);
      expect(take(quota, 1)).toEqual([1, 0]);
      expect(take(quota, 1)).toEqual([0, 100]);
      backend.advanceMs(10 * SECOND);
      expect([take(quota, 3), take(quota, 1)]).toEqual([
        [3, 0],
        [0, 100],
      ]);
    });

    it("changes nothing when it refuses", () => {
      const { backend, quota } = openOne(window(10, SECOND, 5));
      take(quota, 4);
      for (let i = 0; i < 100; i++) expect(take(quota, 5)).toEqual([0, 400]);
      backend.advanceMs(400);
      expect(take(quota, 5)).toEqual([5, 0]);
    });

    it("keeps keys apart, whatever their bytes, and quotas too", () => {
      const backend = open([
        { name: "a", windows: [window(1, DAY)] },
        { name: "b", windows: [window(1, DAY)] },
      ]);
      const keys = ["", "\0", "\0\0", "a", "b", "ab", "a\0b", "\xff", "x".repeat(QUOTA_KEY_BYTES_MAX)];
      for (const quota of [backend.find("a")!, backend.find("b")!]) {
        for (const each of keys) expect(take(quota, 1, each)[0]).toBe(1);
        for (const each of keys) expect(take(quota, 1, each)[0]).toBe(0);
      }
    });

    it("gives a part where a part is acceptable, and says when the rest can be had", () => {
      const { backend, quota } = openOne(window(10, SECOND, 5));
      take(quota, 3);
      expect(short(quota.reserve(key("k"), 4, true))).toEqual([2, 200]);
      expect(short(quota.reserve(key("k"), 4, true))).toEqual([0, 400]);
      backend.advanceMs(200);
      expect(take(quota, 2)).toEqual([2, 0]);
    });

    it("takes nothing at a peek", () => {
      const { quota } = openOne(window(10, SECOND, 5));
      expect(short(quota.peek(key("k"), 5, false))).toEqual([5, 0]);
      take(quota, 2);
      for (let i = 0; i < 10; i++) expect(short(quota.peek(key("k"), 5, true))).toEqual([3, 200]);
      expect(short(quota.peek(key("k"), 5, false))).toEqual([0, 200]);
      expect(take(quota, 3)).toEqual([3, 0]);
    });

    it("takes from all windows or from none", () => {
      const { backend, quota } = openOne(window(2, SECOND), window(3, MINUTE));
      expect([take(quota, 1), take(quota, 1)]).toEqual([
        [1, 0],
        [1, 0],
      ]);
      expect(take(quota, 2)).toEqual([0, 20_000]);
      backend.advanceMs(SECOND);
      expect(take(quota, 1)).toEqual([1, 0]);
      // The minute has nothing left, so the second gives nothing either, and stays as it is.
      expect([take(quota, 1), take(quota, 1)]).toEqual([
        [0, 19_000],
        [0, 19_000],
      ]);
      expect(short(quota.reserve(key("k"), 2, true))).toEqual([0, 39_000]);
      backend.advanceMs(19_000);
      expect(take(quota, 1)).toEqual([1, 0]);
    });

    it("gives best effort what the tightest window has", () => {
      const { quota } = openOne(window(10, SECOND), window(3, MINUTE));
      expect(short(quota.reserve(key("k"), 3, true))).toEqual([3, 0]);
      expect(short(quota.reserve(key("other"), 2, true))).toEqual([2, 0]);
      expect(short(quota.reserve(key("other"), 3, true))).toEqual([1, 40_000]);
    });

    it("takes back what was never used", () => {
      const { quota } = openOne(window(1, MINUTE, 5), window(10, DAY));
      const reservation = quota.reserve(key("k"), 4, false);
      expect(take(quota, 2)[0]).toBe(0);
      reservation.giveBack();
      expect(take(quota, 5)).toEqual([5, 0]);
    });

    it("takes back a partial grant, and nothing of a refusal", () => {
      const { quota } = openOne(window(1, MINUTE, 5));
      take(quota, 3);
      const part = quota.reserve(key("k"), 4, true);
      const refused = quota.reserve(key("k"), 1, false);
      expect([part.granted, refused.granted]).toEqual([2, 0]);
      refused.giveBack();
      expect(take(quota, 1)[0]).toBe(0);
      part.giveBack();
      expect([take(quota, 2)[0], take(quota, 1)[0]]).toEqual([2, 0]);
    });

    it("does not take back what was refilled meanwhile", () => {
      const { backend, quota } = openOne(window(1, SECOND, 1));
      const first = quota.reserve(key("k"), 1, false);
      backend.advanceMs(5 * SECOND);
      expect(take(quota, 1)).toEqual([1, 0]);
      backend.advanceMs(100);
      first.giveBack();
      expect(take(quota, 1)).toEqual([0, 900]);
    });

    it("keeps what was used when the rate changes, and refills at the new one", () => {
      const { backend, quota } = openOne(window(10, SECOND, 100));
      take(quota, 100);
      backend.define([{ name: "q", windows: [window(100, MINUTE, 100)] }]);
      const changed = backend.find("q")!;
      expect(take(changed, 1)).toEqual([0, 600]);
      backend.advanceMs(6000);
      expect([take(changed, 10), take(changed, 1)]).toEqual([
        [10, 0],
        [0, 600],
      ]);
      // The one that a snapshot before still has goes by the new rate too.
      expect(take(quota, 1)).toEqual([0, 600]);
    });

    it("clamps to a burst that shrank, and gives no more when it grows", () => {
      const { backend, quota } = openOne(window(1, SECOND, 100));
      take(quota, 60);
      backend.define([{ name: "q", windows: [window(1, SECOND, 10)] }]);
      const small = backend.find("q")!;
      expect(take(small, 1)).toEqual([0, SECOND]);
      backend.advanceMs(SECOND);
      expect([take(small, 1), take(small, 1)]).toEqual([
        [1, 0],
        [0, SECOND],
      ]);
      backend.define([{ name: "q", windows: [window(1, SECOND, 12)] }]);
      expect(short(backend.find("q")!.peek(key("k"), 12, true))[0]).toBe(2);
    });

    it("keeps what was used when the burst grows or shrinks by orders of magnitude", () => {
      const { backend, quota } = openOne(window(1, DAY, 10));
      take(quota, 7);
      backend.define([{ name: "q", windows: [window(1, DAY, 1_000_000_000)] }]);
      const large = backend.find("q")!;
      expect(short(large.peek(key("k"), 1_000_000_000, true))[0]).toBe(1_000_000_000 - 7);
      expect(take(large, 100)[0]).toBe(100);
      expect(short(large.peek(key("k"), 1_000_000_000, true))[0]).toBe(1_000_000_000 - 107);
      backend.define([{ name: "q", windows: [window(1, DAY, 110)] }]);
      expect(short(backend.find("q")!.peek(key("k"), 110, true))[0]).toBe(3);
    });

    it("keeps what was used when a quota goes and comes back", () => {
      const { backend, quota } = openOne(window(1, DAY, 5));
      take(quota, 5);
      backend.define([{ name: "other", windows: [window(1, SECOND)] }]);
      expect(backend.find("q")).toBeNull();
      backend.define([{ name: "q", windows: [window(1, DAY, 5)] }]);
      expect(take(backend.find("q")!, 1)[0]).toBe(0);
    });

    it.each([
      { name: "a rate of a day", each: window(1, DAY, 3), idleMs: 400 * DAY },
      { name: "a rate near the largest", each: window(999_999_999, SECOND, 1000), idleMs: 60 * MINUTE },
      { name: "a plain rate", each: window(100, SECOND, 200), idleMs: 400 * DAY },
    ])("finds a key that was idle for long at rest, with $name", ({ each, idleMs }) => {
      const { backend, quota } = openOne(each);
      for (let step = 0; step <= 64; step++) {
        take(quota, each.burst, `key ${step}`);
        backend.advanceMs(idleMs / 64);
      }
      for (let step = 0; step <= 64; step++) {
        expect(take(quota, each.burst, `key ${step}`), `idle for ${64 - step} steps`).toEqual([each.burst, 0]);
      }
    });

    it("bounds what it says of the time to wait", () => {
      const { quota } = openOne(window(1, DAY, 1_000_000));
      take(quota, 1_000_000);
      expect(quota.peek(key("k"), 1_000_000, false).retryAfterMs).toBe(RETRY_AFTER_MS_MAX);
    });
  });
}
