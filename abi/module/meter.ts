// Rewrites a module so that the host can bound what it spends: fuel, call depth, memory and tables; and so that an
// instance can be put back from an image by the blocks it wrote. Everything else is copied byte for byte; no index is renumbered.
import { ABI_ERRORS } from "../error-table.ts";
import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { planCode, type CodePlan } from "./code-plan.ts";
import { checkStarts } from "./inspect.ts";
import { DEPTH_INITIAL, FUEL_INITIAL } from "./limits.ts";
import { decideMetering, type Metering } from "./call-graph.ts";
import { needsBlock, writeFunction, type MeterIndices } from "./metered-code.ts";
import {
  SECTION,
  SECTION_ORDER,
  VALUE_TYPE,
  readShape,
  type Limits,
  type ModuleShape,
  type SectionRange,
} from "./module-shape.ts";
import { hasUsableNames } from "./name-section.ts";
import {
  DEPTH_EXPORT,
  FUEL_LEFT_EXPORT,
  REFUEL_EXPORT,
  START_EXPORT,
  TAKE_CHANGED_EXPORT,
  TAKE_DIRTY_EXPORT,
  globalExport,
} from "./names.ts";
import type { OffsetTable } from "./offset-table.ts";
import { OP } from "./opcodes.ts";
import { refuse } from "./refusal.ts";
import { lastingChanges } from "./lasting-changes.ts";

/** What a module is rewritten to keep to. */
export interface MeterOptions {
  /** What the memory's maximum is lowered to, in pages of 64 KiB. */
  readonly memoryPagesMax: number;
  readonly tableEntriesMax: number;
  /** Instructions that start functions and configuration may spend together; default FUEL_INITIAL. */
  readonly startFuel?: number;
}

/** A module that counts, and the names of what it counts with. */
export interface MeteredModule {
  readonly bytes: Uint8Array;
  /** Export that sets the fuel. */
  readonly refuelExport: typeof REFUEL_EXPORT;
  /** Export that tells the fuel left; negative after a trap means that it ran out. */
  readonly fuelLeftExport: typeof FUEL_LEFT_EXPORT;
  /** Exported mutable i32: depth left; -1 after a trap means that calls nested too deep. */
  readonly depthExport: typeof DEPTH_EXPORT;
  /** Export that tells what was written since it was last asked: bit b for a block n of 2^BLOCK_SHIFT bytes with n mod 32 = b. */
  readonly takeDirtyExport: typeof TAKE_DIRTY_EXPORT;
  /** The same of globals: bit b for `mutableGlobals[n]` with n mod 32 = b. */
  readonly takeChangedExport: typeof TAKE_CHANGED_EXPORT;
  /** Export of the function that stood in the start section: call it first, when memory can be reached. */
  readonly startExport: typeof START_EXPORT | null;
  /** Export names of the module's own mutable globals, for the image. */
  readonly mutableGlobals: readonly string[];
  readonly offsets: OffsetTable;
  /** Memory and mutable globals are all that an instance changes. */
  readonly resettable: boolean;
}

/** Meters a module. Throws SluiceError (E1101 to E1116) for what inspect would refuse by its structure or its size. */
export function meter(bytes: Uint8Array, options: MeterOptions): MeteredModule {
  const shape = readShape(bytes);
  checkStarts(shape, options.memoryPagesMax, options.tableEntriesMax);
  const plan = planCode(shape);
  const writer = new MeterWriter(shape, plan, options);
  return writer.write();
}

/** A function that the meter adds for the host, behind the module's own. */
interface Accessor {
  readonly name: string;
  readonly global: "fuel" | "dirty" | "changed";
  readonly does: "set" | "get" | "take";
}

const ACCESSORS: readonly Accessor[] = [
  { name: REFUEL_EXPORT, global: "fuel", does: "set" },
  { name: FUEL_LEFT_EXPORT, global: "fuel", does: "get" },
  { name: TAKE_DIRTY_EXPORT, global: "dirty", does: "take" },
  { name: TAKE_CHANGED_EXPORT, global: "changed", does: "take" },
];
const ACCESSOR_TYPES = 2;
const FUNCTION_TYPE = 0x60;
const NO_LOCALS = 0;

class MeterWriter {
  private readonly shape: ModuleShape;
  private readonly plan: CodePlan;
  private readonly metering: readonly Metering[];
  private readonly options: MeterOptions;
  private readonly out: ByteWriter;
  private readonly indices: MeterIndices;
  private readonly mutableGlobals: number[];
  /** Result lists of functions with several, each the type of a block: appended to the type section. */
  private readonly blockTypes: Uint8Array[];
  private readonly original: number[] = [];
  private readonly rewritten: number[] = [];

  constructor(shape: ModuleShape, plan: CodePlan, options: MeterOptions) {
    this.shape = shape;
    this.plan = plan;
    this.metering = decideMetering(shape, plan.functions, plan.addressTaken);
    this.options = options;
    this.out = new ByteWriter(shape.bytes.length * 1.25);
    const fuel = shape.globals.length;
    this.mutableGlobals = shape.globals.flatMap(({ mutable }, index) => (mutable ? [index] : []));
    this.indices = {
      fuel,
      depth: fuel + 1,
      dirty: fuel + 2,
      changed: fuel + 3,
      mutableGlobals: new Map(this.mutableGlobals.map((global, place) => [global, place])),
      blockType: (results) => this.blockType(results),
    };
    this.blockTypes = plan.functions
      .filter(({ type }, index) => type.results > 1 && needsBlock(this.metering[index]!))
      .map(({ type }) => type.resultTypes)
      .filter((results, index, all) => all.findIndex((other) => sameBytes(other, results)) === index);
  }

  write(): MeteredModule {
    this.out.copy(this.shape.bytes, 0, 8);
    for (const id of SECTION_ORDER) this.writeSection(id);
    for (const section of this.shape.sections) if (section.id === SECTION.custom) this.writeCustom(section);
    const bytes = this.out.written().slice();
    if (!WebAssembly.validate(bytes))
      refuse(ABI_ERRORS.meterFailed, `The module of ${bytes.length} bytes is not valid once metered`);
    return {
      bytes,
      refuelExport: REFUEL_EXPORT,
      fuelLeftExport: FUEL_LEFT_EXPORT,
      depthExport: DEPTH_EXPORT,
      takeDirtyExport: TAKE_DIRTY_EXPORT,
      takeChangedExport: TAKE_CHANGED_EXPORT,
      startExport: this.shape.startFunction === null ? null : START_EXPORT,
      mutableGlobals: this.mutableGlobals.map(globalExport),
      offsets: { original: Uint32Array.from(this.original), rewritten: Uint32Array.from(this.rewritten) },
      resettable: lastingChanges(this.shape, this.plan).length === 0,
    };
  }

  private writeSection(id: number): void {
    const section = this.shape.section(id);
    switch (id) {
      case SECTION.type:
        return this.extendList(id, section, this.blockTypes.length + ACCESSOR_TYPES, (out) => {
          for (const results of this.blockTypes) {
            out.bytes(FUNCTION_TYPE, 0, results.length, ...results);
          }
          out.bytes(FUNCTION_TYPE, 1, VALUE_TYPE.i32, 0, FUNCTION_TYPE, 0, 1, VALUE_TYPE.i32);
        });
      case SECTION.function:
        return this.extendList(id, section, ACCESSORS.length, (out) => {
          for (const accessor of ACCESSORS) out.u32(this.accessorType(accessor));
        });
      case SECTION.table:
        return this.writeLimited(id, section, this.shape.tables, (out, table) => {
          out.byte(table.elementType);
          writeLimits(out, table, this.options.tableEntriesMax);
        });
      case SECTION.memory:
        return this.writeLimited(id, section, this.shape.memories, (out, memory) => {
          writeLimits(out, memory, this.options.memoryPagesMax);
        });
      case SECTION.global:
        return this.extendList(id, section, 4, (out) => writeMeterGlobals(out, this.options.startFuel));
      case SECTION.export:
        return this.writeExports(section);
      case SECTION.start:
        return;
      case SECTION.code:
        return this.writeCode(section);
      default:
        if (section !== null) this.copySection(section);
    }
  }

  private copySection(section: SectionRange): void {
    this.out.copy(this.shape.bytes, section.at, section.end);
  }

  /** Names stay, for traces. The rest would speak of offsets that are no longer true, or only cost memory. */
  private writeCustom(section: SectionRange): void {
    if (section === this.shape.custom("name") && hasUsableNames(this.shape)) this.copySection(section);
  }

  private writeBody(id: number, body: ByteWriter): void {
    this.out.byte(id);
    this.out.u32(body.length);
    this.out.copy(body.written(), 0, body.length);
  }

  /** Writes a section with its entries as they were and `added` more behind them. */
  private extendList(
    id: number,
    section: SectionRange | null,
    added: number,
    writeAdded: (out: ByteWriter) => void,
  ): void {
    const body = new ByteWriter(section === null ? 64 : section.end - section.start + 64);
    const reader = section === null ? null : new ByteReader(this.shape.bytes, section.start, section.end);
    const count = (reader === null ? 0 : reader.u32()) + added;
    if (count === 0) return;
    body.u32(count);
    if (reader !== null) body.copy(this.shape.bytes, reader.at, reader.end);
    writeAdded(body);
    this.writeBody(id, body);
  }

  private writeLimited<T extends Limits>(
    id: number,
    section: SectionRange | null,
    entries: readonly T[],
    writeOne: (out: ByteWriter, entry: T) => void,
  ): void {
    if (section === null) return;
    const body = new ByteWriter(64);
    body.u32(entries.length);
    for (const entry of entries) writeOne(body, entry);
    this.writeBody(id, body);
  }

  private writeExports(section: SectionRange | null): void {
    const start = this.shape.startFunction;
    const added = ACCESSORS.length + 1 + this.mutableGlobals.length + (start === null ? 0 : 1);
    const functions = this.shape.imports.length + this.shape.functions.length;
    this.extendList(SECTION.export, section, added, (out) => {
      ACCESSORS.forEach(({ name }, i) => writeExport(out, name, FUNCTION_EXPORT, functions + i));
      writeExport(out, DEPTH_EXPORT, GLOBAL_EXPORT, this.indices.depth);
      for (const index of this.mutableGlobals) writeExport(out, globalExport(index), GLOBAL_EXPORT, index);
      if (start !== null) writeExport(out, START_EXPORT, FUNCTION_EXPORT, start);
    });
  }

  private writeCode(section: SectionRange | null): void {
    const length = section === null ? 0 : section.end - section.start;
    const body = new ByteWriter(length * 1.25 + 64);
    const runs: number[] = [];
    body.u32(this.plan.functions.length + ACCESSORS.length);
    for (let index = 0; index < this.plan.functions.length; index++) this.writeOneFunction(body, index, runs);
    for (const accessor of ACCESSORS) this.writeAccessor(body, accessor);
    this.out.byte(SECTION.code);
    this.out.u32(body.length);
    const base = this.out.length;
    for (let i = 0; i < runs.length; i += 2) {
      this.original.push(runs[i]!);
      this.rewritten.push(base + runs[i + 1]!);
    }
    this.out.copy(body.written(), 0, body.length);
  }

  private writeOneFunction(body: ByteWriter, index: number, runs: number[]): void {
    const plan = this.plan.functions[index]!;
    const code = new ByteWriter((plan.body.end - plan.body.start) * 1.5);
    const firstRun = runs.length;
    const from = { source: this.shape.bytes, plan, metering: this.metering[index]!, indices: this.indices };
    writeFunction(code, from, (original, rewritten) => runs.push(original, rewritten));
    body.u32(code.length);
    // The runs were told relative to the function; its size is known only now.
    for (let i = firstRun + 1; i < runs.length; i += 2) runs[i]! += body.length;
    body.copy(code.written(), 0, code.length);
  }

  private writeAccessor(body: ByteWriter, { global, does }: Accessor): void {
    const code = new ByteWriter(16);
    const index = this.indices[global];
    const get = (): void => {
      code.byte(OP.globalGet);
      code.u32(index);
    };
    const set = (): void => {
      code.byte(OP.globalSet);
      code.u32(index);
    };
    code.byte(NO_LOCALS);
    if (does !== "set") get();
    if (does === "set") code.bytes(OP.localGet, 0);
    if (does === "take") code.bytes(OP.i32Const, 0);
    if (does !== "get") set();
    code.byte(OP.end);
    body.u32(code.length);
    body.copy(code.written(), 0, code.length);
  }

  /** The setter's type stands before the getters'. */
  private accessorType({ does }: Accessor): number {
    return this.shape.types.length + this.blockTypes.length + (does === "set" ? 0 : 1);
  }

  private blockType(results: Uint8Array): number {
    return this.shape.types.length + this.blockTypes.findIndex((each) => sameBytes(each, results));
  }
}

const FUNCTION_EXPORT = 0;
const GLOBAL_EXPORT = 3;

function writeExport(out: ByteWriter, name: string, kind: number, index: number): void {
  out.name(name);
  out.byte(kind);
  out.u32(index);
}

function writeMeterGlobals(out: ByteWriter, startFuel: number | undefined): void {
  out.bytes(VALUE_TYPE.i32, 1, OP.i32Const);
  out.s64(BigInt(startFuel ?? FUEL_INITIAL));
  out.bytes(OP.end, VALUE_TYPE.i32, 1, OP.i32Const);
  out.s64(BigInt(DEPTH_INITIAL));
  out.bytes(OP.end, VALUE_TYPE.i32, 1, OP.i32Const, 0x7f, OP.end, VALUE_TYPE.i32, 1, OP.i32Const, 0x7f, OP.end);
}

function writeLimits(out: ByteWriter, { min, max }: Limits, cap: number): void {
  out.byte(1);
  out.u32(min);
  out.u32(max === null ? cap : Math.min(max, cap));
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}
