import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBuffer } from "../../transport/read-buffer.ts";
import { CR, LF, NAME, SP, TAB, VALUE } from "../bytes.ts";
import { HEAD_FIELDS_MAX } from "../limits.ts";
import { FieldScanner, ROW, ROW_INTS } from "./field-scanner.ts";

interface Scanned {
  readonly result: number;
  /** Name, value and whether the name has an underscore. */
  readonly fields: readonly (readonly [string, string, boolean])[];
  readonly emptyLineAt: number;
}

/** RFC 9112 section 5, a byte at a time. */
function scanPlainly(bytes: Uint8Array, at: number, end: number, fieldsMax: number): Scanned {
  const fields: [string, string, boolean][] = [];
  const stop = (result: number): Scanned => ({ result, fields: [], emptyLineAt: -1 });
  const isBlank = (byte: number | undefined): boolean => byte === SP || byte === TAB;
  for (;;) {
    if (at >= end) return stop(-1);
    if (bytes[at] === CR) {
      if (at + 1 === end) return stop(-1);
      return bytes[at + 1] === LF ? { result: fields.length, fields, emptyLineAt: at } : stop(-400);
    }
    const nameStart = at;
    while (at < end && NAME[bytes[at]!] !== 0) at++;
    if (at === end) return stop(-1);
    if (bytes[at] !== 0x3a || at === nameStart) return stop(-400);
    const name = Buffer.from(bytes.subarray(nameStart, at)).toString("latin1");
    at++;
    while (at < end && isBlank(bytes[at])) at++;
    let valueStart = at;
    while (at < end && VALUE[bytes[at]!] === 1) at++;
    if (at === end) return stop(-1);
    if (bytes[at] !== CR) return stop(-400);
    if (at + 1 === end) return stop(-1);
    if (bytes[at + 1] !== LF) return stop(-400);
    let valueEnd = at;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
    at += 2;
    if (fields.length === fieldsMax) return stop(-431);
    const value = Buffer.from(bytes.subarray(valueStart, valueEnd)).toString("latin1");
    fields.push([name.toLowerCase(), value, name.includes("_")]);
  }
}

const scanner = new FieldScanner();

function scan(bytes: Uint8Array, at: number, end: number, fieldsMax: number): Scanned {
  const result = scanner.scan(bytes, at, end, fieldsMax);
  if (result < 0) return { result, fields: [], emptyLineAt: -1 };
  const { rows, shift } = scanner;
  const text = (row: number, start: number, length: number): string => {
    const from = rows[row + start]! + shift;
    return Buffer.from(bytes.subarray(from, from + rows[row + length]!)).toString("latin1");
  };
  const fields = Array.from({ length: result }, (_, at) => {
    const row = at * ROW_INTS;
    const name = text(row, ROW.nameStart, ROW.nameLength);
    return [name, text(row, ROW.valueStart, ROW.valueLength), rows[row + ROW.hasUnderscore] !== 0] as const;
  });
  return { result, fields, emptyLineAt: rows[result * ROW_INTS]! + shift };
}

/** Mostly lines, so that scans go deep; and any byte at all in between. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "Host", "X_y", "content-length", "q".repeat(33)) },
  { weight: 6, arbitrary: fc.constantFrom(":", ": ", ":\t ", " :") },
  { weight: 6, arbitrary: fc.constantFrom("v", "1, 2\t3", "é".repeat(20), "x ".repeat(9), "") },
  { weight: 8, arbitrary: fc.constantFrom("\r\n", "\r\n", "\r\n", " \t\r\n", "\r", "\n") },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)) },
);
const text = fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join(""), "latin1"));

describe("FieldScanner", () => {
  it("finds what a plain reading finds, in the read buffer and in a copy, at any place and cut anywhere", () => {
    fc.assert(
      fc.property(
        text,
        fc.nat({ max: 40 }),
        fc.nat({ max: 2_000 }),
        fc.nat({ max: 6 }),
        (bytes, at, cut, fieldsMax) => {
          const end = at + Math.min(cut, bytes.length);
          const elsewhere = Buffer.alloc(at + bytes.length + 1);
          elsewhere.set(bytes, at);
          const wanted = scanPlainly(elsewhere, at, end, fieldsMax);
          readBuffer.set(bytes, at);
          expect(scan(readBuffer, at, end, fieldsMax)).toEqual(wanted);
          expect(scan(elsewhere, at, end, fieldsMax)).toEqual(wanted);
        },
      ),
      { numRuns: 3_000, seed: 6 },
    );
  });

  it("reads up to the read buffer's last byte", () => {
    const head = Buffer.from("a: b\r\n\r\n");
    const at = readBuffer.length - head.length;
    readBuffer.set(head, at);
    expect(scan(readBuffer, at, readBuffer.length, 10).fields).toEqual([["a", "b", false]]);
    expect(scan(readBuffer, at, readBuffer.length - 1, 10).result).toBe(-1);
  });

  it("has room for as many fields as a head may have, and for a long one", () => {
    const many = Buffer.from("a:b\r\n".repeat(HEAD_FIELDS_MAX) + "\r\n");
    expect(scan(many, 0, many.length, 1_000_000).result).toBe(HEAD_FIELDS_MAX);
    const more = Buffer.from("a:b\r\n".repeat(HEAD_FIELDS_MAX + 1) + "\r\n");
    expect(scan(more, 0, more.length, 1_000_000).result).toBe(-431);
    const long = Buffer.from(`a: ${"x".repeat(3_000_000)}\r\n\r\n`);
    expect(scan(long, 0, long.length, 1).fields[0]![1]).toHaveLength(3_000_000);
  });
});
