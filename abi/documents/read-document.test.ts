import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { DocumentError, readDocument, valueProblems } from "./read-document.ts";

const schema = Type.Object(
  {
    kind: Type.Literal("Thing"),
    name: Type.String({ pattern: "^[a-z]+$", description: "small letters" }),
    mode: Type.Optional(Type.Enum(["OPEN", "CLOSE"])),
    list: Type.Optional(Type.Array(Type.Object({ weight: Type.Integer() }, { additionalProperties: false }))),
    any: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
);

function refusal(text: string, options: { syntax?: "json" } = {}): string {
  try {
    readDocument(text, { file: "a.yaml", schema, ...options });
  } catch (error) {
    if (error instanceof DocumentError) return error.message;
    throw error;
  }
  throw new Error("the document was accepted");
}

describe("readDocument", () => {
  it("gives the typed value of a YAML document", () => {
    const text = "kind: Thing\nname: abc\nlist:\n  - weight: 3\nany: { when: 2026-01-01T00:00:00Z }\n";
    const value = readDocument(text, { file: "a.yaml", schema });
    expect(value).toEqual({ kind: "Thing", name: "abc", list: [{ weight: 3 }], any: { when: "2026-01-01T00:00:00Z" } });
  });

  it("follows an alias", () => {
    const value = readDocument("kind: Thing\nname: a\nany: [&x { a: 1 }, *x]", { file: "a.yaml", schema });
    expect(value.any).toEqual([{ a: 1 }, { a: 1 }]);
  });

  const bomb = [
    "a0: &a0 [x, x]",
    ...Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`),
  ].join("\n");

  it.each([
    [
      "an unknown key",
      "kind: Thing\nname: a\nmod: OPEN",
      'a.yaml:3:1: unknown key "mod", did you mean "mode"?; allowed: kind, name, mode, list, any',
    ],
    ["a duplicate key", "kind: Thing\nname: a\nname: b", 'a.yaml:3:1: duplicate key "name"'],
    ["a wrong word", "kind: Thing\nname: a\nmode: SHUT", 'a.yaml:3:7: "mode" is "SHUT"; allowed: OPEN, CLOSE'],
    [
      "a wrong type deep inside",
      "kind: Thing\nname: a\nlist:\n  - weight: heavy",
      'a.yaml:4:13: "weight" is "heavy"; allowed: a whole number',
    ],
    ["a pattern, by its description", "kind: Thing\nname: A1", 'a.yaml:2:7: "name" is "A1"; allowed: small letters'],
    ["a missing key, at its map", "kind: Thing", 'a.yaml:1:1: key "name" is missing'],
    ["__proto__", "kind: Thing\nname: a\nany: { __proto__: { x: 1 } }", 'a.yaml:3:8: the key "__proto__" is refused'],
    [
      "an alias bomb",
      `kind: Thing\nname: a\nany:\n  ${bomb.replaceAll("\n", "\n  ")}`,
      "too many aliases; allowed: at most 50",
    ],
    ["an alias of itself", "kind: Thing\nname: a\nany: &a [*a]", "values are nested too deep"],
    ["a number JSON cannot carry", "kind: Thing\nname: a\nany: .nan", "a.yaml:3:6: .nan is no number JSON can carry"],
    ["an integer that would be rounded", "kind: Thing\nname: a\nany: 9007199254740993", "would be rounded"],
    ["a known tag whose value JSON cannot carry", "kind: Thing\nname: a\nany: !!binary aGk=", "Unresolved tag"],
    ["an unknown tag", "kind: Thing\nname: a\nany: !!js/function x", "Unresolved tag"],
    ["a second document", "kind: Thing\n---\nname: a", "a.yaml:2:1: Source contains multiple documents"],
    ["an empty text", "", "a.yaml:1:1: the document is empty; allowed: a map"],
    ["a key that is a list", "? [a]\n: 1", "a key that is not a word"],
  ])("refuses %s", (_name, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  it("refuses nesting past 64 levels, in flow style before parsing it", () => {
    expect(refusal(`kind: Thing\nname: a\nany: ${"[".repeat(70)}${"]".repeat(70)}`)).toContain("nested too deep");
    expect(refusal(`kind: Thing\nname: a\nany: ${"[".repeat(300_000)}`)).toContain("nested too deep");
  });

  it("refuses blocks nested so deep that the parser gives up", () => {
    expect(refusal("- ".repeat(10_000))).toContain("values are nested too deep; allowed: at most 64 levels");
  });

  it("refuses few aliases of a long list", () => {
    const text = `kind: Thing\nname: a\nany: [&x [${"0,".repeat(10_000)}0]${", *x".repeat(40)}]`;
    expect(refusal(text)).toContain("too many values; allowed: at most 250000");
  });

  it("takes a long key over many values", () => {
    const text = `{"kind":"Thing","name":"a","any":{"${"k".repeat(500_000)}":[${"0,".repeat(50_000)}0]}}`;
    expect(readDocument(text, { file: "a.yaml", schema }).name).toBe("a");
  });

  it("tells of many unions that do not fit in time that grows with their number", () => {
    const unions = Type.Array(Type.Union([Type.String(), Type.Null()]));
    const read = (): unknown => readDocument(`[${"1,".repeat(30_000)}1]`, { file: "a.yaml", schema: unions });
    expect(read).toThrow("a.yaml: and 29981 more problems");
  });

  it("refuses a text of more than 1 MiB", () => {
    expect(refusal(`#${"x".repeat(1024 * 1024)}`)).toContain("at most 1048576 bytes");
  });

  it("names at most 20 problems and counts the rest", () => {
    const text = `kind: Thing\nname: a\n${Array.from({ length: 25 }, (_, i) => `zzzzzz${i}: 1`).join("\n")}`;
    expect(refusal(text).split("\n")).toHaveLength(21);
    expect(refusal(text)).toContain("a.yaml: and 5 more problems");
  });

  it("refuses YAML where JSON is asked for", () => {
    expect(refusal("kind: Thing", { syntax: "json" })).toContain("allowed: JSON");
  });

  it("places what the check complains about", () => {
    const read = (): unknown =>
      readDocument("kind: Thing\nname: a\nlist:\n  - weight: 1\n  - weight: 2", {
        file: "b.yaml",
        schema,
        check: (value, complain) => complain(["list", 1, "weight"], `weight ${value.list![1]!.weight} is odd`, "3"),
      });
    expect(read).toThrow("b.yaml:5:13: weight 2 is odd; allowed: 3");
  });
});

describe("valueProblems", () => {
  it("names the place by pointer and tells a union as one thing", () => {
    const union = {
      type: "object",
      properties: { a: { anyOf: [{ type: "string" }, { type: "number" }], description: "word or number" } },
    };
    expect(valueProblems({ a: [] }, union)).toEqual(['/a: "a" is []; allowed: word or number']);
    expect(valueProblems({ a: 1 }, union)).toEqual([]);
  });
});
