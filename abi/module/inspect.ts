// Inspects a module: may it run here, and what is it? Decided from its bytes alone, before anything is compiled; what it
// refuses, no proxy and no registry takes. It never throws, whatever the bytes are.
import { createHash } from "node:crypto";
import { ABI_ERRORS } from "../error-table.ts";
import type { AbiVersion } from "../spec/row.ts";
import { planCode, type CodePlan } from "./code-plan.ts";
import { inspectExports } from "./inspect-exports.ts";
import { inspectImports, type ImportInspection } from "./inspect-imports.ts";
import { compileCostOf, type CompileCost } from "./compile-cost.ts";
import { lastingChanges } from "./lasting-changes.ts";
import { MEMORY_PAGES_MAX, TABLE_ENTRIES_MAX } from "./limits.ts";
import { listExports, listSections, listTables, sourceMapUrl } from "./module-contents.ts";
import type { ModuleExport, ModuleSection, ModuleTable } from "./module-contents.ts";
import { SECTION, readShape, type Limits, type ModuleShape } from "./module-shape.ts";
import { readNames, type NameSection } from "./name-section.ts";
import { originOf, type Origin } from "./origin.ts";
import { ModuleRefused, refuse, type Refusal } from "./refusal.ts";

/** What is known of a module that may run. Plain data. */
export interface Inspection extends Origin {
  /** 64 hex digits of the pushed bytes. */
  readonly sha256: string;
  readonly abi: AbiVersion;
  /** It takes part in check or report. */
  readonly policyAbi: boolean;
  readonly imports: readonly ImportInspection[];
  /** Exported callbacks, `proxy_on_…` and `policy_on_…`. */
  readonly callbacks: readonly string[];
  readonly allocator: "proxy_on_memory_allocate" | "malloc" | null;
  readonly start: "_initialize" | "_start" | null;
  /** It has a start section too, which the meter turns into the export `sluice_start`. */
  readonly startSection: boolean;
  readonly memory: { readonly minPages: number; readonly maxPages: number | null };
  readonly sizes: ModuleSizes;
  /** Everything it exports, callbacks or not, in order; the first EXPORTS_SHOWN_MAX. */
  readonly exports: readonly ModuleExport[];
  readonly tables: readonly ModuleTable[];
  readonly sections: readonly ModuleSection[];
  /** Null without a name section: traces then show numbers. */
  readonly names: NameSection | null;
  /** What its sourceMappingURL section says; null without one. */
  readonly sourceMapUrl: string | null;
  readonly compile: CompileCost;
  /** Instances can be put back from an image: no table is written, no segment dropped, every mutable global is a number. */
  readonly resettable: boolean;
  /** What stands against that, one line each: with `isolation: stream` its instances are made anew for every stream. */
  readonly lastingChanges: readonly string[];
}

export interface ModuleSizes {
  readonly bytes: number;
  readonly codeBytes: number;
  readonly dataBytes: number;
  readonly customBytes: number;
  readonly functions: number;
  readonly localsMax: number;
}

/** What a module is, or why it is refused. */
export type InspectResult =
  | { readonly ok: true; readonly inspection: Inspection }
  | { readonly ok: false; readonly refusal: Refusal };

/** What an inspection is bound by. */
export interface InspectOptions {
  /** Most pages the memory may start with; a revision's limit, when one is known. */
  readonly memoryPagesMax?: number;
}

/** Inspects the bytes of a module. A refusal's codes are E1101 to E1115. */
export function inspect(bytes: Uint8Array, options: InspectOptions = {}): InspectResult {
  try {
    return { ok: true, inspection: inspectOrThrow(bytes, options) };
  } catch (error) {
    if (error instanceof ModuleRefused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

function inspectOrThrow(bytes: Uint8Array, options: InspectOptions): Inspection {
  const shape = readShape(bytes);
  const imports = inspectImports(shape);
  const exported = inspectExports(shape);
  checkStarts(shape, options.memoryPagesMax ?? MEMORY_PAGES_MAX);
  const plan = planCode(shape);
  checkValid(bytes);
  const memory = shape.memories[0]!;
  const changes = lastingChanges(shape, plan);
  return {
    sha256: createHash("sha256").update(bytes).digest("hex"),
    ...exported,
    imports,
    startSection: shape.startFunction !== null,
    memory: { minPages: memory.min, maxPages: memory.max },
    sizes: sizesOf(shape, plan),
    ...originOf(shape),
    exports: listExports(shape),
    tables: listTables(shape),
    sections: listSections(shape),
    names: readNames(shape),
    sourceMapUrl: sourceMapUrl(shape),
    compile: compileCostOf(shape, plan),
    resettable: changes.length === 0,
    lastingChanges: changes,
  };
}

/** Refuses memories and tables that start above what they may ever have. */
export function checkStarts(shape: ModuleShape, memoryPagesMax: number, tableEntriesMax = TABLE_ENTRIES_MAX): void {
  for (const memory of shape.memories) checkStart(memory, memoryPagesMax, "memory", "pages of 64 KiB");
  for (const table of shape.tables) checkStart(table, tableEntriesMax, "table", "entries");
}

function checkStart({ min }: Limits, max: number, what: string, unit: string): void {
  if (min > max) {
    refuse(ABI_ERRORS.moduleMemoryTooLarge, `The module's ${what} starts with ${min} ${unit}; it may have ${max}`);
  }
}

/** The last word is V8's. Only what the walk has bounded gets here: validation takes time in proportion to size. */
function checkValid(bytes: Uint8Array): void {
  if (WebAssembly.validate(bytes)) return;
  refuse(ABI_ERRORS.moduleInvalid, `The module is not valid: ${whyInvalid(bytes)}`);
}

function whyInvalid(bytes: Uint8Array): string {
  try {
    void new WebAssembly.Module(bytes);
    return "no reason was given";
  } catch (error) {
    return (error as Error).message.replace(/^WebAssembly\.Module\(\): /, "");
  }
}

function sizesOf(shape: ModuleShape, plan: CodePlan): ModuleSizes {
  const bytesOf = (id: number): number =>
    shape.sections.filter((section) => section.id === id).reduce((sum, { start, end }) => sum + end - start, 0);
  return {
    bytes: shape.bytes.length,
    codeBytes: bytesOf(SECTION.code),
    dataBytes: bytesOf(SECTION.data),
    customBytes: bytesOf(SECTION.custom),
    functions: shape.functions.length,
    localsMax: plan.functions.reduce((most, { locals }) => Math.max(most, locals), 0),
  };
}
