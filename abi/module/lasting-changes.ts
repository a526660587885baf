// What an instance of a module may change beyond memory and numbers: state that no image puts back, so that such a module's
// instances are made anew for each stream.
import type { CodePlan } from "./code-plan.ts";
import { functionTitle } from "./name-section.ts";
import { VALUE_TYPE, type ModuleShape } from "./module-shape.ts";

const NUMBERS: readonly number[] = [VALUE_TYPE.i32, VALUE_TYPE.i64, VALUE_TYPE.f32, VALUE_TYPE.f64];

/** One line each, for people; empty when memory and mutable globals of numbers are all that an instance changes. */
export function lastingChanges(shape: ModuleShape, { effects }: CodePlan): string[] {
  const code = [...effects].map(([instruction, index]) => `${instruction} in function ${functionTitle(shape, index)}`);
  const globals = shape.globals.flatMap(({ mutable, type }, index) =>
    mutable && !NUMBERS.includes(type) ? [`the mutable global ${index}, which holds ${typeName(type)}`] : [],
  );
  return globals.length > 1 ? [...code, `${globals[0]} (and ${globals.length - 1} more)`] : [...code, ...globals];
}

function typeName(type: number): string {
  if (type === VALUE_TYPE.v128) return "a v128";
  return type === VALUE_TYPE.funcref ? "a function" : "a reference of the host";
}
