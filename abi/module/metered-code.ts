// Writes the code section anew: every function as it was, with fuel charged at its entry and at each loop head (in long
// loops at each segment), bulk operations charged by length, depth counted where recursion is possible, and the block
// of memory noted that a store is about to write, so that an instance can be put back by those blocks alone.
//
//   (func                                       (func
//     body                                        depth -= units; if depth < 0 { depth = -1; unreachable }
//     return                  becomes             fuel -= entry; if fuel < 0 unreachable
//   end)                                          block (result …)
//                                                   body           ;; `return` is now `br` to this block; branches
//                                                 end              ;; to the function's end count to it unchanged
//                                                 depth += units
//                                               end)
//
// The block is there only where something is to be done at the end. A function with loops in which nobody else charges
// keeps the fuel in a local: a global is memory to V8, and would be loaded and stored at every turn of the loop.
import type { ByteWriter } from "./byte-writer.ts";
import type { Metering } from "./call-graph.ts";
import { MARK, type CallSite, type FunctionPlan, type Mark } from "./code-plan.ts";
import { BLOCK_SHIFT, BULK_BYTES_SHIFT, FUEL_MAX } from "./limits.ts";
import { VALUE_TYPE } from "./module-shape.ts";
import { OP } from "./opcodes.ts";

const EMPTY_BLOCK = 0x40;

/** Indices of what the meter added to the module. */
export interface MeterIndices {
  readonly fuel: number;
  readonly depth: number;
  readonly dirty: number;
  readonly changed: number;
  /** By global: its place among the mutable ones. */
  readonly mutableGlobals: ReadonlyMap<number, number>;
  /** Type index of a block with these results, for functions with several. */
  readonly blockType: (results: Uint8Array) => number;
}

/** Told of every run of bytes that is copied: its place in the source and in the writer. */
export type RunListener = (original: number, rewritten: number) => void;

/** What is written, from what, and how. */
export interface FunctionSource {
  readonly source: Uint8Array;
  readonly plan: FunctionPlan;
  readonly metering: Metering;
  readonly indices: MeterIndices;
}

/** Whether a function is wrapped in a block, because something is done at its end. */
export function needsBlock({ depthUnits, keepsFuel }: Metering): boolean {
  return depthUnits > 0 || keepsFuel;
}

/** Writes one function's entry of the code section without its size. */
export function writeFunction(out: ByteWriter, from: FunctionSource, onRun: RunListener): void {
  new FunctionWriter(out, from, onRun).write();
}

class FunctionWriter {
  private readonly out: ByteWriter;
  private readonly source: Uint8Array;
  private readonly plan: FunctionPlan;
  private readonly metering: Metering;
  private readonly indices: MeterIndices;
  private readonly onRun: RunListener;
  /** Types of the locals that are added behind the function's own. */
  private readonly added: number[] = [];
  /** Index of the i32 local that holds a bulk operation's length. */
  private readonly lengthLocal: number;
  /** By the type of a value: index of the local that holds it while the address below it is looked at. */
  private readonly valueLocals = new Map<number, number>();
  /** Index of the i32 local that holds an address. */
  private readonly addressLocal: number;
  /** Index of the local that keeps the fuel. */
  private readonly fuelLocal: number;
  private at: number;

  constructor(out: ByteWriter, { source, plan, metering, indices }: FunctionSource, onRun: RunListener) {
    this.out = out;
    this.source = source;
    this.plan = plan;
    this.metering = metering;
    this.indices = indices;
    this.onRun = onRun;
    const bulk = plan.marks.some(({ kind }) => kind === MARK.bulkBytes || kind === MARK.bulkEntries);
    this.lengthLocal = bulk ? this.addLocal(VALUE_TYPE.i32) : -1;
    this.fuelLocal = metering.keepsFuel ? this.addLocal(VALUE_TYPE.i32) : -1;
    const stored = new Set(plan.marks.flatMap(({ kind, outer }) => (kind === MARK.store ? [outer] : [])));
    // A bulk operation's second operand, a source or a byte, is an i32 too.
    if (plan.marks.some(({ kind }) => kind === MARK.bulkBytes)) stored.add(VALUE_TYPE.i32);
    for (const type of stored) this.valueLocals.set(type, this.addLocal(type));
    this.addressLocal = stored.size > 0 ? this.addLocal(VALUE_TYPE.i32) : -1;
    this.at = plan.codeStart;
  }

  write(): void {
    this.writeLocals();
    const block = needsBlock(this.metering);
    if (this.metering.depthUnits > 0) this.enterDepth();
    if (this.metering.entryFuel > 0) this.chargeEntry();
    else if (this.metering.keepsFuel) this.readFuel();
    if (block) this.openBody();
    this.writeBody();
    if (!block) return;
    this.leave();
    this.out.byte(OP.end);
  }

  private addLocal(type: number): number {
    this.added.push(type);
    return this.plan.type.params + this.plan.locals + this.added.length - 1;
  }

  private writeLocals(): void {
    const { body, codeStart } = this.plan;
    const { groups, next } = readGroups(this.source, body.start);
    this.onRun(body.start, this.out.length);
    this.out.u32(groups + this.added.length);
    this.out.copy(this.source, next, codeStart);
    for (const type of this.added) this.out.bytes(1, type);
  }

  private writeBody(): void {
    const { marks } = this.plan;
    const calls = this.metering.keepsFuel ? this.metering.chargingCalls : [];
    let nextCall = 0;
    for (const [index, mark] of marks.entries()) {
      while (nextCall < calls.length && calls[nextCall]!.at < mark.at) this.writeCall(calls[nextCall++]!);
      this.writeMark(mark, this.metering.markFuel[index]!);
    }
    while (nextCall < calls.length) this.writeCall(calls[nextCall++]!);
    this.copyTo(this.plan.body.end);
  }

  private writeMark(mark: Mark, fuel: number): void {
    if (mark.kind === MARK.loop || mark.kind === MARK.segment) {
      if (fuel === 0) return;
      this.copyTo(mark.at);
      this.chargeConstant(fuel);
    } else if (mark.kind === MARK.return) {
      if (!needsBlock(this.metering)) return;
      this.copyTo(mark.at);
      this.at++;
      this.out.byte(OP.br);
      this.out.u32(mark.value);
    } else if (mark.kind === MARK.store) {
      this.copyTo(mark.at);
      this.noteStore(mark.outer, mark.value);
    } else if (mark.kind === MARK.globalSet) {
      this.copyTo(mark.at);
      this.noteGlobal(mark.value);
    } else {
      this.copyTo(mark.at);
      this.chargeLength(mark.kind === MARK.bulkBytes);
      if (mark.kind === MARK.bulkBytes) this.noteRange();
    }
  }

  /** Others charge during the call, so the kept fuel is written back before it and read again behind it. */
  private writeCall(call: CallSite): void {
    this.copyTo(call.at);
    this.writeBackFuel();
    this.copyTo(call.end);
    this.readFuel();
  }

  private copyTo(end: number): void {
    this.onRun(this.at, this.out.length);
    this.out.copy(this.source, this.at, end);
    this.at = end;
  }

  private chargeEntry(): void {
    this.get(this.indices.fuel);
    this.subtract(this.metering.entryFuel);
    this.settleFuel();
  }

  private chargeConstant(fuel: number): void {
    this.loadFuel();
    this.subtract(fuel);
    this.settleFuel();
  }

  /** The operation's length is its last operand: kept in the added local and left where it is. */
  private chargeLength(inBytes: boolean): void {
    const { out } = this;
    this.local(OP.localTee, this.lengthLocal);
    this.loadFuel();
    this.local(OP.localGet, this.lengthLocal);
    if (inBytes) {
      out.bytes(OP.i32Const, BULK_BYTES_SHIFT, OP.i32ShrU);
    } else {
      // Subtracted as it is, a length above 2^31 would give fuel.
      this.constant(FUEL_MAX);
      this.local(OP.localGet, this.lengthLocal);
      this.constant(FUEL_MAX);
      out.bytes(OP.i32LtU, OP.select);
    }
    out.byte(OP.i32Sub);
    this.settleFuel();
  }

  /** The address lies under the value. A store that reaches into the next block is the reset's to know. */
  private noteStore(type: number, offset: number): void {
    const value = this.valueLocals.get(type)!;
    this.local(OP.localSet, value);
    this.local(OP.localTee, this.addressLocal);
    this.noteBlock(offset);
    this.local(OP.localGet, value);
  }

  /** Start and end of what a bulk operation writes, and everything when there may be a block between them. */
  private noteRange(): void {
    const { out } = this;
    const second = this.valueLocals.get(VALUE_TYPE.i32)!;
    this.local(OP.localSet, this.lengthLocal);
    this.local(OP.localSet, second);
    this.local(OP.localTee, this.addressLocal);
    this.noteBlock(0);
    this.local(OP.localGet, this.addressLocal);
    this.local(OP.localGet, this.lengthLocal);
    out.byte(OP.i32Add);
    this.local(OP.localSet, this.addressLocal);
    this.noteBlock(0);
    this.local(OP.localGet, this.lengthLocal);
    out.byte(OP.i32Const);
    out.s64(1n << BigInt(BLOCK_SHIFT));
    out.bytes(OP.i32GtU, OP.if, EMPTY_BLOCK, OP.i32Const, 0x7f);
    this.set(this.indices.dirty);
    out.byte(OP.end);
    this.local(OP.localGet, second);
    this.local(OP.localGet, this.lengthLocal);
  }

  private noteGlobal(global: number): void {
    const { indices, out } = this;
    this.get(indices.changed);
    out.byte(OP.i32Const);
    out.s64(BigInt(1 << indices.mutableGlobals.get(global)!));
    out.byte(OP.i32Or);
    this.set(indices.changed);
  }

  /** dirty |= 1 << block; a shift counts modulo 32, so each bit stands for every 32nd block. */
  private noteBlock(offset: number): void {
    const { out } = this;
    this.get(this.indices.dirty);
    out.bytes(OP.i32Const, 1);
    this.local(OP.localGet, this.addressLocal);
    if (offset !== 0) {
      out.byte(OP.i32Const);
      out.s64(BigInt(offset | 0));
      out.byte(OP.i32Add);
    }
    out.bytes(OP.i32Const, BLOCK_SHIFT, OP.i32ShrU, OP.i32Shl, OP.i32Or);
    this.set(this.indices.dirty);
  }

  private loadFuel(): void {
    if (this.fuelLocal < 0) this.get(this.indices.fuel);
    else this.local(OP.localGet, this.fuelLocal);
  }

  private subtract(fuel: number): void {
    this.constant(fuel);
    this.out.byte(OP.i32Sub);
  }

  private constant(value: number): void {
    this.out.byte(OP.i32Const);
    this.out.s64(BigInt(value));
  }

  /** Stores the fuel on the stack and traps when it is negative; the global is negative then too. */
  private settleFuel(): void {
    const { out } = this;
    if (this.fuelLocal < 0) {
      this.set(this.indices.fuel);
      this.get(this.indices.fuel);
    } else {
      this.local(OP.localTee, this.fuelLocal);
    }
    out.bytes(OP.i32Const, 0, OP.i32LtS, OP.if, EMPTY_BLOCK);
    if (this.fuelLocal >= 0) this.writeBackFuel();
    out.bytes(OP.unreachable, OP.end);
  }

  private readFuel(): void {
    this.get(this.indices.fuel);
    this.local(OP.localSet, this.fuelLocal);
  }

  private writeBackFuel(): void {
    this.local(OP.localGet, this.fuelLocal);
    this.set(this.indices.fuel);
  }

  private enterDepth(): void {
    const { out, indices } = this;
    this.get(indices.depth);
    this.depthUnits();
    out.byte(OP.i32Sub);
    this.set(indices.depth);
    this.get(indices.depth);
    out.bytes(OP.i32Const, 0, OP.i32LtS, OP.if, EMPTY_BLOCK, OP.i32Const, 0x7f);
    this.set(indices.depth);
    out.bytes(OP.unreachable, OP.end);
  }

  private openBody(): void {
    const { resultTypes } = this.plan.type;
    this.out.byte(OP.block);
    if (resultTypes.length === 0) this.out.byte(EMPTY_BLOCK);
    else if (resultTypes.length === 1) this.out.byte(resultTypes[0]!);
    // A type index is written as a signed number; block types are never negative.
    else this.out.s64(BigInt(this.indices.blockType(resultTypes)));
  }

  private leave(): void {
    if (this.metering.keepsFuel) this.writeBackFuel();
    if (this.metering.depthUnits === 0) return;
    this.get(this.indices.depth);
    this.depthUnits();
    this.out.byte(OP.i32Add);
    this.set(this.indices.depth);
  }

  private depthUnits(): void {
    this.out.byte(OP.i32Const);
    this.out.s64(BigInt(this.metering.depthUnits));
  }

  private local(opcode: number, index: number): void {
    this.out.byte(opcode);
    this.out.u32(index);
  }

  private get(global: number): void {
    this.out.byte(OP.globalGet);
    this.out.u32(global);
  }

  private set(global: number): void {
    this.out.byte(OP.globalSet);
    this.out.u32(global);
  }
}

/** The count of local groups at `at`, already checked by the walk, and where the groups begin. */
function readGroups(source: Uint8Array, at: number): { readonly groups: number; readonly next: number } {
  let groups = 0;
  let next = at;
  for (let shift = 0; ; shift += 7) {
    const byte = source[next++]!;
    groups |= (byte & 0x7f) << shift;
    if (byte < 0x80) return { groups, next };
  }
}
