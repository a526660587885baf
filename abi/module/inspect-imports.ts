// Judges a module's imports: each must be on the specification's list, with the specification's type.
import { ABI_ERRORS } from "../error-table.ts";
import { IMPORT_TYPES } from "../generated/imports.ts";
import { adviceForUnknown, needsOf, type ImportNeeds } from "./import-advice.ts";
import type { ModuleShape } from "./module-shape.ts";
import { printableName } from "./name-section.ts";
import { refuse } from "./refusal.ts";

export interface ImportInspection extends ImportNeeds {
  readonly module: string;
  readonly name: string;
  /** `(i32, i32) → i32`. */
  readonly type: string;
}

/** Every import once, in order. Throws ModuleRefused naming all that are not on the list. */
export function inspectImports(shape: ModuleShape): ImportInspection[] {
  const byName = new Map(shape.imports.map((entry) => [`${entry.module}.${entry.name}`, entry]));
  const unknown = [...byName.keys()].filter((name) => !Object.hasOwn(IMPORT_TYPES, name));
  if (unknown.length > 0) {
    const message = `The module imports what no supported ABI has: ${listNames(unknown)}`;
    refuse(ABI_ERRORS.moduleImportUnknown, message, adviceForUnknown(unknown) ?? undefined);
  }
  for (const [index, entry] of shape.imports.entries()) checkType(shape, index, `${entry.module}.${entry.name}`);
  return [...byName].map(([key, { module, name }]) => ({
    module,
    name,
    type: signature(IMPORT_TYPES[key]!),
    ...needsOf(name),
  }));
}

function checkType(shape: ModuleShape, index: number, name: string): void {
  const type = shape.functionType(index);
  const expected = IMPORT_TYPES[name]!;
  if (type !== null && type.text === expected) return;
  const found = type === null ? "no type" : signature(type.text);
  refuse(ABI_ERRORS.moduleImportType, `The module imports ${name} as ${found}; it is ${signature(expected)}`);
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  i: "i32",
  I: "i64",
  f: "f32",
  F: "f64",
  V: "v128",
  r: "funcref",
  x: "externref",
};

/** `ii:i` as people read it: `(i32, i32) → i32`. */
export function signature(type: string): string {
  const [params, results] = type
    .split(":")
    .map((letters) => Array.from(letters, (letter) => TYPE_NAMES[letter]).join(", "));
  return results === "" ? `(${params})` : `(${params}) → ${results}`;
}

const NAMES_SHOWN_MAX = 20;

/** A list that a hostile module cannot make endless, nor fill with control characters. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).map(printableName);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}
