// Reads the name section: what traces and messages call functions. It only informs, so damage in it refuses nothing.
import { ByteReader } from "./byte-reader.ts";
import type { ModuleShape } from "./module-shape.ts";
import { readableName } from "./readable-name.ts";
import { ModuleRefused } from "./refusal.ts";

export interface NameSection {
  /** The module's own name. */
  readonly module: string | null;
  /** Functions that have a name. */
  readonly functions: number;
  readonly bytes: number;
  /** It can be read whole and no name is longer than NAME_BYTES_MAX: only then it stays in the metered module, for traces. */
  readonly usable: boolean;
}

/** null: the module has none. */
export function readNames(shape: ModuleShape): NameSection | null {
  const section = shape.custom("name");
  if (section === null) return null;
  let module: string | null = null;
  let functions = 0;
  const usable = visitNames(shape, {
    module: (name) => (module = printableName(name)),
    function: () => void functions++,
  });
  return { module, functions, bytes: section.end - section.start, usable };
}

/** V8 spells a function's name out in each line of a trace: with one of 4 MB a trap took 0.3 s. */
export function hasUsableNames(shape: ModuleShape): boolean {
  return visitNames(shape, { module: () => undefined, function: () => undefined });
}

/** How messages speak of a function: `12 "main.run"`, or `12` alone where it has no name. */
export function functionTitle(shape: ModuleShape, index: number): string {
  let found: string | null = null;
  visitNames(shape, {
    module: () => undefined,
    function: (at, name) => void (at === index && (found = name)),
  });
  return found === null ? String(index) : `${index} "${printableName(readableName(found))}"`;
}

const NAME_SHOWN_MAX = 120;

/** A name that a hostile module cannot make endless, nor fill with control characters. */
export function printableName(name: string): string {
  return name.slice(0, NAME_SHOWN_MAX).replaceAll(/[^\x20-\x7e]/g, "?");
}

interface NameVisitor {
  module(name: string): void;
  function(index: number, name: string): void;
}

const MODULE_NAME = 0;
const FUNCTION_NAMES = 1;

/** False when the section is missing, damaged or holds too long a name; what came before that was visited. */
function visitNames(shape: ModuleShape, visitor: NameVisitor): boolean {
  const section = shape.custom("name");
  if (section === null) return false;
  const reader = new ByteReader(shape.bytes, section.start, section.end);
  try {
    // The section's own.
    reader.name();
    while (!reader.done) {
      const kind = reader.byte();
      const part = reader.part(reader.u32());
      if (kind === MODULE_NAME) visitor.module(part.name());
      if (kind !== FUNCTION_NAMES) continue;
      for (let count = part.u32(); count > 0; count--) visitor.function(part.u32(), part.name());
    }
    return true;
  } catch (refused) {
    if (!(refused instanceof ModuleRefused)) throw refused;
    return false;
  }
}
