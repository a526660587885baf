import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Head, PSEUDO, headOf } from "./head.ts";
import { NameSet, nameSetOf } from "./name-set.ts";

type Pairs = [name: string, value: string][];

/** What edits do to a list of pairs, written naively. */
const MODEL = {
  add: (pairs: Pairs, name: string, value: string): Pairs => [...pairs, [name.toLowerCase(), value]],
  set: (pairs: Pairs, name: string, value: string): Pairs => {
    const lower = name.toLowerCase();
    const first = pairs.findIndex(([have]) => have === lower);
    if (first < 0) return MODEL.add(pairs, name, value);
    return pairs.flatMap((pair, at) => (at === first ? [[lower, value]] : pair[0] === lower ? [] : [pair])) as Pairs;
  },
  delete: (pairs: Pairs, name: string): Pairs => pairs.filter(([have]) => have !== name.toLowerCase()),
};

const name = fc.constantFrom("x-a", "X-A", "x-b", "x-long-name-of-a-header", "cookie", ":path");
const value = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const edit = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), name, value }),
  fc.record({ kind: fc.constant("set" as const), name, value }),
  fc.record({ kind: fc.constant("delete" as const), name, value }),
);
const edits = fc.array(edit, { maxLength: 60 });

function apply(
  head: Head,
  { kind, name: field, value: text }: { kind: keyof typeof MODEL; name: string; value: string },
): void {
  if (kind === "delete") head.delete(field);
  else head[kind](field, text);
}

/** A head as a codec fills it: positions in one buffer. */
function readHead(pairs: Pairs): Head {
  const head = new Head();
  const text = `garbage before ${pairs.map(([field, text]) => `${field}${text}`).join("")} garbage after`;
  head.reset(Buffer.from(text, "latin1"));
  let at = "garbage before ".length;
  for (const [field, fieldValue] of pairs) {
    head.push(at, field.length, at + field.length, fieldValue.length);
    at += field.length + fieldValue.length;
  }
  return head;
}

const READ: Pairs = [
  ["x-a", "1"],
  ["cookie", "a=b"],
  ["x-a", "2"],
];

describe("Head", () => {
  it("gives the memory of large edits back when it is used again", () => {
    const head = headOf([["x-a", "a".repeat(1_000_000)]]);
    head.reset(new Uint8Array(0));
    expect(head.edits.length).toBeLessThan(1024);
    head.push(PSEUDO.path.start, PSEUDO.path.length, PSEUDO.path.start, PSEUDO.path.length);
    expect(head.toPairs()).toEqual([[":path", ":path"]]);
  });

  it("edits as a list of pairs would", () => {
    fc.assert(
      fc.property(edits, (steps) => {
        const head = readHead(READ);
        let pairs = READ;
        for (const step of steps) {
          apply(head, step);
          pairs = MODEL[step.kind](pairs, step.name, step.value);
        }
        expect(head.toPairs()).toEqual(pairs);
      }),
    );
  });

  it("is as it was saved after any edits and a rollback", () => {
    fc.assert(
      fc.property(edits, edits, (before, after) => {
        const head = readHead(READ);
        for (const step of before) apply(head, step);
        const pairs = head.toPairs();
        const { edited, routingEdited } = head;
        head.save();
        for (const step of after) apply(head, step);
        head.save();
        head.rollback();
        expect(head.toPairs()).toEqual(pairs);
        expect([head.edited, head.routingEdited]).toEqual([edited, routingEdited]);
      }),
    );
  });

  it("shares its bytes with a head whose edits are that one's own", () => {
    fc.assert(
      fc.property(edits, edits, edits, (before, own, other) => {
        const head = readHead(READ);
        for (const step of before) apply(head, step);
        const shared = headOf([["x-old", "1"]]);
        shared.shareFrom(head);
        const pairs = head.toPairs();
        expect(shared.toPairs()).toEqual(pairs);
        for (const step of own) apply(shared, step);
        expect(head.toPairs()).toEqual(pairs);
        const made = shared.toPairs();
        for (const step of other) apply(head, step);
        head.own();
        expect(shared.toPairs()).toEqual(made);
      }),
    );
  });

  it("keeps edits that were committed", () => {
    const head = headOf([["x-a", "1"]]);
    head.save();
    head.set("x-a", "2");
    head.commit();
    head.rollback();
    expect(head.get("x-a")).toBe("2");
  });

  it("owns its bytes: the reader's buffer may change after", () => {
    fc.assert(
      fc.property(edits, (steps) => {
        const head = readHead(READ);
        for (const step of steps) apply(head, step);
        const pairs = head.toPairs();
        const reader = head.bytes;
        head.own();
        reader.fill(0x21);
        expect(head.toPairs()).toEqual(pairs);
      }),
    );
  });

  it("finds names without regard to case, from a field on", () => {
    const head = headOf([...READ]);
    const wanted = Buffer.from("..X-A", "latin1");
    expect([head.find(wanted, 2, 3), head.find(wanted, 2, 3, 1), head.find(wanted, 2, 3, 3)]).toEqual([0, 2, -1]);
  });

  it("names pseudo headers without bytes of its own", () => {
    const head = new Head();
    head.reset(Buffer.from("/a"));
    head.push(PSEUDO.path.start, PSEUDO.path.length, 0, 2);
    expect(head.toPairs()).toEqual([[":path", "/a"]]);
  });

  it("copies a head independently", () => {
    const head = readHead(READ);
    const copy = new Head();
    copy.copyFrom(head);
    head.set("x-a", "other");
    expect(copy.toPairs()).toEqual(READ);
  });

  it("says routing was edited only for pseudo headers and names that routes match on", () => {
    const routed = nameSetOf(["x-route"]);
    const isEdited = (field: string): boolean => {
      const head = headOf([[":path", "/"]]);
      head.routedNames = routed;
      head.add(field, "1");
      return head.routingEdited;
    };
    expect([isEdited("x-other"), isEdited("X-Route"), isEdited(":path")]).toEqual([false, true, true]);
  });

  it("notes what is looked up, not what edits look for", () => {
    const head = headOf([...READ]);
    const reads = new NameSet();
    head.reads = reads;
    head.set("x-edited", "1");
    head.get("x-absent");
    const noted = (field: string): boolean => reads.has(Buffer.from(field), 0, field.length);
    expect([noted("x-absent"), noted("x-edited")]).toEqual([true, false]);
  });
});

describe("NameSet", () => {
  it("meets a set that has one of its names", () => {
    expect(nameSetOf(["a", "x-role"]).meets(nameSetOf(["X-Role"]))).toBe(true);
    expect(nameSetOf(["a", "b"]).meets(nameSetOf(["c"]))).toBe(false);
    expect(nameSetOf([]).meets(nameSetOf(["c"]))).toBe(false);
  });

  it("becomes every name when it gets more than it keeps", () => {
    const many = nameSetOf(Array.from({ length: 33 }, (_, i) => `x-${i}`));
    expect(many.meets(nameSetOf(["never-added"]))).toBe(true);
  });
});
