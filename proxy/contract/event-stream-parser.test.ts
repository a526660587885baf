import { array, assert, nat, property } from "fast-check";
import { describe, expect, it } from "vitest";
import { EventStreamParser } from "./event-stream-parser.ts";

describe("EventStreamParser", () => {
  it("reads event, data and id, and passes over comments", () => {
    const parser = new EventStreamParser(1000);
    const events = parser.push(": beat\n\nid: 7\nevent: deployment\ndata: {\ndata: }\n\ndata:x\n\n");
    expect(events).toEqual([
      { event: "deployment", data: "{\n}", id: "7" },
      { event: "message", data: "x", id: "7" },
    ]);
  });

  it("gives the same events however the text is cut", () => {
    const text = "event: a\r\ndata: 1\r\n\r\nevent: b\ndata: 2\n\n: c\n\ndata: 3\r\n\r\n";
    const whole = new EventStreamParser(1000).push(text);
    expect(whole).toHaveLength(3);
    assert(
      property(array(nat({ max: text.length }), { maxLength: 8 }), (cuts) => {
        const parser = new EventStreamParser(1000);
        const places = [0, ...cuts.toSorted((a, b) => a - b), text.length];
        const parts = places.slice(1).map((end, i) => text.slice(places[i], end));
        expect(parts.flatMap((part) => parser.push(part))).toEqual(whole);
      }),
    );
  });

  it("refuses an event that is longer than the bound, a comment that never ends included", () => {
    const parser = new EventStreamParser(100);
    expect(() => parser.push(`data: ${"x".repeat(101)}`)).toThrow(RangeError);
    const patient = new EventStreamParser(100);
    for (let i = 0; i < 50; i++) patient.push("data: x\n\n");
  });
});
