import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUCKETS, bucketOf, bucketTop, quantile } from "./histogram.ts";

const LARGEST = 2 ** 31 - 1;

describe("bucketOf", () => {
  it.each([
    [-1, 0],
    [0, 0],
    [3, 3],
    [4, 4],
    [7, 7],
    [8, 8],
    [9, 8],
    [10, 9],
    [16, 12],
    [LARGEST, BUCKETS - 1],
    [1e12, BUCKETS - 1],
  ])("puts %d into bucket %d", (value, bucket) => {
    expect(bucketOf(value)).toBe(bucket);
  });

  it("puts every value between the tops of its bucket and the one before, at most a quarter below its own", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: LARGEST }), (value) => {
        const bucket = bucketOf(value);
        expect(bucketTop(bucket)).toBeGreaterThanOrEqual(value);
        expect(bucketTop(bucket - 1)).toBeLessThan(value);
        expect(bucketTop(bucket)).toBeLessThanOrEqual(value * 1.25);
      }),
    );
  });
});

describe("quantile", () => {
  const counted = (values: readonly number[]): Float64Array => {
    const buckets = new Float64Array(BUCKETS);
    for (const value of values) buckets[bucketOf(value)]! += 1;
    return buckets;
  };

  it("is 0 while nothing was counted", () => {
    expect(quantile(counted([]), 0.5)).toBe(0);
  });

  it("is at or above the exact quantile, by a quarter at most", () => {
    const shares = fc.constantFrom(0.5, 0.9, 0.99);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: LARGEST }), { minLength: 1 }), shares, (values, share) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(sorted.length * share) - 1]!;
        const read = quantile(counted(values), share);
        expect(read).toBeGreaterThanOrEqual(exact);
        expect(read).toBeLessThanOrEqual(exact * 1.25);
      }),
    );
  });
});
