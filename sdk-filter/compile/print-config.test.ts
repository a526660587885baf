import { describe, expect, it } from "vitest";
import { FilterUnderTest } from "../harness/index.ts";
import { buildFilter } from "./build-filter.ts";
import { printConfig } from "./print-config.ts";
import { scratchFilter } from "./scratch-folder.ts";

// One of everything the printer knows; the filter tells what it decoded in its log.
const SCHEMA = `
config:
  type: object
  required: [name, limits]
  properties:
    name: { type: string }
    mode: { type: string, enum: [soft, hard], default: soft }
    from: { type: array, items: { type: integer, minimum: -5 }, default: [7, 8] }
    big: { type: integer, maximum: 9000000000 }
    share: { type: number, default: 0.5 }
    is-on: { type: boolean }
    matrix: { type: array, items: { type: array, items: { type: boolean } } }
    limits: { type: object, required: [max], properties: { max: { type: integer } } }
    extra: { type: object, properties: { note: { type: string, default: "none" } } }
`;
const SOURCE = `
import { Filter, filter, log } from "@sluice/sdk-filter/assembly";
import { Config } from "./config";
export * from "@sluice/sdk-filter/assembly/exports";
class Sample extends Filter<Config> {
  configure(c: Config): bool {
    const extra = c.extra;
    log.info(\`\${c.name} \${c.mode} \${c.from_.join(",")} \${c.big} \${c.share} \${c.isOn} \${c.matrix.length} \${c.limits.max} \${extra === null ? "-" : extra.note}\`);
    return true;
  }
}
filter<Sample>();`;

describe("printConfig", () => {
  it("makes classes that decode what the schema describes, and defaults", async () => {
    const { wasm } = await buildFilter(await scratchFilter(SOURCE, SCHEMA));
    const told = async (config: unknown): Promise<string> =>
      (await FilterUnderTest.load(wasm, { config })).logs[0]!.message;
    expect(await told({ name: "a", limits: { max: 3 } })).toBe("a soft 7,8 0 0.5 false 0 3 -");
    const full = {
      name: "é\n",
      mode: "hard",
      from: [-5],
      big: 9e9,
      share: 1,
      "is-on": true,
      matrix: [[true], []],
      limits: { max: 0 },
      extra: {},
    };
    expect(await told(full)).toBe("é\\n hard -5 9000000000 1.0 true 2 0 none");
    await expect(told({ name: "a" })).rejects.toThrow("the key 'limits' is missing");
    await expect(told({ name: "a", limits: {} })).rejects.toThrow("limits: the key 'max' is missing");
    await expect(told({ name: "a", limits: { max: 1 }, from: [-6] })).rejects.toThrow(
      "from[0]: a whole number from -5",
    );
    await expect(told({ name: "a", limits: { max: 2 ** 31 } })).rejects.toThrow("limits.max: a whole number");
  });

  const refused = [
    { name: "a root that is no object", schema: { type: "array" }, says: "must be `type: object`" },
    {
      name: "a type it does not know",
      schema: { type: "object", properties: { a: { type: "null" } } },
      says: 'config.a: the type "null"',
    },
    { name: "a type left out", schema: { type: "object", properties: { a: {} } }, says: "config.a: the type" },
    {
      name: "an array of anything",
      schema: { type: "object", properties: { a: { type: "array" } } },
      says: "config.a: an array needs",
    },
    {
      name: "open objects",
      schema: { type: "object", additionalProperties: { type: "string" } },
      says: "`additionalProperties` cannot be read",
    },
    {
      name: "an enum of numbers",
      schema: { type: "object", properties: { a: { type: "string", enum: [1] } } },
      says: "an enum must hold strings",
    },
    {
      name: "two different objects of one name",
      schema: {
        type: "object",
        properties: {
          rule: { type: "object", properties: { a: { type: "string" } } },
          rules: { type: "array", items: { type: "object", properties: { b: { type: "string" } } } },
        },
      },
      says: "would both be the class Rule",
    },
  ];
  it.each(refused)("refuses $name", ({ schema, says }) => {
    expect(() => printConfig(schema)).toThrow(says);
  });
});
