import { Head } from "@sluice/abi";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INCOMPLETE } from "./field-parser.ts";
import { RequestHeadParser } from "./request-head-parser.ts";

const parser = new RequestHeadParser();

/** Parses `text` as it stands behind other bytes of a reader's buffer. */
function parse(text: string, before = ""): { result: number; head: Head } {
  const bytes = Buffer.from(before + text, "latin1");
  const head = new Head();
  const result = parser.parse(bytes, before.length, bytes.length, head, 100);
  // As the codec does: positions are relative to the head's own bytes.
  head.bytes = bytes.subarray(before.length);
  return { result: result < 0 ? result : result - before.length, head };
}

/** Heads from pieces that are each right or wrong in a way that matters. */
const piece = fc.constantFrom(
  "GET / HTTP/1.1\r\n",
  "POST /a HTTP/1.1\r\n",
  "Host: a.test\r\n",
  "host:b\r\n",
  "Content-Length: 3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "X-A: 1\r\n",
  "x-b:\t2 \r\n",
  "Connection: close, X-A\r\n",
  "\r\n",
  "\n",
  "\r",
  " ",
  ":",
  "\0",
  "a",
  "\xff",
);
const text = fc.oneof(
  fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join("")),
  fc.array(piece, { maxLength: 6 }).map((pieces) => `GET / HTTP/1.1\r\nHost: a\r\n${pieces.join("")}\r\n`),
);

describe("RequestHeadParser", () => {
  it("says of every beginning of a head that it is incomplete, or what it says of the whole", () => {
    fc.assert(
      fc.property(text, (message) => {
        const { result } = parse(message);
        for (let length = 0; length < message.length; length++) {
          const early = parse(message.slice(0, length)).result;
          if (early !== INCOMPLETE) expect(early).toBe(result);
        }
      }),
    );
  });

  it("reads the same wherever in a buffer a head stands, and when it is read again", () => {
    fc.assert(
      fc.property(text, fc.string({ maxLength: 9 }), (message, before) => {
        const here = parse(message);
        const there = parse(message, before);
        expect(there.result).toBe(here.result);
        if (here.result >= 0) expect(there.head.toPairs()).toEqual(here.head.toPairs());
      }),
    );
  });

  it("accepts only heads without control bytes, folds and second meanings", () => {
    fc.assert(
      fc.property(text, (message) => {
        const { result, head } = parse(message);
        if (result < 0) return;
        const pairs = head.toPairs();
        expect(pairs.map(([name]) => name).slice(0, 4)).toEqual([":method", ":path", ":authority", ":scheme"]);
        for (const [name, value] of pairs.slice(4)) {
          expect(name).toMatch(/^[!#$%&'*+.^`|~0-9a-z-]+$/);
          expect(value).not.toMatch(/^[ \t]|[ \t]$|[\0\r\n]/);
          expect(["host", "connection", "transfer-encoding"]).not.toContain(name);
        }
      }),
    );
  });

  it("never throws, whatever it is given", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(Number.isInteger(parse(Buffer.from(bytes).toString("latin1")).result)).toBe(true);
      }),
    );
  });
});
