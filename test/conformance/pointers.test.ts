// Random pointers, sizes and numbers into every hostcall, good ones among them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wireParams, type Param } from "@sluice/abi/spec";
import { hostUnderTest } from "./kit/host-under-test.ts";
import { pairsOf } from "./kit/pairs.ts";
import { pointerProblems } from "./kit/pointer-problems.ts";
import { ALL_HOSTCALLS } from "./kit/rows.ts";
import { BYTES_AT, OUTS_AT, OWN_BYTES, type Values } from "./kit/table-guest.ts";

const PAGE = 65_536;
const CALLS = 48;

/** What is worth being pointed at. */
const PIECES = ["", "a", "x-a", "value", "request.path", "plugin_name", "x\r\ny", "0"].map((text) => Buffer.from(text));
const PAIRS = [pairsOf([["x-b", "2"]]), pairsOf([]), pairsOf([["x", "a\nb"]])];
const ALL_PIECES = [...PIECES, ...PAIRS];
const BYTES = Buffer.concat(ALL_PIECES);

const good = fc.nat(ALL_PIECES.length - 1).map((i): number[] => {
  const before = ALL_PIECES.slice(0, i).reduce((sum, piece) => sum + piece.length, 0);
  return [BYTES_AT + before, ALL_PIECES[i]!.length];
});
const edge = fc.constantFrom(PAGE - 9, PAGE - 8, PAGE - 4, PAGE - 3, PAGE - 1, PAGE, PAGE + 1, 2 ** 31, 2 ** 32 - 1);
const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const pointer = fc.oneof(fc.nat(PAGE), edge, word);
const size = fc.oneof(fc.nat(64), edge, word);
const out = fc.oneof(
  { weight: 6, arbitrary: fc.nat(100).map((i) => OUTS_AT + i) },
  pointer.map((at) => (at < OWN_BYTES ? at + OWN_BYTES : at)),
);

function valuesOf(param: Param): fc.Arbitrary<Values> {
  if (["bytes", "pairs", "path"].includes(param.type)) {
    return fc.oneof({ weight: 4, arbitrary: good }, fc.tuple(pointer, size));
  }
  if (param.type.startsWith("out")) return fc.tuple(...wireParams([param]).map(() => out));
  if (param.type === "i64" || param.type === "u64") return fc.tuple(fc.constantFrom(0n, 1n, -1n, 2n ** 63n));
  return fc.tuple(
    fc.oneof(
      { weight: 3, arbitrary: fc.nat(2) },
      { weight: 3, arbitrary: fc.nat(16) },
      fc.constantFrom(200, 403, 599),
      word,
    ),
  );
}

describe.each(ALL_HOSTCALLS.filter(({ params }) => params.length > 0))("$name", (row) => {
  it("answers as its row says, and writes nowhere but where it is told to", () => {
    const calls = fc.array(
      fc.tuple(...row.params.map(valuesOf)).map((values) => values.flat()),
      { minLength: CALLS, maxLength: CALLS },
    );
    fc.assert(
      fc.property(calls, (rows) => {
        expect(pointerProblems(hostUnderTest, row, rows, BYTES)).toEqual([]);
      }),
      { numRuns: 2 },
    );
  });
});
