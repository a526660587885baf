// From a filter's folder to its module: configuration classes from filter.yaml, one compiler run in this process, then
// the checks that would otherwise fail at upload. Writes build/NAME.wasm and build/NAME.wasm.map.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { SluiceError } from "@sluice/abi";
import { SDK_ERRORS } from "../errors.ts";
import { isUpToDate, outputOf, publish } from "./build-output.ts";
import type { BuildOutput } from "./build-output.ts";
import { writeConfigClasses } from "./config-classes.ts";
import { compileAssembly } from "./compile-assembly.ts";
import { readFilterFolder } from "./filter-folder.ts";
import type { FilterFolder } from "./filter-folder.ts";

/** What a build gives. Files are absolute. */
export interface BuiltFilter {
  readonly name: string;
  readonly folder: string;
  readonly wasmFile: string;
  readonly wasm: Uint8Array;
  readonly mapFile: string;
  readonly sourceMap: string;
  /** The text of filter.yaml, as it travels with the module. */
  readonly documentText: string;
  /** Callbacks and markers that the module exports, imports it asks for. */
  readonly exports: readonly string[];
  readonly imports: readonly string[];
  readonly sizes: { readonly wasmBytes: number; readonly sourceMapBytes: number };
  /** What the compiler said without refusing. */
  readonly warnings: string;
  /** Nothing was compiled: an earlier build still holds. */
  readonly isFresh: boolean;
  readonly durationMs: number;
}

export interface BuildOptions {
  /** Take the module of an earlier build when nothing it was made from has changed. Default false. */
  readonly onlyWhenStale?: boolean;
}

/** Builds the filter in `folder`. Throws a SluiceError (E4001 to E4005, E4008) that says what to change. */
export async function buildFilter(folder: string, { onlyWhenStale = false }: BuildOptions = {}): Promise<BuiltFilter> {
  const startedMs = performance.now();
  const filter = await readFilterFolder(resolve(folder));
  await writeConfigClasses(filter);
  const output = await outputOf(filter);
  const isFresh = onlyWhenStale && (await isUpToDate(output));
  const warnings = isFresh ? "" : await compileInto(output, filter);
  const wasm = new Uint8Array(await readFile(output.wasmFile));
  const sourceMap = await readFile(output.mapFile, "utf8");
  const face = readFace(wasm);
  refuseForeignImports(filter, face.imports);
  refuseMissingCallbacks(filter, face.exports);
  return {
    name: filter.name,
    folder: filter.folder,
    wasmFile: output.wasmFile,
    wasm,
    mapFile: output.mapFile,
    sourceMap,
    documentText: filter.documentText,
    ...face,
    sizes: { wasmBytes: wasm.length, sourceMapBytes: Buffer.byteLength(sourceMap) },
    warnings,
    isFresh,
    durationMs: performance.now() - startedMs,
  };
}

async function compileInto(output: BuildOutput, { folder, name, runtime }: FilterFolder): Promise<string> {
  const draft = await mkdtemp(join(output.folder, ".draft-"));
  try {
    const wasmFile = join(draft, `${name}.wasm`);
    const warnings = await compileAssembly({ folder, wasmFile, runtime });
    await publish(output, draft);
    return warnings;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function readFace(wasm: Uint8Array): { imports: string[]; exports: string[] } {
  const module = new WebAssembly.Module(wasm);
  return {
    imports: WebAssembly.Module.imports(module).map(({ module: from, name }) => `${from}.${name}`),
    exports: WebAssembly.Module.exports(module).map(({ name }) => name),
  };
}

// Date, Math.random and console of AssemblyScript's own library become imports that no proxy offers.
function refuseForeignImports(filter: FilterFolder, imports: readonly string[]): void {
  const foreign = imports.filter((name) => !/^(env\.proxy_|sluice\.policy_)/.test(name));
  if (foreign.length === 0) return;
  throw new SluiceError(SDK_ERRORS.foreignImport, `${filter.name} imports ${foreign.join(", ")}`);
}

const EXPORT_OF_REQUIREMENT: Readonly<Record<string, string>> = {
  check: "policy_on_check",
  report: "policy_on_report",
};

function refuseMissingCallbacks(filter: FilterFolder, exports: readonly string[]): void {
  for (const requirement of filter.document.requires ?? []) {
    const callback = EXPORT_OF_REQUIREMENT[requirement];
    if (callback === undefined || exports.includes(callback)) continue;
    throw new SluiceError(SDK_ERRORS.noExport, `${filter.name} requires ${requirement}, but no class overrides it`);
  }
}
