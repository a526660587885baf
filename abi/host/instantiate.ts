// From a module to an instance that may be called: link, run the start function, find the exports. What the module's own
// code does on the way is metered and bounded like a callback.

import type { ModuleArtifact } from "../module/artifact.ts";
import { START_EXPORT } from "../module/names.ts";
import { CALLBACKS } from "../spec/callbacks.ts";
import { Caller, enter, leave, runningCaller, runningRestriction, STARTING } from "./caller.ts";
import { GuestExit } from "./guest-exit.ts";
import type { GuestExports, GuestFunction } from "./guest-exports.ts";
import { Instance } from "./instance.ts";
import type { PluginScope } from "./plugin-scope.ts";

/** A linked instance, before its start function. Throws what linking or a start section threw. */
export function instantiate(artifact: ModuleArtifact, scope: PluginScope, imports: WebAssembly.Imports): Linked {
  const guest = new Caller(scope);
  const exports = link(artifact.module, guest, imports);
  const found = findExports(artifact, exports);
  guest.attach(found.memory, found.allocator);
  return { instance: new Instance(guest, found), exports: found };
}

export interface Linked {
  readonly instance: Instance;
  readonly exports: GuestExports;
}

/** The start section, then `_initialize`, and `main` or `__main_void` behind it as C and Rust reactors want; else `_start`. */
export function runStartFunction({ instance, exports: { functions } }: Linked): void {
  // What stood in the start section: the meter made it an export, so that its hostcalls find the guest's memory.
  const section = functions.get(START_EXPORT);
  if (section !== undefined) instance.runStart(section, "start", STARTING);
  const initialize = functions.get("_initialize");
  if (initialize === undefined) {
    const start = functions.get("_start");
    if (start !== undefined) instance.runStart(() => exitsWell(start), "_start", STARTING);
    return;
  }
  instance.runStart(initialize, "_initialize", STARTING);
  const main = functions.get("main") ?? functions.get("__main_void");
  if (main !== undefined) instance.runStart(main, "main", STARTING);
}

/** A command's `_start` may end by proc_exit(0), which is not a failure. */
function exitsWell(start: GuestFunction): void {
  try {
    start();
  } catch (thrown) {
    if (!(thrown instanceof GuestExit) || thrown.code !== 0) throw thrown;
  }
}

/** The start function has been taken out of its section, so nothing of the guest should run in here; if it does, it is restricted. */
function link(
  module: WebAssembly.Module,
  guest: Caller,
  imports: WebAssembly.Imports,
): WebAssembly.Instance["exports"] {
  const before = runningCaller();
  const restriction = runningRestriction();
  enter(guest, STARTING);
  try {
    return new WebAssembly.Instance(module, imports).exports;
  } finally {
    leave(before, restriction);
  }
}

function findExports({ meter, inspection }: ModuleArtifact, exports: WebAssembly.Instance["exports"]): GuestExports {
  const functions = new Map<string, GuestFunction>();
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === "function") functions.set(name, value as GuestFunction);
  }
  // A callback that the module's version does not have is not the callback, whatever its name.
  for (const { name, versions } of CALLBACKS) if (!versions.includes(inspection.abi)) functions.delete(name);
  const allocator = inspection.allocator === null ? null : functions.get(inspection.allocator)!;
  return {
    memory: exports["memory"] as WebAssembly.Memory,
    allocator: allocator as ((size: number) => number) | null,
    functions,
    refuel: (functions.get(meter.refuelExport) as GuestExports["refuel"] | undefined) ?? null,
    fuelLeft: (functions.get(meter.fuelLeftExport) as GuestExports["fuelLeft"] | undefined) ?? null,
    depth: (exports[meter.depthExport] as WebAssembly.Global | undefined) ?? null,
    takeDirty: (functions.get(meter.takeDirtyExport) as GuestExports["takeDirty"] | undefined) ?? null,
    takeChanged: (functions.get(meter.takeChangedExport) as GuestExports["takeChanged"] | undefined) ?? null,
    globals: meter.mutableGlobals.map((name) => exports[name] as WebAssembly.Global),
  };
}
