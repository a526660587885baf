// Takes those callbacks out of a filter's exports that none of its classes overrides, before anything is compiled: what
// is not exported the host does not call, and binaryen drops the code behind it.

import type { ClassPrototype, Program } from "assemblyscript/dist/assemblyscript.js";

/** Export name → the SDK class and the method behind it. Exports that stand in no row always stay. */
const METHOD_OF_EXPORT: ReadonlyMap<string, readonly [base: string, method: string]> = new Map([
  ["proxy_on_tick", ["Plugin", "tick"]],
  ["policy_on_check", ["Plugin", "check"]],
  ["policy_on_report", ["Plugin", "report"]],
  ["proxy_on_request_headers", ["Stream", "requestHeaders"]],
  ["proxy_on_request_body", ["Stream", "requestBody"]],
  ["proxy_on_request_trailers", ["Stream", "requestTrailers"]],
  ["proxy_on_response_headers", ["Stream", "responseHeaders"]],
  ["proxy_on_response_body", ["Stream", "responseBody"]],
  ["proxy_on_response_trailers", ["Stream", "responseTrailers"]],
  ["proxy_on_log", ["Stream", "log"]],
  ["proxy_on_done", ["Stream", "done"]],
  ["proxy_on_delete", ["Plugin", "newStream"]],
]);

/** The transform that the build hands to the compiler; the compiler calls the hooks it finds. */
export const unusedCallbacks = {
  afterInitialize(program: Program): void {
    const exportsFile = program.filesByName.get(EXPORTS_FILE);
    if (!exportsFile?.exports) return;
    const overridden = overriddenMethods(program);
    for (const [name, [base, method]] of METHOD_OF_EXPORT) {
      if (!overridden.has(`${base}.${method}`)) exportsFile.exports.delete(name);
    }
  },
};

const SDK = "~lib/@sluice/sdk-filter/assembly";
const EXPORTS_FILE = `${SDK}/exports`;
const SDK_CLASSES: ReadonlyMap<string, string> = new Map([
  [`${SDK}/filter/Plugin`, "Plugin"],
  [`${SDK}/stream/Stream`, "Stream"],
]);

/** `Plugin.check`, `Stream.log`, …: every method of an SDK class that some class of the program defines anew. */
function overriddenMethods(program: Program): Set<string> {
  const overridden = new Set<string>();
  for (const element of program.elementsByName.values()) {
    if (!isClassPrototype(element) || SDK_CLASSES.has(element.internalName)) continue;
    const base = sdkBaseOf(element);
    if (base === null) continue;
    for (const method of element.instanceMembers?.keys() ?? []) overridden.add(`${base}.${method}`);
  }
  return overridden;
}

function sdkBaseOf(prototype: ClassPrototype): string | null {
  for (let base = prototype.basePrototype; base !== null; base = base.basePrototype) {
    const name = SDK_CLASSES.get(base.internalName);
    if (name !== undefined) return name;
  }
  return null;
}

// The compiler's classes live in its own bundle; a member they alone have tells them apart.
function isClassPrototype(element: object): element is ClassPrototype {
  return "basePrototype" in element && "interfacePrototypes" in element;
}
