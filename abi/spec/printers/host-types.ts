// Prints the host's side: an interface per import module, so that a hostcall with a wrong parameter does not compile,
// and each import's wasm type, which the inspector compares a module's imports with.
import { HOSTCALLS } from "../hostcalls.ts";
import { POLICY_HOSTCALLS } from "../policy.ts";
import { wireParams, type HostcallRow, type Param, type WasmType } from "../row.ts";
import { ENV_FUNCTIONS, WASI_FUNCTIONS, WASI_MODULES } from "../wasi.ts";
import { GENERATED_BY, type GeneratedFile } from "./generated-file.ts";

interface Import {
  readonly name: string;
  readonly params: readonly Param[];
  readonly result: WasmType | null;
  readonly prose: string;
}

/** abi/generated/imports.ts */
export function printHostTypes(): GeneratedFile {
  const env = HOSTCALLS.map(hostcallImport);
  const policy = POLICY_HOSTCALLS.map(hostcallImport);
  const wasi = WASI_FUNCTIONS.map(wasiImport);
  const helpers = ENV_FUNCTIONS.map(wasiImport);
  const text = [
    `// ${GENERATED_BY}`,
    "",
    printInterface(
      "EnvHostcalls",
      "proxy-wasm, module `env`. Pointers, sizes and ids come as signed i32: `>>> 0` first.",
      env,
    ),
    printInterface("PolicyHostcalls", "The policy extension, module `sluice`.", policy),
    printInterface("WasiFunctions", `WASI, modules \`${WASI_MODULES.join("` and `")}\`.`, wasi),
    printInterface("EnvFunctions", "Compilers' helpers, module `env`.", helpers),
    "/** Every import's wasm type by `module.name`: parameters, `:`, result. i = i32, I = i64, F = f64. */",
    "export const IMPORT_TYPES: Readonly<Record<string, string>> = {",
    ...[...env, ...helpers].map((each) => `  "env.${each.name}": "${wasmType(each)}",`),
    ...policy.map((each) => `  "sluice.${each.name}": "${wasmType(each)}",`),
    ...WASI_MODULES.flatMap((module) => wasi.map((each) => `  "${module}.${each.name}": "${wasmType(each)}",`)),
    "};",
    "",
  ].join("\n");
  return { path: "abi/generated/imports.ts", text };
}

function hostcallImport({ name, params, prose }: HostcallRow): Import {
  return { name, params, result: "i32", prose };
}

function wasiImport({ name, params, result, prose }: (typeof WASI_FUNCTIONS)[number]): Import {
  return { name, params, result: result === null ? null : result === "f64" ? "f64" : "i32", prose };
}

function printInterface(name: string, doc: string, imports: readonly Import[]): string {
  const methods = imports.map((each) => `  /** ${each.prose} */\n  ${each.name}${typescriptSignature(each)};`);
  return `/** ${doc} */\nexport interface ${name} {\n${methods.join("\n")}\n}\n`;
}

function typescriptSignature({ params, result }: Import): string {
  const list = wireParams(params).map((param) => `${param.name}: ${param.type === "i64" ? "bigint" : "number"}`);
  return `(${list.join(", ")}): ${result === null ? "void" : "number"}`;
}

const TYPE_LETTERS = { i32: "i", i64: "I", f64: "F" } as const;

function wasmType({ params, result }: Import): string {
  const letters = wireParams(params).map(({ type }) => TYPE_LETTERS[type]);
  return `${letters.join("")}:${result === null ? "" : TYPE_LETTERS[result]}`;
}
