// The one way a document (YAML or JSON) becomes a typed value: parsed with positions, checked against its TypeBox
// schema, then against rules a schema cannot say. Every problem names file, line and column, and what is allowed.

import { Ajv } from "ajv";
import type { ErrorObject, ValidateFunction } from "ajv";
import type { Static, TSchema } from "typebox";
import { ABI_ERRORS } from "../error-table.ts";
import { SluiceError } from "../errors.ts";
import { parseDocumentTree, pointerOf } from "./document-tree.ts";
import type { DocumentTree, Path, Problem } from "./document-tree.ts";
import { DOCUMENT_PROBLEMS_MAX } from "./limits.ts";
import { nearestWord } from "./nearest-word.ts";

/** Reports a problem at `path` of the document; `on` says whether the key or its value is wrong. */
export type Complain = (path: Path, what: string, allowed?: string, on?: "key" | "value") => void;

/** What `readDocument` is told beside the text. */
export interface DocumentOptions<S extends TSchema> {
  /** What the text is called in messages: its path, or the request it came with. */
  readonly file: string;
  readonly schema: S;
  /** `json` refuses what only YAML allows; default `yaml`, of which JSON is a part. */
  readonly syntax?: "yaml" | "json";
  /** Rules beyond the schema; runs only on a value that fits it. */
  readonly check?: (value: Static<S>, complain: Complain) => void;
}

/** A document that was refused: `message` lists every problem as `file:line:column: what; allowed: …`. */
export class DocumentError extends SluiceError {
  readonly file: string;
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    super(ABI_ERRORS.documentRefused, problemLines(file, problems));
    this.file = file;
    this.problems = problems;
  }
}

/** The typed value of a document. Throws `DocumentError` (SLUICE-E1001) with all problems found. */
export function readDocument<S extends TSchema>(text: string, options: DocumentOptions<S>): Static<S> {
  const { file, schema, syntax = "yaml", check } = options;
  if (syntax === "json") refuseWhatIsNotJson(text, file);
  const tree = parseDocumentTree(text);
  refuseWhenAny(file, tree.problems);
  const validate = compiled(schema);
  if (!validate(tree.value)) refuseWhenAny(file, schemaProblems(tree, validate.errors ?? []));
  const value = tree.value as Static<S>;
  if (check !== undefined) {
    const problems: Problem[] = [];
    check(value, (path, what, allowed, on) => problems.push(tree.problemAt(path, what, allowed ?? null, on)));
    refuseWhenAny(file, problems);
  }
  return value;
}

/** Problems of a plain value under a schema of ours, as `/pointer: what; allowed: …`; empty when it fits. */
export function valueProblems(value: unknown, schema: object): string[] {
  const validate = compiled(schema);
  if (validate(value)) return [];
  return told(validate.errors ?? []).map((error) => {
    const { path, what, allowed } = schemaProblem(error);
    return `${pointerOf(path) || "/"}: ${what}${allowed === null ? "" : `; allowed: ${allowed}`}`;
  });
}

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, allowUnionTypes: true, validateFormats: false });
const validators = new WeakMap<object, ValidateFunction>();

function compiled(schema: object): ValidateFunction {
  const known = validators.get(schema);
  if (known !== undefined) return known;
  const validate = ajv.compile(schema);
  validators.set(schema, validate);
  return validate;
}

function refuseWhenAny(file: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw new DocumentError(file, problems);
}

function refuseWhatIsNotJson(text: string, file: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new DocumentError(file, [{ line: 1, column: 1, what: (error as Error).message, allowed: "JSON" }]);
  }
}

function problemLines(file: string, problems: readonly Problem[]): string {
  const lines = problems.slice(0, DOCUMENT_PROBLEMS_MAX).map(({ line, column, what, allowed }) => {
    return `${file}:${line}:${column}: ${what}${allowed === null ? "" : `; allowed: ${allowed}`}`;
  });
  if (problems.length > lines.length) lines.push(`${file}: and ${problems.length - lines.length} more problems`);
  return lines.join("\n");
}

interface SchemaProblem {
  readonly path: Path;
  readonly what: string;
  readonly allowed: string | null;
  readonly on: "key" | "value";
}

function schemaProblems(tree: DocumentTree, errors: readonly ErrorObject[]): Problem[] {
  return told(errors).map((error) => {
    const { path, what, allowed, on } = schemaProblem(error);
    return tree.problemAt(path, what, allowed, on);
  });
}

/** Of a union only the union itself is told, not why each branch failed. */
function told(errors: readonly ErrorObject[]): ErrorObject[] {
  // By place in the schema, of which there are few: there may be as many errors as the document has values.
  const unions = new Set(errors.filter(isOfUnion).map(({ schemaPath }) => `${schemaPath}/`));
  return errors.filter(({ schemaPath }) => ![...unions].some((union) => schemaPath.startsWith(union)));
}

function isOfUnion({ keyword }: ErrorObject): boolean {
  return keyword === "anyOf" || keyword === "oneOf";
}

function schemaProblem(error: ErrorObject): SchemaProblem {
  const at = pathOf(error.instancePath);
  const name = at.length === 0 ? "the document" : `"${String(at.at(-1))}"`;
  const described = descriptionOf(error);
  switch (error.keyword) {
    case "additionalProperties":
      return unknownKey(at, error);
    case "required": {
      const missing = (error.params as { missingProperty: string }).missingProperty;
      return { path: at, what: `key "${missing}" is missing`, allowed: described, on: "key" };
    }
    case "enum":
    case "const":
      return { path: at, what: `${name} is ${shown(error.data)}`, allowed: choices(error), on: "value" };
    case "type":
      return { path: at, what: `${name} is ${kindOf(error.data)}`, allowed: described ?? typesOf(error), on: "value" };
    default:
      return {
        path: at,
        what: `${name} is ${shown(error.data)}`,
        allowed: described ?? error.message ?? null,
        on: "value",
      };
  }
}

function unknownKey(at: Path, error: ErrorObject): SchemaProblem {
  const key = (error.params as { additionalProperty: string }).additionalProperty;
  const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
  const near = nearestWord(key, known);
  const what = `unknown key "${key}"${near === null ? "" : `, did you mean "${near}"?`}`;
  return { path: [...at, key], what, allowed: known.length === 0 ? "no keys" : known.join(", "), on: "key" };
}

function descriptionOf(error: ErrorObject): string | null {
  const description = (error.parentSchema as { description?: unknown } | undefined)?.description;
  return typeof description === "string" && error.keyword !== "required" ? description : null;
}

function choices(error: ErrorObject): string {
  const { allowedValues, allowedValue } = error.params as { allowedValues?: unknown[]; allowedValue?: unknown };
  return (allowedValues ?? [allowedValue]).map(String).join(", ");
}

function typesOf(error: ErrorObject): string {
  const types = (error.params as { type: string | string[] }).type;
  return [types]
    .flat()
    .map((type) => TYPE_WORDS[type] ?? type)
    .join(" or ");
}

const TYPE_WORDS: Record<string, string> = {
  object: "a map",
  array: "a list",
  string: "a string",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  null: "null",
};

function kindOf(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "a map" : shown(value);
}

/** A value as a message shows it: short, and escaped by JSON so that it cannot disturb a terminal. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text;
}

const SHOWN_CHARS_MAX = 60;

function pathOf(pointer: string): Path {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}
