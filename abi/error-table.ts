// Every error of the abi package; docs/errors.md is generated from it. Codes are never reused.

import type { ErrorTable } from "./errors.ts";

/** Every error that this package throws, with its code; docs/errors.md explains them. */
export const ABI_ERRORS = {
  documentRefused: {
    code: "SLUICE-E1001",
    meaning: "A document (YAML or JSON) could not be read: its text, a key or a value is not what the format allows.",
    hint: "Each line names file, line and column and what is allowed there; nothing of the document was used.",
  },
  guestNotLinked: {
    code: "SLUICE-E1201",
    meaning:
      "A module could not be instantiated: an import is missing or has another type, or its start section failed.",
    hint: "Build the filter with an SDK for proxy-wasm 0.2.x; `sluice inspect FILE.wasm` lists the imports and which are known.",
  },
  guestStartFailed: {
    code: "SLUICE-E1202",
    meaning: "A filter trapped, ran out of fuel or nested too deep while it started or read its configuration.",
    hint: "The message names the callback and the functions at work; the filter's log has its last words.",
  },
  guestStartRefused: {
    code: "SLUICE-E1203",
    meaning: "A filter refused to start: proxy_on_vm_start or proxy_on_configure returned false.",
    hint: "The filter's log says why; most often its configuration is not what it expects.",
  },
  moduleNotWasm: {
    code: "SLUICE-E1101",
    meaning: "What was given as a module is not a WebAssembly binary.",
    hint: "Give the .wasm file that your compiler wrote, not its source, its text form or an archive.",
  },
  moduleDamaged: {
    code: "SLUICE-E1102",
    meaning: "The module's bytes contradict themselves: it was cut off, or changed after it was built.",
    hint: "Build the module again and compare its size with the file that was sent.",
  },
  moduleTooLarge: {
    code: "SLUICE-E1103",
    meaning: "The module has more bytes than are taken.",
    hint: "Build without debug information and optimise for size.",
  },
  moduleFeature: {
    code: "SLUICE-E1104",
    meaning: "The module uses a WebAssembly feature that filters may not use.",
    hint: "Build for plain wasm32 with bulk memory, reference types, multi-value and SIMD at most.",
  },
  moduleImportUnknown: {
    code: "SLUICE-E1105",
    meaning: "The module imports functions that no supported ABI has.",
    hint: "docs/reference/abi.md lists every import there is. Remove the dependency that needs the others.",
  },
  moduleImportType: {
    code: "SLUICE-E1106",
    meaning: "The module imports a function with other parameters or another result than the ABI says.",
    hint: "Declare it as docs/reference/abi.md does, or use a newer SDK.",
  },
  moduleImportKind: {
    code: "SLUICE-E1107",
    meaning: "The module imports a memory, table or global; a filter brings its own.",
    hint: "Build without importing the memory (for AssemblyScript: without --importMemory, for C: without --import-memory).",
  },
  moduleAbiUnknown: {
    code: "SLUICE-E1108",
    meaning: "The module exports no version marker of an ABI that is supported.",
    hint: "Export a function proxy_abi_version_0_2_1 (or 0_2_0, 0_1_0); an SDK for proxy-wasm does so by itself.",
  },
  moduleMemory: {
    code: "SLUICE-E1109",
    meaning: "The module does not define exactly one memory and export it as `memory`.",
    hint: "Export the module's own memory under the name memory.",
  },
  moduleMemoryTooLarge: {
    code: "SLUICE-E1110",
    meaning: "The module's memory or table starts larger than a filter may ever have.",
    hint: "Lower the initial memory (stack and static data), or give the revision a higher limits.memory.",
  },
  moduleExportType: {
    code: "SLUICE-E1111",
    meaning: "The module exports a callback with other parameters or another result than its ABI version says.",
    hint: "Compare it with docs/reference/abi.md; the version marker may be that of another ABI version.",
  },
  moduleExportReserved: {
    code: "SLUICE-E1112",
    meaning: "The module exports a name that the host adds by itself when it meters a module.",
    hint: "Push the module as the compiler made it, not one that has been metered, or rename the export.",
  },
  modulePolicyMarker: {
    code: "SLUICE-E1113",
    meaning: "The module uses the policy extension without saying so; its check would never be asked.",
    hint: "Export a function sluice_policy_abi_version_1 without parameters.",
  },
  moduleTooCostly: {
    code: "SLUICE-E1114",
    meaning: "Compiling the module could take much longer, or much more memory, than any filter needs.",
    hint: "Split the function that is named; generated code is usually the cause.",
  },
  moduleInvalid: {
    code: "SLUICE-E1115",
    meaning: "The module is well-formed but not valid: its code would not type-check.",
    hint: "Build it again with a released compiler; hand-written or patched code is usually the cause.",
  },
  meterFailed: {
    code: "SLUICE-E1116",
    meaning: "A valid module became invalid when it was metered: a mistake of ours.",
    hint: "Please report it with the module.",
  },
  trialTimedOut: {
    code: "SLUICE-E1121",
    meaning: "Trying a module took longer than is allowed; the message says what it was at.",
    hint: "Make compiling or configuring cheaper: split very large functions, prepare less at configure.",
  },
  trialMemory: {
    code: "SLUICE-E1122",
    meaning: "Trying a module took more memory than is allowed; the message says what it was at.",
    hint: "Split very large functions, or let the filter hold less memory.",
  },
  trialDied: {
    code: "SLUICE-E1123",
    meaning: "The process in which a module was tried died; the module would have taken the proxy with it.",
    hint: "The message says what it was at. If the module is an ordinary one, please report it.",
  },
  trialRequests: {
    code: "SLUICE-E1124",
    meaning: "The filter does not do what its own request files expect.",
    hint: "Run `sluice test` to see each case, then mend the filter or the expectation.",
  },
} as const satisfies ErrorTable;
