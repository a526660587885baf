// A filter's configuration schema, as its author wrote it: hostile until shown otherwise. Compiled with bounds on size,
// depth and time, without remote references, its patterns run in linear time. Author's tools, registry and loader all
// read schemas through here, so that one of them never takes what another refuses.

import { Ajv2020 } from "ajv/dist/2020.js";
import type { ErrorObject, ValidateFunction } from "ajv";
import { RE2JS } from "re2js";
import { runBounded } from "./bounded-run.ts";
import { CONFIG_CHECK_MS_MAX, CONFIG_SCHEMA_BYTES_MAX, CONFIG_SCHEMA_DEPTH_MAX } from "./limits.ts";

/** Checks configurations of one version. */
export class ConfigSchema {
  readonly #validate: ValidateFunction;

  /** Throws an Error that says why, when the schema is too big, refers elsewhere, or is not JSON Schema 2020-12. */
  constructor(schema: unknown) {
    refuseUnbounded(schema);
    this.#validate = compile(schema as object);
  }

  /** What is wrong with a configuration, as `/areas/0/open must be boolean`; null when it fits. */
  problemOf(config: unknown, timeMs = CONFIG_CHECK_MS_MAX): string | null {
    try {
      const run = runBounded(() => this.#validate(config), timeMs);
      if (run === null) return `checking it took more than ${timeMs} ms`;
      return run.result === true ? null : (this.#validate.errors ?? []).map(problemText).join("; ");
    } catch (error) {
      // A schema that refers to itself without going down into the value has no end but that of the stack.
      if (error instanceof RangeError) return "checking it goes round in circles: a $ref leads back to itself";
      throw error;
    }
  }
}

function compile(schema: object): ValidateFunction {
  // One Ajv per schema: two filters may use the same $id. The first error is enough and keeps failing cheap.
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: false,
    validateFormats: false,
    logger: false,
    code: { regExp: linearRegExp },
  });
  const run = runBounded(() => ajv.compile(schema), CONFIG_CHECK_MS_MAX);
  if (run === null) throw new Error(`compiling it took more than ${CONFIG_CHECK_MS_MAX} ms`);
  return run.result;
}

/** Ajv asks for every `pattern` here. A backtracking expression from a stranger could hold the registry for hours. */
const linearRegExp = Object.assign(
  (pattern: string): { test(text: string): boolean; toString(): string } => {
    const compiled = RE2JS.compile(pattern);
    // Ajv keeps expressions apart by their text: without toString all would be taken for the first one.
    return { test: (text) => compiled.matcher(text).find(), toString: () => pattern };
  },
  // Only read by Ajv when it prints standalone code, which nothing here does.
  { code: "linearRegExp" },
);

function refuseUnbounded(schema: unknown): void {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) throw new Error("it is not a map");
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  if (bytes > CONFIG_SCHEMA_BYTES_MAX) throw new Error(`it has ${bytes} bytes, ${CONFIG_SCHEMA_BYTES_MAX} are allowed`);
  refuseDeepOrRemote(schema, 0);
}

function refuseDeepOrRemote(node: unknown, depth: number): void {
  if (typeof node !== "object" || node === null) return;
  if (depth > CONFIG_SCHEMA_DEPTH_MAX) throw new Error(`it is nested deeper than ${CONFIG_SCHEMA_DEPTH_MAX}`);
  for (const [key, value] of Object.entries(node)) {
    if (REFERENCES.includes(key) && typeof value === "string" && !value.startsWith("#")) {
      throw new Error(`${key} ${JSON.stringify(value.slice(0, 100))} leaves the document; only #… is followed`);
    }
    refuseDeepOrRemote(value, depth + 1);
  }
}

const REFERENCES = ["$ref", "$dynamicRef"];

function problemText({ instancePath, message, params, keyword }: ErrorObject): string {
  const place = instancePath === "" ? "the configuration" : instancePath;
  const detail = keyword === "additionalProperties" ? ` (${JSON.stringify(params["additionalProperty"])})` : "";
  return `${place} ${message ?? keyword}${detail}`;
}
