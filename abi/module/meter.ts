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
import { CHANGED_EXPORT, DEPTH_EXPORT, DIRTY_EXPORT, FUEL_EXPORT, START_EXPORT, globalExport } from "./names.ts";
import type { OffsetTable } from "./offset-table.ts";
import { OP } from "./opcodes.ts";
import { refuse } from "./refusal.ts";
import { lastingChanges } from "./lasting-changes.ts";

export interface MeterOptions {
  /** What the memory's maximum is lowered to, in pages of 64 KiB. */
  readonly memoryPagesMax: number;
  readonly tableEntriesMax: number;
  /** Instructions that start functions and configuration may spend together; default FUEL_INITIAL. */
  readonly startFuel?: number;
}

export interface MeteredModule {
  readonly bytes: Uint8Array;
  /** Exported mutable i32: fuel left; negative after a trap means that it ran out. */
  readonly fuelExport: typeof FUEL_EXPORT;
  /** Exported mutable i32: depth left; -1 after a trap means that calls nested too deep. */
  readonly depthExport: typeof DEPTH_EXPORT;
  /** Exported mutable i32, at first -1: bit b is set when a block n of 2^BLOCK_SHIFT bytes with n mod 32 = b may be written. */
  readonly dirtyExport: typeof DIRTY_EXPORT;
  /** Exported mutable i32, at first -1: bit b is set when `mutableGlobals[n]` with n mod 32 = b may be changed. */
  readonly changedExport: typeof CHANGED_EXPORT;
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
      fuelExport: FUEL_EXPORT,
      depthExport: DEPTH_EXPORT,
      dirtyExport: DIRTY_EXPORT,
      changedExport: CHANGED_EXPORT,
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
        return this.extendList(id, section, this.blockTypes.length, (out) => {
          for (const results of this.blockTypes) {
            out.bytes(0x60, 0, results.length, ...results);
          }
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
    const added = 4 + this.mutableGlobals.length + (start === null ? 0 : 1);
    this.extendList(SECTION.export, section, added, (out) => {
      writeExport(out, FUEL_EXPORT, GLOBAL_EXPORT, this.indices.fuel);
      writeExport(out, DEPTH_EXPORT, GLOBAL_EXPORT, this.indices.depth);
      writeExport(out, DIRTY_EXPORT, GLOBAL_EXPORT, this.indices.dirty);
      writeExport(out, CHANGED_EXPORT, GLOBAL_EXPORT, this.indices.changed);
      for (const index of this.mutableGlobals) writeExport(out, globalExport(index), GLOBAL_EXPORT, index);
      if (start !== null) writeExport(out, START_EXPORT, FUNCTION_EXPORT, start);
    });
  }

  private writeCode(section: SectionRange | null): void {
    if (section === null) return;
    const body = new ByteWriter((section.end - section.start) * 1.25);
    const runs: number[] = [];
    body.u32(this.plan.functions.length);
    for (let index = 0; index < this.plan.functions.length; index++) this.writeOneFunction(body, index, runs);
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
