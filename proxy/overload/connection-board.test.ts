import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConnectionBoard, clearConnectionBoard, createConnectionBoard, sourceOf } from "./connection-board.ts";

const A = "203.0.113.7";
const B = "203.0.113.8";

describe("ConnectionBoard", () => {
  it("counts by listener and by source over all places", () => {
    const memory = createConnectionBoard(2, 42);
    const first = new ConnectionBoard(memory, 0);
    const second = new ConnectionBoard(memory, 1);
    first.add(0, A, 1);
    second.add(0, A, 1);
    second.add(3, B, 1);
    for (const board of [first, second])
      expect([board.ofListener(0), board.ofListener(3), board.ofSource(A), board.ofSource(B)]).toEqual([2, 1, 2, 1]);
    first.add(0, A, -1);
    expect([second.ofListener(0), second.ofSource(A)]).toEqual([1, 1]);
  });

  it("counts all connections together, those to upstreams too", () => {
    const memory = createConnectionBoard(2, 42);
    const [first, second] = [new ConnectionBoard(memory, 0), new ConnectionBoard(memory, 1)];
    first.add(0, A, 1);
    second.add(15, B, 1);
    first.noteUpstream(7);
    second.noteUpstream(3);
    second.noteUpstream(2);
    expect([first.total, second.total]).toEqual([11, 11]);
  });

  it("forgets what a dead worker counted, and nothing of the others", () => {
    const memory = createConnectionBoard(3, 42);
    const boards = [0, 1, 2].map((place) => new ConnectionBoard(memory, place));
    for (const board of boards) board.add(1, A, 1);
    clearConnectionBoard(memory, 1);
    expect([boards[1]!.ofListener(1), boards[1]!.ofSource(A)]).toEqual([2, 2]);
  });

  it("never counts a source too low, and ends at zero when all are gone", () => {
    const addresses = fc.array(fc.ipV4(), { maxLength: 300 });
    fc.assert(
      fc.property(addresses, fc.integer(), (sources, seed) => {
        const board = new ConnectionBoard(createConnectionBoard(1, seed), 0);
        for (const source of sources) board.add(0, source, 1);
        for (const source of sources)
          expect(board.ofSource(source)).toBeGreaterThanOrEqual(sources.filter((one) => one === source).length);
        for (const source of sources) board.add(0, source, -1);
        for (const source of sources) expect(board.ofSource(source)).toBe(0);
      }),
    );
  });

  it("counts one of a thousand other sources as its own although another source holds very many", () => {
    const board = new ConnectionBoard(createConnectionBoard(1, 99), 0);
    for (let i = 0; i < 5_000; i++) board.add(0, A, 1);
    const others = Array.from({ length: 1_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    for (const other of others) board.add(0, other, 1);
    expect(Math.max(...others.map((other) => board.ofSource(other)))).toBeLessThan(20);
  });
});

describe("sourceOf", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::6", "2001:db8:1:2"],
    ["2001:db8::6", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["fe80::", "fe80:0:0:0"],
    ["", ""],
  ])("takes %s for %s", (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });
});
