// What a module holds, as lists for people: exports with their types, tables, sections with their sizes, its source map.
// Names are made safe to print, and lists are bounded: a module may bring 100,000 exports.
import { ByteReader } from "./byte-reader.ts";
import { signature } from "./inspect-imports.ts";
import { EXPORTS_SHOWN_MAX, SECTIONS_SHOWN_MAX, SOURCE_MAP_URL_CHARS_MAX } from "./limits.ts";
import { VALUE_TYPE, type ExportEntry, type ExternalKind, type ModuleShape } from "./module-shape.ts";
import { printableName } from "./name-section.ts";
import { ModuleRefused } from "./refusal.ts";

export interface ModuleExport {
  readonly name: string;
  readonly kind: ExternalKind;
  /** Of a function: `(i32, i32) → i32`; null for the other kinds. */
  readonly type: string | null;
}

export function listExports(shape: ModuleShape): ModuleExport[] {
  return shape.exports.slice(0, EXPORTS_SHOWN_MAX).map((entry) => ({
    name: printableName(entry.name),
    kind: entry.kind,
    type: typeOf(shape, entry),
  }));
}

function typeOf(shape: ModuleShape, { kind, index }: ExportEntry): string | null {
  const type = kind === "function" ? shape.functionType(index) : null;
  return type === null ? null : signature(type.text);
}

export interface ModuleTable {
  readonly holds: "functions" | "references of the host";
  readonly minEntries: number;
  readonly maxEntries: number | null;
}

export function listTables(shape: ModuleShape): ModuleTable[] {
  return shape.tables.map(({ elementType, min, max }) => ({
    holds: elementType === VALUE_TYPE.funcref ? "functions" : "references of the host",
    minEntries: min,
    maxEntries: max,
  }));
}

/** Sections of one name together. */
export interface ModuleSection {
  /** A custom section's own name, or what the specification calls it. */
  readonly name: string;
  readonly bytes: number;
  /** How many of this name there are. */
  readonly count: number;
}

export function listSections(shape: ModuleShape): ModuleSection[] {
  const byName = new Map<string, { bytes: number; count: number }>();
  for (const section of shape.sections) {
    const name = printableName(section.name);
    const sum = byName.get(name) ?? { bytes: 0, count: 0 };
    byName.set(name, { bytes: sum.bytes + section.end - section.start, count: sum.count + 1 });
  }
  return [...byName].slice(0, SECTIONS_SHOWN_MAX).map(([name, sum]) => ({ name, ...sum }));
}

/** Where the module says that its source map is. */
export function sourceMapUrl(shape: ModuleShape): string | null {
  const section = shape.custom("sourceMappingURL");
  if (section === null) return null;
  const reader = new ByteReader(shape.bytes, section.start, section.end);
  try {
    reader.name();
    return reader
      .name()
      .slice(0, SOURCE_MAP_URL_CHARS_MAX)
      .replaceAll(/[^\x20-\x7e]/g, "?");
  } catch (refused) {
    if (refused instanceof ModuleRefused) return null;
    throw refused;
  }
}
