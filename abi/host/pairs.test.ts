import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headOf } from "../head/head.ts";
import { PAIRS_COUNT_MAX } from "./limits.ts";
import { decodePairs, encodePairs, headBytes, pairsLength, writePairs, type Pair } from "./pairs.ts";

const bytes = fc.uint8Array({ maxLength: 20 });
const pairs = fc.array(fc.record({ name: bytes, value: bytes }), { maxLength: 12 });
const name = fc.stringMatching(/^[a-z-]{1,10}$/);
const value = fc.string({ unit: "grapheme-ascii", maxLength: 20 }).filter((text) => !/[\r\n\0]/.test(text));
const fields = fc.array(fc.tuple(name, value), { maxLength: 12 });

/** Pairs as plain values. */
const plain = (decoded: readonly Pair[] | null): unknown =>
  decoded?.map((pair) => [Buffer.from(pair.name).toString("hex"), Buffer.from(pair.value).toString("hex")]) ?? null;

describe("pairs", () => {
  it("that were encoded decode to the same, duplicates and empty ones in order", () => {
    fc.assert(
      fc.property(pairs, (some) => {
        expect(plain(decodePairs(encodePairs(some)))).toEqual(plain(some));
      }),
    );
  });

  it("of a head are those of its fields, in the length that was told before", () => {
    fc.assert(
      fc.property(fields, (some) => {
        const head = headOf(some);
        const written = new Uint8Array(pairsLength(head));
        if (written.length > 0) writePairs(head, written, 0);
        const encoded = encodePairs(some.map(([n, v]) => ({ name: Buffer.from(n), value: Buffer.from(v) })));
        expect(Buffer.from(written)).toEqual(Buffer.from(some.length === 0 ? [] : encoded));
        expect(headBytes(head)).toBe(some.reduce((sum, [n, v]) => sum + n.length + v.length, 0));
      }),
    );
  });

  it("that are taken from any bytes encode to those bytes again", () => {
    const exact = fc.tuple(pairs, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }));
    const mutant = exact.map(([some, edits]) => {
      const encoded = encodePairs(some);
      for (const [at, byte] of edits) if (at < encoded.length) encoded[at] = byte;
      return encoded;
    });
    fc.assert(
      fc.property(fc.oneof(mutant, fc.uint8Array({ maxLength: 64 })), (any) => {
        const decoded = decodePairs(any);
        const isSpelledOtherwise = any.length === 0 || (any.length === 1 && any[0] === 0);
        if (decoded === null || isSpelledOtherwise) return;
        expect(Buffer.from(encodePairs(decoded))).toEqual(Buffer.from(any));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    { words: [0xffff_ffff], remark: "a count that no memory holds" },
    { words: [PAIRS_COUNT_MAX + 1], remark: "one pair more than there may be" },
    { words: [1, 0xffff_ffff, 0xffff_ffff], remark: "lengths that add up past 2³²" },
    { words: [1, 0xffff_fffe, 0], remark: "a length that leaves no room for a NUL" },
  ])("with $remark are none", ({ words }) => {
    const some = new Uint8Array(64);
    words.forEach((word, i) => new DataView(some.buffer).setUint32(i * 4, word, true));
    expect(decodePairs(some)).toBeNull();
  });
});
