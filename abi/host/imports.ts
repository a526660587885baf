// The import table of a plugin, made from the specification's rows: what is served, and what this revision was not
// granted. One table serves all instances of the plugin.

import { HOSTCALL_TABLE } from "../hostcalls/index.ts";
import { BufferType, Errno, LogLevel, Status } from "../spec/enums.ts";
import { HOSTCALLS } from "../spec/hostcalls.ts";
import { POLICY_HOSTCALLS } from "../spec/policy.ts";
import type { CapabilityFamily, HostcallRow, WasiRow } from "../spec/row.ts";
import { ENV_FUNCTIONS, WASI_FUNCTIONS, WASI_MODULES } from "../spec/wasi.ts";
import { COMPILER_SUPPORT_TABLE, WASI_TABLE } from "../wasi/index.ts";
import { callerAnytime, callerWhileStarting } from "./caller.ts";
import type { PluginScope } from "./plugin-scope.ts";

type ImportFunction = (...args: never[]) => unknown;
type ImportTable = Readonly<Record<string, ImportFunction | undefined>>;

// By the names of rows, whose kinds the tables' own types have checked.
const hostcalls = HOSTCALL_TABLE as ImportTable;
const wasiFunctions = WASI_TABLE as ImportTable;
const envFunctions = COMPILER_SUPPORT_TABLE as unknown as ImportTable;

/** Everything a guest of this scope can import, by module and name. */
export function importsFor(scope: PluginScope): WebAssembly.Imports {
  const imports: Record<string, Record<string, ImportFunction>> = { env: {}, sluice: {} };
  for (const row of [...HOSTCALLS, ...POLICY_HOSTCALLS]) imports[row.module]![row.name] = hostcall(row, scope);
  for (const row of ENV_FUNCTIONS) imports["env"]![row.name] = wasiFunction(row, envFunctions, scope);
  const wasi = Object.fromEntries(WASI_FUNCTIONS.map((row) => [row.name, wasiFunction(row, wasiFunctions, scope)]));
  for (const module of WASI_MODULES) imports[module] = wasi;
  return imports;
}

function hostcall(row: HostcallRow, scope: PluginScope): ImportFunction {
  const served = hostcalls[row.name]!;
  if (isGranted(row.family, scope)) return served;
  return isBufferRead(row)
    ? configurationOnly(row, served, scope)
    : () => notGranted(row, scope, Status.InternalFailure);
}

function wasiFunction(row: WasiRow, table: ImportTable, scope: PluginScope): ImportFunction {
  const { fixed } = row;
  if (fixed !== null) return () => fixedAnswer(fixed);
  if (isGranted(row.family, scope)) return table[row.name]!;
  const refusal = row.result === "errno" ? Errno.Notcapable : 0;
  return () => notGranted(row, scope, refusal);
}

/** Without effect, but an allocator that asks has lost its way: as everything that it may not call, it ends the guest. */
function fixedAnswer(errno: number): number {
  callerWhileStarting();
  return errno;
}

function isGranted(family: CapabilityFamily | "always", scope: PluginScope): boolean {
  return family === "always" || scope.spec.capabilities.includes(family);
}

/** A configuration is the filter's own: reading it needs no grant, though it is read with the body's hostcalls. */
function isBufferRead({ name }: HostcallRow): boolean {
  return name === "proxy_get_buffer_bytes" || name === "proxy_get_buffer_status";
}

function configurationOnly(row: HostcallRow, served: ImportFunction, scope: PluginScope): ImportFunction {
  return (...args: never[]) => {
    const isConfiguration = args[0] === BufferType.VmConfiguration || args[0] === BufferType.PluginConfiguration;
    return isConfiguration ? served(...args) : notGranted(row, scope, Status.InternalFailure);
  };
}

function notGranted(row: HostcallRow | WasiRow, scope: PluginScope, refusal: number): number {
  callerAnytime();
  const { name, family } = row;
  const { slot } = scope.spec;
  scope.logOnce(
    `grant ${family}`,
    LogLevel.Warn,
    `${name} was refused: the revision in slot ${slot} has no grant for it; add to the revision: capabilities: [${family}]`,
  );
  return refusal;
}
