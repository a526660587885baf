import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BodyBuffer, bodyBytesHeld } from "./body-buffer.ts";

const bytes = fc.uint8Array({ maxLength: 50 });
const position = fc.integer({ min: 0, max: 120 });

function text(buffer: BodyBuffer): string {
  return Buffer.from(buffer.content()).toString("latin1");
}

function bufferOf(...chunks: Uint8Array[]): BodyBuffer {
  const buffer = new BodyBuffer();
  buffer.lengthMax = 10_000;
  for (const chunk of chunks) {
    buffer.push(chunk);
    buffer.own();
  }
  return buffer;
}

describe("BodyBuffer", () => {
  it("keeps chunks in order, whatever becomes of them after", () => {
    fc.assert(
      fc.property(fc.array(bytes), (chunks) => {
        const expected = Buffer.concat(chunks).toString("latin1");
        const buffer = bufferOf(...chunks);
        for (const chunk of chunks) chunk.fill(0);
        expect(text(buffer)).toBe(expected);
      }),
    );
  });

  it("replaces a range as slicing would, clamped to the body", () => {
    fc.assert(
      fc.property(bytes, position, position, bytes, (body, start, length, replacement) => {
        const buffer = bufferOf(body);
        buffer.replace(start, length, replacement);
        const from = Math.min(start, body.length);
        expect(text(buffer)).toBe(
          Buffer.concat([body.subarray(0, from), replacement, body.subarray(from + length)]).toString("latin1"),
        );
      }),
    );
  });

  it("is as it was after edits and a rollback", () => {
    fc.assert(
      fc.property(bytes, fc.array(fc.tuple(position, position, bytes)), (body, edits) => {
        const buffer = bufferOf(body);
        for (const [start, length, replacement] of edits) buffer.replace(start, length, replacement);
        buffer.rollback();
        expect(text(buffer)).toBe(Buffer.from(body).toString("latin1"));
      }),
    );
  });

  it("does not write to a chunk it only borrows", () => {
    const chunk = Buffer.from("abc");
    const buffer = new BodyBuffer();
    buffer.lengthMax = 100;
    buffer.push(chunk);
    buffer.push(Buffer.from("def"));
    buffer.replace(0, 1, Buffer.from("X"));
    expect([text(buffer), chunk.toString()]).toEqual(["Xbcdef", "abc"]);
  });

  it("counts what all buffers hold of their own, and nothing of what is borrowed or empty", () => {
    const before = bodyBytesHeld();
    const buffer = new BodyBuffer();
    buffer.lengthMax = 1_000;
    buffer.push(Buffer.alloc(100));
    expect(bodyBytesHeld()).toBe(before);
    buffer.own();
    expect(bodyBytesHeld()).toBe(before + 100);
    const other = bufferOf(Buffer.alloc(50));
    expect(bodyBytesHeld()).toBe(before + 150);
    buffer.replace(0, 0, Buffer.alloc(300));
    expect(bodyBytesHeld()).toBe(before + 450);
    buffer.rollback();
    expect(bodyBytesHeld()).toBe(before + 150);
    buffer.clear();
    other.clear();
    expect(bodyBytesHeld()).toBe(before);
  });

  it("refuses an edit over its bound, and takes one that shrinks", () => {
    const buffer = bufferOf(Buffer.from("abcdef"));
    buffer.lengthMax = 4;
    expect(buffer.replace(0, 0, Buffer.from("x"))).toBe(false);
    expect(buffer.replace(0, 2, Buffer.from("x"))).toBe(true);
    expect(text(buffer)).toBe("xcdef");
  });
});
