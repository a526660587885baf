// Tells what a module was made with, for people who look at a list of versions: from the producers section, from names and
// from texts that compilers and SDKs leave behind. Nothing depends on the answer.
import { ByteReader } from "./byte-reader.ts";
import { PRODUCERS_SHOWN_MAX } from "./limits.ts";
import { printableName } from "./name-section.ts";
import type { ModuleShape } from "./module-shape.ts";

export interface Origin {
  /** Null when nothing tells. */
  readonly language: string | null;
  /** The SDK, with its version where its files are named; null when nothing tells. */
  readonly sdk: string | null;
  /** What the producers section lists: `processed-by rustc 1.80.0`. */
  readonly producers: readonly string[];
}

export function originOf(shape: ModuleShape): Origin {
  const bytes = Buffer.from(shape.bytes.buffer, shape.bytes.byteOffset, shape.bytes.byteLength);
  const producers = producersOf(shape);
  const sdk = sdkOf(bytes);
  return {
    language: languageOf(shape, bytes, producers) ?? sdk?.language ?? null,
    sdk: sdk?.title ?? null,
    producers: producers
      .slice(0, PRODUCERS_SHOWN_MAX)
      .map(({ field, name, version }) => printableName(`${field} ${name} ${version}`.trimEnd())),
  };
}

interface Producer {
  readonly field: string;
  readonly name: string;
  readonly version: string;
}

function producersOf(shape: ModuleShape): Producer[] {
  const section = shape.custom("producers");
  if (section === null) return [];
  const reader = new ByteReader(shape.bytes, section.start, section.end);
  const producers: Producer[] = [];
  try {
    // The section's own.
    reader.name();
    for (let fields = reader.count(16, "fields"); fields > 0; fields--) {
      const field = reader.name();
      for (let values = reader.count(64, "values"); values > 0; values--) {
        producers.push({ field, name: reader.name(), version: reader.name() });
      }
    }
  } catch {
    // A section that only informs refuses nothing.
  }
  return producers;
}

function languageOf(shape: ModuleShape, bytes: Buffer, producers: readonly Producer[]): string | null {
  if (shape.custom("go:buildid") !== null) return "Go";
  const names = producers.map(({ name }) => name);
  if (names.some((name) => name.startsWith("TinyGo"))) return "TinyGo";
  for (const language of ["Rust", "Go", "Zig", "Swift"]) if (names.includes(language)) return language;
  if (looksLikeAssemblyScript(shape, bytes)) return "AssemblyScript";
  if (names.some((name) => name.startsWith("C_plus_plus"))) return "C++";
  if (names.some((name) => /^C\d\d$/.test(name)) || names.includes("clang")) return "C";
  return null;
}

const LIBRARY_PATH = Buffer.from("~lib/", "utf16le");

/** Its strings are UTF-16, and its names and messages speak of the standard library. */
function looksLikeAssemblyScript(shape: ModuleShape, bytes: Buffer): boolean {
  const imports = shape.imports.some(({ module, name }) => module === "env" && (name === "abort" || name === "seed"));
  const exports = shape.exports.some(({ name }) => name === "__new" || name === "__rtti_base");
  return imports || exports || bytes.includes("~lib/") || bytes.includes(LIBRARY_PATH);
}

interface Sdk {
  readonly title: string;
  readonly language: string | null;
}

/** By a path or a name that the SDK leaves in names and messages. The first that is found counts. */
const SDKS: readonly (readonly [title: string, language: string | null, marks: readonly string[]])[] = [
  ["@sluice/sdk-filter", "AssemblyScript", ["@sluice/sdk-filter"]],
  ["@solo-io/proxy-runtime", "AssemblyScript", ["@solo-io/proxy-runtime"]],
  ["proxy-wasm-go-sdk", null, ["proxy-wasm-go-sdk", "proxy_wasm_go_sdk"]],
  ["proxy-wasm Rust SDK", "Rust", ["proxy_wasm::", "/proxy-wasm-0."]],
  ["proxy-wasm C++ SDK", "C++", ["proxy_wasm_intrinsics", "RootContext::onConfigure", "11RootContext"]],
  ["proxy-wasm-zig-sdk", "Zig", ["proxy-wasm-zig-sdk"]],
];

function sdkOf(bytes: Buffer): Sdk | null {
  for (const [title, language, marks] of SDKS) {
    // AssemblyScript writes its files' names in UTF-16.
    const found = marks.some((mark) => bytes.includes(mark) || bytes.includes(Buffer.from(mark, "utf16le")));
    if (!found) continue;
    const version = language === "Rust" ? rustVersion(bytes) : null;
    return { title: version === null ? title : `${title} ${version}`, language };
  }
  return null;
}

/** Cargo's folder of the crate stands in the places that panics name: `…/proxy-wasm-0.2.2/src/dispatcher.rs`. */
function rustVersion(bytes: Buffer): string | null {
  const at = bytes.indexOf("/proxy-wasm-0.");
  return at < 0 ? null : (/^\/proxy-wasm-([\w.+-]{1,40})\//.exec(bytes.toString("latin1", at, at + 60))?.[1] ?? null);
}
