// Prints assembly/config.ts: typed classes for a filter's configuration, with a decoder that refuses what the JSON
// Schema in filter.yaml does not name. The SDK's JsonReader does the reading.

import { SluiceError } from "@sluice/abi";
import { SDK_ERRORS } from "../errors.ts";
import { SCHEMA_DEPTH_MAX, SCHEMA_PROPERTIES_MAX } from "../limits.ts";

/** What the printer understands of JSON Schema. Keywords that only narrow values (pattern, …) are checked at deploy. */
interface Schema {
  readonly type?: unknown;
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly additionalProperties?: unknown;
}

/** The text of config.ts. Throws E4005 naming the place when the schema cannot be read by a decoder. */
export function printConfig(schema: object): string {
  const classes = new Classes();
  if ((schema as Schema).type !== "object") refuse("config", "must be `type: object`");
  const root = classes.classOf(schema as Schema, "Config", "config");
  if (root !== "Config") refuse("config", "must not have a title: its class is called Config");
  const header = [
    "// Generated from the configuration schema in filter.yaml by the build. Change it there.",
    "",
    `import { Decodable, JsonReader } from "@sluice/sdk-filter/assembly";`,
  ];
  return [...header, ...classes.printed.values()].join("\n") + "\n";
}

/** A type of the configuration: its AssemblyScript name, its value when absent, and how it is read. */
interface ConfigType {
  readonly name: string;
  readonly initial: string;
  /** Statements that read a value and end by assigning it to `target`. */
  read(target: string, depth: number): string[];
}

class Classes {
  /** Class name → source, outermost first. */
  readonly printed = new Map<string, string>();
  private readonly schemas = new Map<string, Schema>();

  /** The class of an object schema; schemas that share a title must be equal and share the class. */
  classOf(schema: Schema, fallbackName: string, place: string): string {
    const name = schema.title ?? fallbackName;
    if (!/^[A-Z][A-Za-z0-9]*$/.test(name))
      refuse(place, `the title '${name}' is no class name; write it like SourceRange`);
    const known = this.schemas.get(name);
    if (known === undefined) {
      this.schemas.set(name, schema);
      this.printed.set(name, "");
      this.printed.set(name, this.printClass(name, schema, place));
    } else if (JSON.stringify(known) !== JSON.stringify(schema)) {
      refuse(place, `two different objects would both be the class ${name}; give one a title of its own`);
    }
    return name;
  }

  private printClass(name: string, schema: Schema, place: string): string {
    const properties = Object.entries(schema.properties ?? {});
    if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) {
      refuse(place, "`additionalProperties` cannot be read; name the properties, or use an array of {name, value}");
    }
    if (properties.length > SCHEMA_PROPERTIES_MAX) refuse(place, `more than ${SCHEMA_PROPERTIES_MAX} properties`);
    if (place.split(".").length > SCHEMA_DEPTH_MAX) refuse(place, `nested deeper than ${SCHEMA_DEPTH_MAX}`);
    const types = properties.map(([key, property]) => this.typeOf(property, key, `${place}.${key}`));
    const required = new Set(schema.required);
    const allowed = properties.map(([key]) => key).join(", ");
    return [
      "",
      ...(schema.description === undefined ? [] : [`/** ${schema.description.replaceAll("*/", "* /")} */`]),
      `export class ${name} extends Decodable {`,
      ...properties.flatMap(([key, property], i) => printField(key, property, types[i]!, required.has(key))),
      "",
      "  decode(json: JsonReader): void {",
      "    json.beginObject();",
      "    while (json.nextKey()) {",
      ...properties.flatMap(([key], i) => printCase(key, i, types[i]!)),
      `      ${properties.length > 0 ? "} else " : ""}json.refuseKey(${JSON.stringify(allowed)});`,
      "    }",
      ...properties.flatMap(([key], i) =>
        required.has(key) ? [`    json.require(${i}, ${JSON.stringify(key)});`] : [],
      ),
      "  }",
      "}",
    ].join("\n");
  }

  private typeOf(schema: Schema, key: string, place: string): ConfigType {
    if (schema.type === "object") return objectType(this.classOf(schema, pascalCase(singular(key)), place));
    if (schema.type === "array") {
      if (schema.items === undefined) refuse(place, "an array needs `items`");
      return arrayType(this.typeOf(schema.items, key, place), schema);
    }
    if (schema.type === "string") return stringType(schema, place);
    if (schema.type === "integer") return integerType(schema);
    if (schema.type === "number") return scalarType("f64", String(schema.default ?? 0), "json.number()");
    if (schema.type === "boolean") return scalarType("bool", String(schema.default ?? false), "json.boolean()");
    return refuse(
      place,
      `the type ${JSON.stringify(schema.type)} cannot be read; use one of object, array, string, integer, number, boolean`,
    );
  }
}

function printField(key: string, schema: Schema, type: ConfigType, required: boolean): string[] {
  const comment = schema.description === undefined ? [] : [`  /** ${schema.description.replaceAll("*/", "* /")} */`];
  // An object that may be absent is null then; everything else has its default or is empty, zero or false.
  if (schema.type === "object" && !required) return [...comment, `  ${fieldName(key)}: ${type.name} | null = null;`];
  return [...comment, `  ${fieldName(key)}: ${type.name} = ${type.initial};`];
}

function printCase(key: string, index: number, type: ConfigType): string[] {
  return [
    `      ${index > 0 ? "} else " : ""}if (json.key == ${JSON.stringify(key)}) {`,
    `        json.once(${index});`,
    ...type.read(`this.${fieldName(key)}`, 0).map((line) => `        ${line}`),
  ];
}

function objectType(name: string): ConfigType {
  return {
    name,
    initial: `new ${name}()`,
    read: (target, depth) => [
      `const object${depth} = new ${name}();`,
      `object${depth}.decode(json);`,
      `${target} = object${depth};`,
    ],
  };
}

function arrayType(item: ConfigType, { minItems: itemsMin = 0, default: initial = [] }: Schema): ConfigType {
  return {
    name: `${item.name}[]`,
    initial: JSON.stringify(initial),
    read: (target, depth) => [
      `const items${depth}: ${item.name}[] = [];`,
      "json.beginArray();",
      "while (json.nextItem()) {",
      `  let item${depth}: ${item.name};`,
      ...item.read(`item${depth}`, depth + 1).map((line) => `  ${line}`),
      `  items${depth}.push(item${depth});`,
      "}",
      ...(itemsMin > 0 ? [`if (items${depth}.length < ${itemsMin}) json.fail("at least ${itemsMin} expected");`] : []),
      `${target} = items${depth};`,
    ],
  };
}

function stringType(schema: Schema, place: string): ConfigType {
  const initial = JSON.stringify(schema.default ?? "");
  if (schema.enum === undefined) return scalarType("string", initial, "json.string()");
  if (!schema.enum.every((word) => typeof word === "string" && !word.includes(","))) {
    refuse(place, "an enum must hold strings without commas");
  }
  return scalarType("string", initial, `json.word(${JSON.stringify(schema.enum.join(", "))})`);
}

const I32_MIN = -(2 ** 31);
const I32_MAX = 2 ** 31 - 1;

/** i32 where the bounds fit or none are given, i64 else. */
function integerType({ minimum = I32_MIN, maximum = I32_MAX, default: initial = 0 }: Schema): ConfigType {
  const name = minimum >= I32_MIN && maximum <= I32_MAX ? "i32" : "i64";
  return scalarType(name, String(initial), `<${name}>json.integer(${minimum}, ${maximum})`);
}

function scalarType(name: string, initial: string, expression: string): ConfigType {
  return { name, initial, read: (target) => [`${target} = ${expression};`] };
}

function refuse(place: string, what: string): never {
  throw new SluiceError(SDK_ERRORS.schemaNotSupported, `filter.yaml, ${place}: ${what}`);
}

// Words that AssemblyScript does not take as a property's name, though TypeScript does.
const RESERVED = new Set(
  (
    "abstract as async await break case catch class const constructor continue debugger declare default delete do else enum " +
    "export extends false finally for from function get if implements import in instanceof interface is keyof let module " +
    "namespace new null of override package private protected public readonly return set static super switch this throw " +
    "true try type typeof var void while with yield"
  ).split(" "),
);

/** The field of a property: `max-age` is `maxAge`, `from` is `from_`. */
function fieldName(key: string): string {
  const pascal = pascalCase(key);
  const name = pascal.charAt(0).toLowerCase() + pascal.slice(1);
  return RESERVED.has(name) || name === "decode" ? `${name}_` : name;
}

function pascalCase(key: string): string {
  return key
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** The item's name of a list's: `policies` holds a Policy, `rules` a Rule. */
function singular(key: string): string {
  if (key.endsWith("ies")) return `${key.slice(0, -3)}y`;
  return key.endsWith("s") && !key.endsWith("ss") ? key.slice(0, -1) : key;
}
