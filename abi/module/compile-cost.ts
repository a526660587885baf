// What compiling a module may cost, told before anything is compiled. V8 compiles lazily: the pause is a first request's
// where nobody has warmed the module.
import type { CodePlan, FunctionPlan } from "./code-plan.ts";
import { COMPILE_COST_MAX, COST_PER_MS, FUNCTIONS_PER_MS } from "./limits.ts";
import { functionTitle } from "./name-section.ts";
import type { ModuleShape } from "./module-shape.ts";

export interface CompileCost {
  /** Sum over functions of values × body bytes, at most MODULE_COST_MAX. */
  readonly cost: number;
  /** About the longest that compiling all of it takes, on one core. */
  readonly expectedMs: number;
  /** The dearest function; null when there is none. */
  readonly dearest: DearestFunction | null;
}

export interface DearestFunction {
  /** Its index and, where it has one, its name. */
  readonly function: string;
  readonly bytes: number;
  /** Parameters, locals and operands that live at once. */
  readonly values: number;
  /** Of what one function may cost, 0 to 1. */
  readonly share: number;
}

export function compileCostOf(shape: ModuleShape, { functions }: CodePlan): CompileCost {
  const costs = functions.map(costOf);
  const cost = costs.reduce((sum, each) => sum + each, 0);
  const dearest = costs.indexOf(costs.reduce((most, each) => Math.max(most, each), 0));
  return {
    cost,
    expectedMs: Math.ceil(cost / COST_PER_MS + functions.length / FUNCTIONS_PER_MS),
    dearest: dearest < 0 ? null : dearestOf(shape, functions[dearest]!, dearest),
  };
}

function dearestOf(shape: ModuleShape, plan: FunctionPlan, index: number): DearestFunction {
  return {
    function: functionTitle(shape, shape.imports.length + index),
    bytes: bytesOf(plan),
    values: plan.frameValues,
    share: Math.round((costOf(plan) / COMPILE_COST_MAX) * 1000) / 1000,
  };
}

function costOf(plan: FunctionPlan): number {
  return bytesOf(plan) * plan.frameValues;
}

function bytesOf({ body }: FunctionPlan): number {
  return body.end - body.start;
}
