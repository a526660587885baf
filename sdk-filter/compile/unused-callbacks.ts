// Takes those callbacks out of a filter's exports that none of its classes overrides, before anything is compiled: what
// is not exported the host does not call, and binaryen drops the code behind it.

import type { ClassPrototype, Program } from "assemblyscript/dist/assemblyscript.js";

/** Export name → the SDK class and the method behind it. Exports that stand in no row of either table always stay. */
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
  ["proxy_on_queue_ready", ["Plugin", "onQueueReady"]],
  ["proxy_on_foreign_function", ["Plugin", "onForeignFunction"]],
]);

/**
 * Export name → the method behind it, which plugin and stream both have, and how sources ask for what it tells of. The answer
 * to what is asked must be heard, if only to forget who asked.
 */
const ANSWER_OF_EXPORT: ReadonlyMap<string, { readonly method: string; readonly asks: RegExp | null }> = new Map([
  ["proxy_on_http_call_response", { method: "onHttpResponse", asks: /\.http\s*\(/ }],
  ["proxy_on_grpc_receive", { method: "onGrpcMessage", asks: /\.grpc(Call|Stream)\s*\(/ }],
  ["proxy_on_grpc_close", { method: "onGrpcClose", asks: /\.grpc(Call|Stream)\s*\(/ }],
  ["proxy_on_grpc_receive_initial_metadata", { method: "onGrpcMetadata", asks: null }],
  ["proxy_on_grpc_receive_trailing_metadata", { method: "onGrpcTrailers", asks: null }],
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
    for (const [name, { method, asks }] of ANSWER_OF_EXPORT) {
      const isHeard = overridden.has(`Plugin.${method}`) || overridden.has(`Stream.${method}`);
      if (!isHeard && !isAsked(program, asks)) exportsFile.exports.delete(name);
    }
  },
};

/** By the text of the filter's own sources: what is compiled is not known yet. */
function isAsked(program: Program, asks: RegExp | null): boolean {
  return asks !== null && program.sources.some(({ isLibrary, text }) => !isLibrary && asks.test(text));
}

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
