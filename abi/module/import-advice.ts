// What to do about an import: how to build without one that nobody serves, what a served one needs or will not do here.
import { nearestWord } from "../documents/nearest-word.ts";
import { IMPORT_TYPES } from "../generated/imports.ts";
import { Errno } from "../spec/enums.ts";
import { HOSTCALLS } from "../spec/hostcalls.ts";
import { POLICY_HOSTCALLS } from "../spec/policy.ts";
import { DEFAULT_CAPABILITIES, type CapabilityFamily } from "../spec/row.ts";
import { WASI_FUNCTIONS } from "../spec/wasi.ts";

/** Which tool writes such an import, and what to tell it. The first that fits is said. */
const ORIGINS: readonly (readonly [import_: RegExp, advice: string])[] = [
  [/^wasi:/, "The module is made for WASI preview 2: build it for preview 1 (wasm32-wasip1), as a core module."],
  [/^(gojs|go)\./, "Build Go with GOOS=wasip1 GOARCH=wasm -buildmode=c-shared; GOOS=js is for browsers."],
  [/^(wbg|__wbindgen\w*)\./, "Build Rust with --target wasm32-wasip1 and without wasm-bindgen, which is for browsers."],
  [/^wasi\.thread-spawn$/, "Build without threads: a filter runs on the thread of its worker."],
  [/^env\.(__cxa_|_Unwind_)/, "Build C++ with -fno-exceptions."],
  [
    /^env\.(invoke_|emscripten_longjmp|_emscripten_throw)/,
    "Link without setjmp and exceptions: with Emscripten, -sSUPPORT_LONGJMP=0.",
  ],
  [/^env\.(_?emscripten_|__syscall)/, "Link with Emscripten's -sSTANDALONE_WASM, and without its file system."],
  [/^env\.(pthread_|__pthread)/, "Build without threads: a filter runs on the thread of its worker."],
  [
    /^env\.(console\.|Date\.|performance\.|Math\.|process\.|crypto)/,
    "AssemblyScript: use what the SDK has for logs, time and random numbers; browsers' objects are not here.",
  ],
];

/** What to do about imports that no ABI has; null: nothing better is known than the table's hint. */
export function adviceForUnknown(names: readonly string[]): string | null {
  for (const [import_, advice] of ORIGINS) if (names.some((name) => import_.test(name))) return advice;
  const known = Object.keys(IMPORT_TYPES);
  for (const name of names.slice(0, LOOKED_UP_MAX)) {
    const near = nearestWord(name, known);
    if (near !== null) return `The nearest name there is: ${near}. docs/reference/abi.md lists every import.`;
  }
  return null;
}

/** Names that are compared with all known ones. */
const LOOKED_UP_MAX = 10;

export interface ImportNeeds {
  /** What a revision must be granted for it. */
  readonly family: CapabilityFamily | "always";
  /** What to do, or to know; null: it is served to every revision. */
  readonly advice: string | null;
}

const NEEDS: ReadonlyMap<string, ImportNeeds> = new Map([
  ...[...HOSTCALLS, ...POLICY_HOSTCALLS].map(({ name, family }): [string, ImportNeeds] => [
    name,
    { family, advice: grantAdvice(family) },
  ]),
  ...WASI_FUNCTIONS.map(({ name, family, fixed, prose }): [string, ImportNeeds] => [
    name,
    {
      family,
      advice:
        fixed === null || fixed === Errno.Success ? grantAdvice(family) : `${prose} Every call answers errno ${fixed}.`,
    },
  ]),
]);

/** Of an import that is on the list. */
export function needsOf(name: string): ImportNeeds {
  return NEEDS.get(name) ?? { family: "always", advice: null };
}

function grantAdvice(family: CapabilityFamily | "always"): string | null {
  if (family === "always" || DEFAULT_CAPABILITIES.includes(family)) return null;
  return `Grant it to the revision: capabilities: [${family}].`;
}
