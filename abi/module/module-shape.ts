// Reads a module's sections into plain tables. It checks the structure only as far as it walks it; V8 validates the
// rest. What has no place under a filter (other memories, threads, garbage collection) is refused here by its name.
import { ABI_ERRORS } from "../error-table.ts";
import { ByteReader } from "./byte-reader.ts";
import {
  ELEMENT_ENTRIES_MAX,
  ENTRIES_MAX,
  FUNCTIONS_MAX,
  MODULE_BYTES_MAX,
  SECTIONS_MAX,
  TABLES_MAX,
  TYPE_VALUES_MAX,
} from "./limits.ts";
import { IMMEDIATE, IMMEDIATES, OP } from "./opcodes.ts";
import { refuse } from "./refusal.ts";

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** Order of the sections in a binary: data count stands before code. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11];

const SECTION_NAMES = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
  "data count",
];

export const VALUE_TYPE = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
  funcref: 0x70,
  externref: 0x6f,
} as const;

const VALUE_TYPE_LETTERS: Readonly<Record<number, string>> = {
  0x7f: "i",
  0x7e: "I",
  0x7d: "f",
  0x7c: "F",
  0x7b: "V",
  0x70: "r",
  0x6f: "x",
};

export const EXPORT_KINDS = ["function", "table", "memory", "global"] as const;
export type ExternalKind = (typeof EXPORT_KINDS)[number];

export interface FunctionType {
  readonly params: number;
  readonly results: number;
  readonly resultTypes: Uint8Array;
  /** Letters as in IMPORT_TYPES: `ii:i`. */
  readonly text: string;
}

export interface ImportEntry {
  readonly module: string;
  readonly name: string;
  /** Type index; every import that is not a function is refused. */
  readonly type: number;
}

export interface Limits {
  readonly min: number;
  readonly max: number | null;
}

export interface TableEntry extends Limits {
  readonly elementType: number;
}

export interface GlobalEntry {
  readonly type: number;
  readonly mutable: boolean;
}

export interface ExportEntry {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

/** A section as it stands in the binary: `at` is its id byte, `start` its first payload byte. */
export interface SectionRange {
  readonly id: number;
  readonly name: string;
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** A function's entry in the code section, size field excluded. */
export interface BodyRange {
  readonly start: number;
  readonly end: number;
}

export class ModuleShape {
  readonly bytes: Uint8Array;
  readonly sections: SectionRange[] = [];
  types: FunctionType[] = [];
  imports: ImportEntry[] = [];
  /** Type index of each defined function. */
  functions: number[] = [];
  tables: TableEntry[] = [];
  memories: Limits[] = [];
  globals: GlobalEntry[] = [];
  exports: ExportEntry[] = [];
  startFunction: number | null = null;
  /** Functions whose address stands in element segments or in globals: what calls through tables may reach. */
  readonly addressTaken = new Set<number>();
  bodies: BodyRange[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  section(id: number): SectionRange | null {
    return this.sections.find((section) => section.id === id) ?? null;
  }

  custom(name: string): SectionRange | null {
    return this.sections.find((section) => section.id === SECTION.custom && section.name === name) ?? null;
  }

  /** Type of a function by its index, imports first; null when there is no such function. */
  functionType(index: number): FunctionType | null {
    const imported = this.imports.length;
    const type = index < imported ? this.imports[index]!.type : this.functions[index - imported];
    return type === undefined ? null : (this.types[type] ?? null);
  }
}

/** Reads all sections. Throws ModuleRefused. */
export function readShape(bytes: Uint8Array): ModuleShape {
  checkSize(bytes);
  checkPreamble(bytes);
  const shape = new ModuleShape(bytes);
  const reader = new ByteReader(bytes, 8, bytes.length);
  while (!reader.done) {
    if (shape.sections.length === SECTIONS_MAX) tooManySections();
    readSection(reader, shape);
  }
  if (shape.bodies.length !== shape.functions.length) {
    reader.damaged(`${shape.functions.length} functions are declared, ${shape.bodies.length} have code`);
  }
  return shape;
}

function tooManySections(): never {
  refuse(ABI_ERRORS.moduleTooCostly, `The module has more than ${SECTIONS_MAX} sections`);
}

function checkSize({ length }: Uint8Array): void {
  if (length === 0) refuse(ABI_ERRORS.moduleNotWasm, "The module is empty");
  if (length > MODULE_BYTES_MAX) {
    refuse(ABI_ERRORS.moduleTooLarge, `The module has ${length} bytes; at most ${MODULE_BYTES_MAX} are taken`);
  }
}

function checkPreamble(bytes: Uint8Array): void {
  const magic = [0x00, 0x61, 0x73, 0x6d];
  const present = Math.min(bytes.length, 4);
  for (let i = 0; i < present; i++) {
    if (bytes[i] !== magic[i])
      refuse(ABI_ERRORS.moduleNotWasm, "The file is not a WebAssembly module: it does not begin with \\0asm");
  }
  if (bytes.length < 8) refuse(ABI_ERRORS.moduleDamaged, `The module is damaged: it ends after ${bytes.length} bytes`);
  const version = bytes[4]! | (bytes[5]! << 8) | (bytes[6]! << 16) | (bytes[7]! << 24);
  if (version === 1) return;
  const component = version === 0x1000d;
  refuse(
    ABI_ERRORS.moduleFeature,
    component
      ? "The file is a WebAssembly component, not a core module"
      : `The module has binary version ${version >>> 0}, not 1`,
    component ? "Build a core module, for instance with the target wasm32-wasip1." : undefined,
  );
}

function readSection(reader: ByteReader, shape: ModuleShape): void {
  const at = reader.at;
  const id = reader.byte();
  if (id >= SECTION_NAMES.length) {
    if (id === 13) refuse(ABI_ERRORS.moduleFeature, "The module uses exceptions (a tag section)");
    reader.damaged(`section ${id} is not known`);
  }
  const body = reader.part(reader.u32());
  const start = body.at;
  const name = id === SECTION.custom ? body.name() : SECTION_NAMES[id]!;
  if (id !== SECTION.custom) checkOrder(shape, id, body);
  shape.sections.push({ id, name, at, start, end: body.end });
  if (id === SECTION.custom) return;
  SECTION_READERS[id]!(body, shape);
  if (!body.done) body.damaged(`the ${name} section has ${body.end - body.at} bytes too many`);
}

function checkOrder(shape: ModuleShape, id: number, reader: ByteReader): void {
  const rank = SECTION_ORDER.indexOf(id);
  for (const section of shape.sections) {
    if (section.id !== SECTION.custom && SECTION_ORDER.indexOf(section.id) >= rank) {
      reader.damaged(`the ${SECTION_NAMES[id]} section comes twice or too late`);
    }
  }
}

type SectionReader = (reader: ByteReader, shape: ModuleShape) => void;

const SECTION_READERS: Readonly<Record<number, SectionReader>> = {
  [SECTION.type]: readTypes,
  [SECTION.import]: readImports,
  [SECTION.function]: (reader, shape) => {
    shape.functions = readList(reader, FUNCTIONS_MAX, "functions", () => reader.u32());
  },
  [SECTION.table]: (reader, shape) => {
    shape.tables = readList(reader, TABLES_MAX, "tables", () => readTable(reader));
  },
  [SECTION.memory]: (reader, shape) => {
    shape.memories = readList(reader, ENTRIES_MAX, "memories", () => readLimits(reader, "memory"));
  },
  [SECTION.global]: (reader, shape) => {
    shape.globals = readList(reader, ENTRIES_MAX, "globals", () => readGlobal(reader, shape.addressTaken));
  },
  [SECTION.export]: (reader, shape) => {
    shape.exports = readList(reader, ENTRIES_MAX, "exports", () => readExport(reader));
  },
  [SECTION.start]: (reader, shape) => {
    shape.startFunction = reader.u32();
  },
  [SECTION.element]: (reader, shape) => {
    readList(reader, ENTRIES_MAX, "element segments", () => readElements(reader, shape.addressTaken));
  },
  // Data and their count are copied as they are, and V8 checks them.
  [SECTION.data]: (reader) => reader.skip(reader.end - reader.at),
  [SECTION.dataCount]: (reader) => void reader.u32(),
  [SECTION.code]: (reader, shape) => {
    shape.bodies = readList(reader, FUNCTIONS_MAX, "function bodies", () => {
      const body = reader.part(reader.u32());
      return { start: body.at, end: body.end };
    });
  },
};

function readList<T>(reader: ByteReader, max: number, what: string, readOne: () => T): T[] {
  const count = reader.count(max, what);
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(readOne());
  return list;
}

function readTypes(reader: ByteReader, shape: ModuleShape): void {
  shape.types = readList(reader, ENTRIES_MAX, "types", () => {
    const form = reader.byte();
    if (form === 0x4e || form === 0x4f || form === 0x50 || form === 0x5e || form === 0x5f) {
      refuse(ABI_ERRORS.moduleFeature, "The module uses garbage collection (struct, array or recursive types)");
    }
    if (form !== 0x60) reader.damaged(`a type has the form 0x${form.toString(16)}`);
    const params = readValueTypes(reader);
    const results = readValueTypes(reader);
    const text = `${typeText(params)}:${typeText(results)}`;
    return { params: params.length, results: results.length, resultTypes: results, text };
  });
}

function readValueTypes(reader: ByteReader): Uint8Array {
  const count = reader.count(TYPE_VALUES_MAX, "parameters or results in one type");
  const types = new Uint8Array(count);
  for (let i = 0; i < count; i++) types[i] = readValueType(reader);
  return types;
}

export function readValueType(reader: ByteReader): number {
  const type = reader.byte();
  if (type in VALUE_TYPE_LETTERS) return type;
  return refuse(ABI_ERRORS.moduleFeature, `The module uses ${typeFeatureOf(type)}`);
}

/** The feature that a value type belongs to which is not served. */
function typeFeatureOf(type: number): string {
  if (type === 0x63 || type === 0x64) return "typed references";
  if (type === 0x69 || type === 0x74) return "exceptions (exnref)";
  if (type === 0x65) return "shared references (threads)";
  if (type === 0x68 || type === 0x75) return "stack switching (contref)";
  if (type >= 0x6a && type <= 0x73) return "garbage collection (a reference to what the module allocates)";
  return `a value type that is not known (0x${type.toString(16)})`;
}

function typeText(types: Uint8Array): string {
  return Array.from(types, (type) => VALUE_TYPE_LETTERS[type]).join("");
}

function readImports(reader: ByteReader, shape: ModuleShape): void {
  shape.imports = readList(reader, ENTRIES_MAX, "imports", () => {
    const module = reader.name();
    const name = reader.name();
    const kind = reader.byte();
    if (kind === 0) return { module, name, type: reader.u32() };
    return refuse(
      ABI_ERRORS.moduleImportKind,
      `The module imports ${module}.${name} as a ${EXPORT_KINDS[kind] ?? "tag"}; only functions can be imported`,
    );
  });
}

function readTable(reader: ByteReader): TableEntry {
  const elementType = reader.byte();
  if (elementType !== VALUE_TYPE.funcref && elementType !== VALUE_TYPE.externref) {
    refuse(ABI_ERRORS.moduleFeature, "The module has a table of typed references or with an initial value");
  }
  return { elementType, ...readLimits(reader, "table") };
}

function readLimits(reader: ByteReader, what: string): Limits {
  const flags = reader.byte();
  if (flags & 0x02) refuse(ABI_ERRORS.moduleFeature, `The module has a shared ${what} (threads)`);
  if (flags & 0x04) refuse(ABI_ERRORS.moduleFeature, `The module has a 64-bit ${what} (memory64)`);
  if (flags & 0x08) refuse(ABI_ERRORS.moduleFeature, `The module has a ${what} with pages of its own size`);
  if (flags > 1) refuse(ABI_ERRORS.moduleFeature, `The module has a ${what} of an unknown kind (flags ${flags})`);
  const min = reader.u32();
  return { min, max: flags === 1 ? reader.u32() : null };
}

function readGlobal(reader: ByteReader, addressTaken: Set<number>): GlobalEntry {
  const type = readValueType(reader);
  const mutability = reader.byte();
  if (mutability & 2) refuse(ABI_ERRORS.moduleFeature, "The module has a shared global (threads)");
  if (mutability > 1) reader.damaged(`a global has the mutability ${mutability}`);
  readConstant(reader, addressTaken);
  return { type, mutable: mutability === 1 };
}

const ELEMENTS = { notActive: 1, explicitTable: 2, expressions: 4 } as const;

function readElements(reader: ByteReader, addressTaken: Set<number>): void {
  const flags = reader.u32();
  if (flags > 7) reader.damaged(`an element segment has the flags ${flags}`);
  if ((flags & ELEMENTS.notActive) === 0) {
    if (flags & ELEMENTS.explicitTable) reader.u32();
    readConstant(reader, addressTaken);
  }
  // Without either bit the segment says no kind: it holds functions.
  if (flags & (ELEMENTS.notActive | ELEMENTS.explicitTable)) reader.byte();
  for (let count = reader.count(ELEMENT_ENTRIES_MAX, "entries of one element segment"); count > 0; count--) {
    if (flags & ELEMENTS.expressions) readConstant(reader, addressTaken);
    else addressTaken.add(reader.u32());
  }
}

/** Skips a constant expression, noting the function whose address it takes. */
function readConstant(reader: ByteReader, addressTaken: Set<number>): void {
  for (;;) {
    const opcode = reader.byte();
    if (opcode === OP.end) return;
    switch (IMMEDIATES[opcode]) {
      case IMMEDIATE.none:
        break;
      case IMMEDIATE.index: {
        const index = reader.u32();
        if (opcode === OP.refFunc) addressTaken.add(index);
        break;
      }
      case IMMEDIATE.int32:
        reader.skipLeb(5);
        break;
      case IMMEDIATE.int64:
        reader.skipLeb(10);
        break;
      case IMMEDIATE.bytes4:
        reader.skip(4);
        break;
      case IMMEDIATE.bytes8:
        reader.skip(8);
        break;
      case IMMEDIATE.heapType:
        reader.s33();
        break;
      case IMMEDIATE.prefix:
        if (opcode !== OP.simdPrefix || reader.u32() !== 12) reader.damaged("an initial value is not a constant");
        reader.skip(16);
        break;
      default:
        reader.damaged(`an initial value has the opcode 0x${opcode.toString(16)}, which is not a constant`);
    }
  }
}

function readExport(reader: ByteReader): ExportEntry {
  const name = reader.name();
  const kind = EXPORT_KINDS[reader.byte()];
  if (kind === undefined)
    refuse(ABI_ERRORS.moduleFeature, `The module exports ${name} as what is not served here (a tag)`);
  return { name, kind, index: reader.u32() };
}
