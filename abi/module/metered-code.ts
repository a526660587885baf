// Writes the code section anew: every function as it was, with fuel charged at its entry and at each loop head, bulk
// operations charged by length, and depth counted where recursion is possible.
//
//   (func                                       (func
//     body                                        depth -= units; if depth < 0 { depth = -1; unreachable }
//     return                  becomes             block (result …)
//   end)                                            fuel -= entry; if fuel < 0 unreachable
//                                                   body           ;; `return` is now `br` to this block; branches
//                                                 end              ;; to the function's end count to it unchanged
//                                                 depth += units
//                                               end)
//
// Functions that call none of the module's own have no depth code: they cannot recurse, and most calls are theirs.
import type { ByteWriter } from "./byte-writer.ts";
import { MARK, type FunctionPlan, type Mark } from "./code-plan.ts";
import { BULK_BYTES_SHIFT, FRAME_VALUES_SHIFT } from "./limits.ts";
import { VALUE_TYPE } from "./module-shape.ts";
import { OP } from "./opcodes.ts";

const EMPTY_BLOCK = 0x40;

/** Indices of what the meter added to the module. */
export interface MeterIndices {
  readonly fuel: number;
  readonly depth: number;
  /** Type index of a block with these results, for functions with several. */
  readonly blockType: (results: Uint8Array) => number;
}

/** Told of every run of bytes that is copied: its place in the source and in the writer. */
export type RunListener = (original: number, rewritten: number) => void;

/** Writes one function's entry of the code section without its size. */
export function writeFunction(
  out: ByteWriter,
  source: Uint8Array,
  plan: FunctionPlan,
  indices: MeterIndices,
  onRun: RunListener,
): void {
  new FunctionWriter(out, source, plan, indices, onRun).write();
}

class FunctionWriter {
  private readonly out: ByteWriter;
  private readonly source: Uint8Array;
  private readonly plan: FunctionPlan;
  private readonly indices: MeterIndices;
  private readonly onRun: RunListener;
  /** Index of the added i32 local that holds a bulk operation's length; only where there is one. */
  private readonly lengthLocal: number;
  private at: number;

  constructor(out: ByteWriter, source: Uint8Array, plan: FunctionPlan, indices: MeterIndices, onRun: RunListener) {
    this.out = out;
    this.source = source;
    this.plan = plan;
    this.indices = indices;
    this.onRun = onRun;
    this.lengthLocal = plan.type.params + plan.locals;
    this.at = plan.codeStart;
  }

  write(): void {
    this.writeLocals();
    if (this.plan.callsOwn) this.enterDepth();
    if (this.plan.entryFuel > 0) this.chargeFuel(this.plan.entryFuel);
    for (const mark of this.plan.marks) this.writeMark(mark);
    this.copyTo(this.plan.body.end);
    if (this.plan.callsOwn) this.leaveDepth();
  }

  private writeLocals(): void {
    const { body, codeStart, marks } = this.plan;
    const needsLength = marks.some(({ kind }) => kind === MARK.bulkBytes || kind === MARK.bulkEntries);
    if (!needsLength) {
      this.onRun(body.start, this.out.length);
      this.out.copy(this.source, body.start, codeStart);
      return;
    }
    const { groups, next } = readGroups(this.source, body.start);
    this.out.u32(groups + 1);
    this.onRun(next, this.out.length);
    this.out.copy(this.source, next, codeStart);
    this.out.bytes(1, VALUE_TYPE.i32);
  }

  private writeMark(mark: Mark): void {
    if (mark.kind === MARK.loop) {
      if (mark.value === 0) return;
      this.copyTo(mark.at);
      this.chargeFuel(mark.value);
    } else if (mark.kind === MARK.return) {
      if (!this.plan.callsOwn) return;
      this.copyTo(mark.at);
      this.at++;
      this.out.byte(OP.br);
      this.out.u32(mark.value);
    } else {
      this.copyTo(mark.at);
      this.chargeLength(mark.kind === MARK.bulkBytes);
    }
  }

  private copyTo(end: number): void {
    this.onRun(this.at, this.out.length);
    this.out.copy(this.source, this.at, end);
    this.at = end;
  }

  private chargeFuel(fuel: number): void {
    const { out, indices } = this;
    this.get(indices.fuel);
    out.byte(OP.i64Const);
    out.s64(BigInt(fuel));
    out.byte(OP.i64Sub);
    this.set(indices.fuel);
    this.trapWithoutFuel();
  }

  /** The operation's length is its last operand: kept in the added local and left where it is. */
  private chargeLength(inBytes: boolean): void {
    const { out, indices } = this;
    out.byte(OP.localTee);
    out.u32(this.lengthLocal);
    this.get(indices.fuel);
    out.byte(OP.localGet);
    out.u32(this.lengthLocal);
    out.byte(OP.i64ExtendI32U);
    if (inBytes) {
      out.byte(OP.i64Const);
      out.s64(BULK_BYTES_SHIFT);
      out.byte(OP.i64ShrU);
    }
    out.byte(OP.i64Sub);
    this.set(indices.fuel);
    this.trapWithoutFuel();
  }

  private trapWithoutFuel(): void {
    this.get(this.indices.fuel);
    this.out.bytes(OP.i64Const, 0, OP.i64LtS, OP.if, EMPTY_BLOCK, OP.unreachable, OP.end);
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
    this.openBody();
  }

  private openBody(): void {
    const { resultTypes } = this.plan.type;
    this.out.byte(OP.block);
    if (resultTypes.length === 0) this.out.byte(EMPTY_BLOCK);
    else if (resultTypes.length === 1) this.out.byte(resultTypes[0]!);
    // A type index is written as a signed number; block types are never negative.
    else this.out.s64(BigInt(this.indices.blockType(resultTypes)));
  }

  private leaveDepth(): void {
    this.get(this.indices.depth);
    this.depthUnits();
    this.out.byte(OP.i32Add);
    this.set(this.indices.depth);
    this.out.byte(OP.end);
  }

  private depthUnits(): void {
    this.out.byte(OP.i32Const);
    this.out.s64(BigInt(1 + (this.plan.frameValues >> FRAME_VALUES_SHIFT)));
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
