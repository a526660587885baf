// Guesses what a module was written in, for people who look at a list of versions. Nothing depends on the answer.
import { ByteReader } from "./byte-reader.ts";
import { SECTION, type ModuleShape } from "./module-shape.ts";

/** A language's name, or null when nothing tells. */
export function guessLanguage(shape: ModuleShape): string | null {
  if (shape.custom("go:buildid") !== null) return "Go";
  const producers = producedBy(shape);
  if (producers.some((name) => name.startsWith("TinyGo"))) return "TinyGo";
  for (const language of ["Rust", "Go", "Zig", "Swift"]) if (producers.includes(language)) return language;
  if (looksLikeAssemblyScript(shape)) return "AssemblyScript";
  if (producers.some((name) => name.startsWith("C_plus_plus"))) return "C++";
  if (producers.some((name) => /^C\d\d$/.test(name)) || producers.includes("clang")) return "C";
  return null;
}

/** Names in the `producers` section: languages and tools. */
function producedBy(shape: ModuleShape): string[] {
  const section = shape.custom("producers");
  if (section === null) return [];
  const reader = new ByteReader(shape.bytes, section.start, section.end);
  reader.name();
  try {
    return readProducers(reader);
  } catch {
    // A section that only informs refuses nothing.
    return [];
  }
}

function readProducers(reader: ByteReader): string[] {
  const names: string[] = [];
  for (let fields = reader.count(16, "fields"); fields > 0; fields--) {
    reader.name();
    for (let values = reader.count(64, "values"); values > 0; values--) {
      names.push(reader.name());
      reader.name();
    }
  }
  return names;
}

const LIBRARY_PATH = Buffer.from("~lib/", "utf16le");

/** Its strings are UTF-16, and its names and messages speak of the standard library. */
function looksLikeAssemblyScript(shape: ModuleShape): boolean {
  const imports = shape.imports.some(({ module, name }) => module === "env" && (name === "abort" || name === "seed"));
  const exports = shape.exports.some(({ name }) => name === "__new" || name === "__rtti_base");
  if (imports || exports) return true;
  const names = shape.custom("name");
  const bytes = Buffer.from(shape.bytes.buffer, shape.bytes.byteOffset, shape.bytes.byteLength);
  if (names !== null && bytes.subarray(names.start, names.end).includes("~lib/")) return true;
  const data = shape.section(SECTION.data);
  return data !== null && bytes.subarray(data.start, data.end).includes(LIBRARY_PATH);
}
