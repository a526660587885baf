// Judges a module's exports: which ABI it speaks, which callbacks it has with which types, how it starts and allocates.
import { ABI_ERRORS } from "../error-table.ts";
import { CALLBACKS } from "../spec/callbacks.ts";
import { POLICY_CALLBACKS, POLICY_MARKER, POLICY_MODULE } from "../spec/policy.ts";
import { ABI_VERSIONS, type AbiVersion, type CallbackRow } from "../spec/row.ts";
import { listNames, signature } from "./inspect-imports.ts";
import type { ExportEntry, ModuleShape } from "./module-shape.ts";
import { RESERVED_EXPORTS } from "./names.ts";
import { refuse } from "./refusal.ts";

export interface ExportInspection {
  readonly abi: AbiVersion;
  /** It exports the policy extension's marker. */
  readonly policyAbi: boolean;
  /** Exported callbacks of the specification, in export order. */
  readonly callbacks: readonly string[];
  readonly allocator: "proxy_on_memory_allocate" | "malloc" | null;
  readonly start: "_initialize" | "_start" | null;
}

/** Throws ModuleRefused when an export is missing, reserved or of the wrong type. */
export function inspectExports(shape: ModuleShape): ExportInspection {
  const functions = new Map(
    shape.exports.filter(({ kind }) => kind === "function").map((entry) => [entry.name, entry]),
  );
  refuseReserved(shape);
  checkMemory(shape);
  const abi = abiVersion(functions);
  const expected = expectedTypes(abi);
  for (const [name, type] of expected) {
    const found = functions.get(name);
    if (found !== undefined) checkType(shape, found, type, abi);
  }
  const policyAbi = functions.has(POLICY_MARKER);
  if (!policyAbi) refuseUnmarkedPolicy(shape, functions);
  return {
    abi,
    policyAbi,
    callbacks: [...functions.keys()].filter((name) => CALLBACK_NAMES.has(name)),
    allocator: firstOf(functions, ["proxy_on_memory_allocate", "malloc"] as const),
    start: firstOf(functions, ["_initialize", "_start"] as const),
  };
}

const ALL_CALLBACKS: readonly CallbackRow[] = [...CALLBACKS, ...POLICY_CALLBACKS];
const CALLBACK_NAMES: ReadonlySet<string> = new Set(ALL_CALLBACKS.map(({ name }) => name));

function refuseReserved(shape: ModuleShape): void {
  const reserved = shape.exports.map(({ name }) => name).filter((name) => RESERVED_EXPORTS.test(name));
  if (reserved.length > 0) {
    refuse(ABI_ERRORS.moduleExportReserved, `The module exports ${listNames(reserved)}, which only the host adds`);
  }
}

function checkMemory(shape: ModuleShape): void {
  if (shape.memories.length !== 1) {
    const several = shape.memories.length > 1 ? " (multi-memory)" : "";
    refuse(
      ABI_ERRORS.moduleMemory,
      `The module defines ${shape.memories.length} memories${several}; a filter has exactly one`,
    );
  }
  if (shape.exports.some(({ name, kind }) => name === "memory" && kind === "memory")) return;
  const exported = shape.exports.find(({ kind }) => kind === "memory");
  const instead = exported === undefined ? "" : ` (it is exported as ${listNames([exported.name])})`;
  refuse(ABI_ERRORS.moduleMemory, `The module does not export its memory as \`memory\`${instead}`);
}

const MARKERS: ReadonlyMap<string, AbiVersion> = new Map(
  ABI_VERSIONS.map((version) => [`proxy_abi_version_${version.replaceAll(".", "_")}`, version]),
);

/** The first marker in export order counts, as in other hosts. */
function abiVersion(functions: ReadonlyMap<string, ExportEntry>): AbiVersion {
  for (const name of functions.keys()) {
    const version = MARKERS.get(name);
    if (version !== undefined) return version;
  }
  const others = [...functions.keys()].filter((name) => name.startsWith("proxy_abi_version_"));
  const found = others.length === 0 ? "no ABI version marker" : `only ${listNames(others)}`;
  return refuse(
    ABI_ERRORS.moduleAbiUnknown,
    `The module exports ${found}; supported are ${[...MARKERS.keys()].join(", ")}`,
  );
}

/** Types of all exports that the host may call. */
function expectedTypes(abi: AbiVersion): [name: string, type: string][] {
  const callbacks = ALL_CALLBACKS.map((row): [string, string] => [row.name, callbackType(row, abi)]);
  return [...callbacks, ["proxy_on_memory_allocate", "i:i"], ["malloc", "i:i"], ["_initialize", ":"], ["_start", ":"]];
}

function callbackType(row: CallbackRow, abi: AbiVersion): string {
  const params = row.paramsIn?.[abi] ?? row.params;
  return `${"i".repeat(params.length)}:${row.result === null ? "" : "i"}`;
}

function checkType(shape: ModuleShape, { name, index }: ExportEntry, expected: string, abi: AbiVersion): void {
  const type = shape.functionType(index);
  if (type?.text === expected) return;
  const found = type === null ? "what does not exist" : signature(type.text);
  refuse(
    ABI_ERRORS.moduleExportType,
    `The module exports ${name} as ${found}; in ABI ${abi} it is ${signature(expected)}`,
  );
}

function refuseUnmarkedPolicy(shape: ModuleShape, functions: ReadonlyMap<string, ExportEntry>): void {
  const exported = POLICY_CALLBACKS.map(({ name }) => name).filter((name) => functions.has(name));
  const imported = shape.imports.filter(({ module }) => module === POLICY_MODULE).map(({ name }) => name);
  const used = [...exported, ...imported];
  if (used.length > 0) {
    refuse(ABI_ERRORS.modulePolicyMarker, `The module uses ${listNames(used)} but does not export ${POLICY_MARKER}`);
  }
}

function firstOf<T extends string>(functions: ReadonlyMap<string, ExportEntry>, names: readonly T[]): T | null {
  return names.find((name) => functions.has(name)) ?? null;
}
