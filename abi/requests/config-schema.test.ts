import { describe, expect, it } from "vitest";
import { CONFIG_SCHEMA_BYTES_MAX, CONFIG_SCHEMA_DEPTH_MAX } from "./limits.ts";
import { ConfigSchema } from "./config-schema.ts";

const AREAS = {
  type: "object",
  required: ["areas"],
  additionalProperties: false,
  properties: {
    areas: { type: "array", items: { type: "string", pattern: "^/[a-z]+$" } },
    owner: { type: "string", pattern: "^@" },
  },
};

describe("ConfigSchema", () => {
  it.each([
    { name: "a configuration that fits", config: { areas: ["/a"] }, problem: null },
    { name: "a missing key", config: {}, problem: "the configuration must have required property 'areas'" },
    { name: "a wrong type, by its place", config: { areas: [1] }, problem: "/areas/0 must be string" },
    {
      name: "an unknown key",
      config: { areas: [], x: 1 },
      problem: 'the configuration must NOT have additional properties ("x")',
    },
    {
      name: "a pattern that does not match",
      config: { areas: ["a"] },
      problem: '/areas/0 must match pattern "^/[a-z]+$"',
    },
    {
      name: "the second of two patterns",
      config: { areas: [], owner: "a" },
      problem: '/owner must match pattern "^@"',
    },
    { name: "a configuration left out", config: null, problem: "the configuration must be object" },
  ])("tells of $name", ({ config, problem }) => {
    expect(new ConfigSchema(AREAS).problemOf(config)).toBe(problem);
  });

  it.each([
    { name: "what is no map", schema: ["a"], message: "not a map" },
    { name: "an unknown keyword", schema: { typ: "object" }, message: "typ" },
    {
      name: "a reference to another document",
      schema: { $ref: "https://schemas.test/a" },
      message: "leaves the document",
    },
    { name: "a pattern that needs backtracking", schema: { type: "string", pattern: "(?=a)b" }, message: "regexp" },
    {
      name: "a pattern that explodes when it is compiled",
      schema: { type: "string", pattern: "(?:a{1000}){1000}" },
      message: "regexp",
    },
    { name: "a schema over its size", schema: { title: "x".repeat(CONFIG_SCHEMA_BYTES_MAX) }, message: "bytes" },
    { name: "a schema over its depth", schema: nested(CONFIG_SCHEMA_DEPTH_MAX + 1), message: "nested" },
  ])("refuses $name", ({ schema, message }) => {
    expect(() => new ConfigSchema(schema)).toThrow(message);
  });

  it("stops a schema that doubles its work at every reference", () => {
    expect(new ConfigSchema(doubling(40)).problemOf({}, 100)).toContain("took more than");
  });

  it("tells of a schema that refers to itself for ever", () => {
    expect(new ConfigSchema({ $ref: "#" }).problemOf({})).toContain("leads back to itself");
  });

  it("matches a pattern in linear time where backtracking would take for ever", () => {
    const schema = new ConfigSchema({ type: "string", pattern: "^(a+)+$" });
    expect(schema.problemOf(`${"a".repeat(5_000)}b`)).toContain("must match pattern");
  });
});

function nested(depth: number): object {
  return depth === 0 ? { type: "string" } : { not: nested(depth - 1) };
}

/** Each definition refers twice to the next: 2^count visits for any value. */
function doubling(count: number): object {
  const definitions = Array.from({ length: count }, (_, index) => {
    const next = { $ref: `#/$defs/d${index + 1}` };
    return [`d${index}`, { allOf: [next, next] }] as const;
  });
  return { $ref: "#/$defs/d0", $defs: { ...Object.fromEntries(definitions), [`d${count}`]: { type: "object" } } };
}
