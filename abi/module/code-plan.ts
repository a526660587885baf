// Walks a function's code once and notes what the meter will insert where, what compiling it may cost, and what the
// image reset must know. The one long switch is the walk itself: it reads like the specification's table.
import { ABI_ERRORS } from "../error-table.ts";
import { ByteReader } from "./byte-reader.ts";
import {
  BODY_BYTES_MAX,
  BRANCH_TARGETS_MAX,
  COMPILE_COST_MAX,
  GROW_FUEL,
  HOSTCALL_FUEL,
  LOCALS_MAX,
  MODULE_COST_MAX,
  NESTING_MAX,
} from "./limits.ts";
import { VALUE_TYPE, readValueType, type BodyRange, type FunctionType, type ModuleShape } from "./module-shape.ts";
import { functionTitle } from "./name-section.ts";
import {
  BULK,
  BULK_DELTAS,
  BULK_IMMEDIATES,
  DELTAS,
  IMMEDIATE,
  IMMEDIATES,
  OP,
  SIMD_DELTAS,
  SIMD_IMMEDIATES,
  SIMD_STORES,
  STORED_TYPES,
  bulkFeatureOf,
  featureOf,
} from "./opcodes.ts";
import { refuse } from "./refusal.ts";

/** What is inserted at a mark. */
export const MARK = { loop: 0, return: 1, bulkBytes: 2, bulkEntries: 3, segment: 4, store: 5, globalSet: 6 } as const;

/**
 * A place in the body. A segment is a place inside a loop where branches join: behind the end of a block, or an `else`.
 * Instructions belong to the last segment or loop head before them, which control has passed whenever it reaches them.
 */
export interface Mark {
  readonly kind: number;
  /** Loop: behind its block type. Segment: behind its opcode. Return, bulk and what writes: before the opcode. */
  readonly at: number;
  /** Loop and segment: fuel of their own instructions. Return: how many blocks it leaves. Store: its offset. GlobalSet: which. */
  value: number;
  /** Loop: index of the mark of the loop around it, -1 when there is none. Segment: of the loop it is in. Store: the value's type. */
  readonly outer: number;
}

/** A call: of a function by its index, imports first, or through a table by type. */
export interface CallSite {
  /** Function index; -1 for a call through a table. */
  readonly callee: number;
  /** Index of the loop's or segment's mark that pays for it; -1 outside loops. */
  readonly owner: number;
  /** Before the opcode, and behind the last immediate. */
  readonly at: number;
  readonly end: number;
}

/** All the meter needs to know of one function. */
export interface FunctionPlan {
  readonly body: BodyRange;
  readonly type: FunctionType;
  /** First byte behind the local declarations. */
  readonly codeStart: number;
  readonly locals: number;
  /** Parameters, locals and the most operands at once. */
  readonly frameValues: number;
  /** Fuel of the instructions outside loops. */
  readonly entryFuel: number;
  readonly calls: readonly CallSite[];
  /** Types, as text, of its calls through tables. */
  readonly indirectTypes: ReadonlySet<string>;
  readonly loops: boolean;
  readonly marks: readonly Mark[];
}

/**
 * Instructions that change state which an image of memory and globals does not hold, tables and segments, by name; each
 * with the first function that has it.
 */
export type CodeEffects = Map<string, number>;

export interface CodePlan {
  readonly functions: readonly FunctionPlan[];
  readonly effects: CodeEffects;
  /** Functions that a call through a table may reach. */
  readonly addressTaken: ReadonlySet<number>;
}

/** Walks every function. Throws ModuleRefused for opcodes that are not served and for code that costs too much. */
export function planCode(shape: ModuleShape): CodePlan {
  const effects: CodeEffects = new Map();
  const addressTaken = new Set(shape.addressTaken);
  const functions = shape.bodies.map((body, index) => new BodyWalk(shape, body, index, effects, addressTaken).walk());
  checkWholeCost(functions);
  return { functions, effects, addressTaken };
}

function checkWholeCost(functions: readonly FunctionPlan[]): void {
  const cost = functions.reduce((sum, { body, frameValues }) => sum + (body.end - body.start) * frameValues, 0);
  if (cost > MODULE_COST_MAX) {
    refuse(
      ABI_ERRORS.moduleTooCostly,
      `The module's functions keep so many values in so much code (${cost} together; ${MODULE_COST_MAX} may be)`,
    );
  }
}

/** One open block. */
interface Block {
  readonly height: number;
  readonly results: number;
  readonly params: number;
  /** Index of the mark of the innermost loop, itself included; -1 outside loops. */
  readonly loop: number;
  readonly isLoop: boolean;
}

/** They compile to nothing. What jumps is charged where it jumps, so no loop is free. */
const COSTLESS: ReadonlySet<number> = new Set([OP.nop, OP.block, OP.loop, OP.end, OP.else]);

/** Bulk instructions, by their second byte, whose effect no image puts back. */
const LASTING: Readonly<Record<number, string>> = {
  [BULK.dataDrop]: "data.drop",
  [BULK.tableInit]: "table.init",
  [BULK.elemDrop]: "elem.drop",
  [BULK.tableCopy]: "table.copy",
  [BULK.tableGrow]: "table.grow",
  [BULK.tableFill]: "table.fill",
};

class BodyWalk {
  private readonly shape: ModuleShape;
  private readonly body: BodyRange;
  private readonly reader: ByteReader;
  private readonly effects: CodeEffects;
  private readonly type: FunctionType;
  private readonly index: number;
  private readonly addressTaken: Set<number>;
  private readonly calls: CallSite[] = [];
  private readonly indirectTypes = new Set<string>();
  private loops = false;
  private readonly blocks: Block[] = [];
  private readonly marks: Mark[] = [];
  /** By a loop's mark: the mark that its instructions belong to now. */
  private readonly payers: number[] = [];
  private entryFuel = 0;
  private locals = 0;
  private height = 0;
  private heightMax = 0;
  private branchTargets = 0;

  constructor(shape: ModuleShape, body: BodyRange, index: number, effects: CodeEffects, addressTaken: Set<number>) {
    this.shape = shape;
    this.body = body;
    this.index = shape.imports.length + index;
    this.effects = effects;
    this.addressTaken = addressTaken;
    this.reader = new ByteReader(shape.bytes, body.start, body.end);
    const type = shape.types[shape.functions[index]!];
    if (type === undefined) this.reader.damaged(`function ${this.index} has no type`);
    this.type = type;
  }

  walk(): FunctionPlan {
    const size = this.body.end - this.body.start;
    if (size > BODY_BYTES_MAX) this.tooCostly(`has ${size} bytes; at most ${BODY_BYTES_MAX} are taken`);
    this.readLocals();
    const codeStart = this.reader.at;
    this.open({ params: 0, results: this.type.results, loop: -1, isLoop: false });
    while (this.blocks.length > 0) this.step();
    if (!this.reader.done) this.reader.damaged(`function ${this.index} goes on behind its end`);
    const frameValues = this.type.params + this.locals + this.heightMax;
    if (frameValues * size > COMPILE_COST_MAX) {
      this.tooCostly(`keeps ${frameValues} values in ${size} bytes of code; their product may be ${COMPILE_COST_MAX}`);
    }
    return {
      body: this.body,
      type: this.type,
      codeStart,
      locals: this.locals,
      frameValues,
      entryFuel: this.entryFuel,
      calls: this.calls,
      indirectTypes: this.indirectTypes,
      loops: this.loops,
      marks: this.marks,
    };
  }

  private readLocals(): void {
    const groups = this.reader.count(LOCALS_MAX, "groups of locals");
    for (let i = 0; i < groups; i++) {
      this.locals += this.reader.u32();
      readValueType(this.reader);
      if (this.locals > LOCALS_MAX) this.tooCostly(`has more than ${LOCALS_MAX} local variables`);
    }
  }

  private step(): void {
    const at = this.reader.at;
    const opcode = this.reader.byte();
    const immediate = IMMEDIATES[opcode]!;
    this.adjust(DELTAS[opcode]!);
    if (!COSTLESS.has(opcode)) this.charge(1);
    switch (immediate) {
      case IMMEDIATE.none:
        if (opcode === OP.return) this.leaveBy(at);
        else if (opcode === OP.unreachable) this.unreachable();
        break;
      case IMMEDIATE.block:
        this.openBlock(opcode);
        break;
      case IMMEDIATE.special:
        if (opcode === OP.end) this.close();
        else this.elseBranch();
        break;
      case IMMEDIATE.index:
        this.indexed(at, opcode, this.reader.u32());
        break;
      case IMMEDIATE.twoIndices:
        this.callIndirect(at, this.reader.u32(), this.reader.u32());
        break;
      case IMMEDIATE.branchTable:
        this.branchTable();
        break;
      case IMMEDIATE.memory:
        this.memoryArgument(at, STORED_TYPES[opcode]!);
        break;
      case IMMEDIATE.memoryIndex:
        if (this.reader.byte() !== 0) this.refuseFeature("several memories");
        if (opcode === OP.memoryGrow) this.charge(GROW_FUEL);
        break;
      case IMMEDIATE.int32:
        this.reader.skipLeb(5);
        break;
      case IMMEDIATE.int64:
        this.reader.skipLeb(10);
        break;
      case IMMEDIATE.bytes4:
        this.reader.skip(4);
        break;
      case IMMEDIATE.bytes8:
        this.reader.skip(8);
        break;
      case IMMEDIATE.types:
        this.selectTypes();
        break;
      case IMMEDIATE.heapType:
        this.reader.s33();
        break;
      case IMMEDIATE.prefix:
        if (opcode === OP.bulkPrefix) this.bulk(at, this.reader.u32());
        else this.simd(at, this.reader.u32());
        break;
      default:
        this.refuseFeature(featureOf(opcode));
    }
  }

  private indexed(at: number, opcode: number, index: number): void {
    if (opcode === OP.call) this.call(at, index);
    else if (opcode === OP.br) this.unreachable();
    else if (opcode === OP.refFunc) this.addressTaken.add(index);
    else if (opcode === OP.globalSet) this.mark(MARK.globalSet, at, index);
    else if (opcode === OP.tableSet) this.changes("table.set");
  }

  private call(at: number, index: number): void {
    const type = this.shape.functionType(index);
    if (type === null) this.reader.damaged(`function ${this.index} calls function ${index}, which does not exist`);
    if (index < this.shape.imports.length) this.charge(HOSTCALL_FUEL);
    this.noteCall(at, index);
    this.adjust(-type.params);
    this.adjust(type.results);
  }

  private callIndirect(at: number, typeIndex: number, _table: number): void {
    const type = this.shape.types[typeIndex];
    if (type === undefined)
      this.reader.damaged(`function ${this.index} calls by type ${typeIndex}, which does not exist`);
    this.indirectTypes.add(type.text);
    this.noteCall(at, -1);
    this.adjust(-type.params);
    this.adjust(type.results);
  }

  private noteCall(at: number, callee: number): void {
    this.calls.push({ callee, owner: this.payer, at, end: this.reader.at });
  }

  private openBlock(opcode: number): void {
    const { params, results } = this.blockType();
    if (opcode === OP.if) this.adjust(-1);
    this.adjust(-params);
    const isLoop = opcode === OP.loop;
    const outer = this.blocks.at(-1)!.loop;
    const loop = isLoop ? this.mark(MARK.loop, this.reader.at, 0, outer) : outer;
    if (isLoop) this.payers[loop] = loop;
    this.loops ||= isLoop;
    this.open({ params, results, loop, isLoop });
    this.adjust(params);
  }

  private blockType(): { readonly params: number; readonly results: number } {
    const type = this.reader.s33();
    if (type === -64) return { params: 0, results: 0 };
    if (type < 0) return { params: 0, results: 1 };
    return this.shape.types[type] ?? this.reader.damaged(`a block has type ${type}, which does not exist`);
  }

  private open(block: Omit<Block, "height">): void {
    if (this.blocks.length > NESTING_MAX) this.tooCostly(`nests more than ${NESTING_MAX} blocks`);
    this.blocks.push({ height: this.height, ...block });
  }

  private elseBranch(): void {
    const block = this.blocks.at(-1)!;
    this.height = block.height;
    this.adjust(block.params);
    this.joinBranches(block);
  }

  private close(): void {
    const block = this.blocks.pop()!;
    this.height = block.height;
    this.adjust(block.results);
    if (!block.isLoop) this.joinBranches(block);
  }

  private joinBranches({ loop }: Block): void {
    if (loop >= 0) this.payers[loop] = this.mark(MARK.segment, this.reader.at, 0, loop);
  }

  private branchTable(): void {
    const targets = this.reader.count(BRANCH_TARGETS_MAX, "targets of one br_table");
    this.branchTargets += targets;
    if (this.branchTargets > BRANCH_TARGETS_MAX) this.tooCostly(`has more than ${BRANCH_TARGETS_MAX} branch targets`);
    for (let i = 0; i <= targets; i++) this.reader.u32();
    this.unreachable();
  }

  private selectTypes(): void {
    const count = this.reader.count(1, "types of one select");
    for (let i = 0; i < count; i++) readValueType(this.reader);
  }

  /** `stored`: the type of the value, of stores; 0 for what only reads. */
  private memoryArgument(at: number, stored: number): void {
    const align = this.reader.u32();
    if (align >= 64) this.refuseFeature("several memories");
    const offset = this.reader.u32();
    if (stored !== 0) this.mark(MARK.store, at, offset, stored);
  }

  private bulk(at: number, code: number): void {
    if (code >= BULK_IMMEDIATES.length) this.refuseFeature(bulkFeatureOf(code));
    if (code === BULK.memoryInit || code === BULK.memoryCopy || code === BULK.memoryFill) this.mark(MARK.bulkBytes, at);
    if (code >= BULK.tableInit && code !== BULK.elemDrop && code !== BULK.tableSize) this.mark(MARK.bulkEntries, at);
    if (code === BULK.tableGrow) this.charge(GROW_FUEL);
    const change = LASTING[code];
    if (change !== undefined) this.changes(change);
    if (BULK_IMMEDIATES[code] !== IMMEDIATE.none) this.reader.u32();
    if (BULK_IMMEDIATES[code] === IMMEDIATE.twoIndices) this.reader.u32();
    this.adjust(BULK_DELTAS[code]!);
  }

  private changes(instruction: string): void {
    if (!this.effects.has(instruction)) this.effects.set(instruction, this.index);
  }

  private simd(at: number, code: number): void {
    if (code >= SIMD_IMMEDIATES.length) {
      // Relaxed SIMD may give other results on another processor; a verdict must not.
      this.refuseFeature(code < 0x114 ? "relaxed SIMD" : `an opcode that is not known (0xfd ${code})`);
    }
    const immediate = SIMD_IMMEDIATES[code]!;
    const stored = SIMD_STORES.has(code) ? VALUE_TYPE.v128 : 0;
    if (immediate === IMMEDIATE.memory || immediate === IMMEDIATE.memoryLane) this.memoryArgument(at, stored);
    if (immediate === IMMEDIATE.lane || immediate === IMMEDIATE.memoryLane) this.reader.skip(1);
    if (immediate === IMMEDIATE.bytes16) this.reader.skip(16);
    this.adjust(SIMD_DELTAS[code]!);
  }

  private leaveBy(at: number): void {
    this.mark(MARK.return, at, this.blocks.length - 1);
    this.unreachable();
  }

  private mark(kind: number, at: number, value = 0, outer = -1): number {
    return this.marks.push({ kind, at, value, outer }) - 1;
  }

  /** The mark that pays for the instruction at hand; -1 outside loops. */
  private get payer(): number {
    const { loop } = this.blocks.at(-1)!;
    return loop < 0 ? -1 : this.payers[loop]!;
  }

  /** Adds fuel to whoever pays, or to the function's entry. */
  private charge(fuel: number): void {
    const { payer } = this;
    if (payer < 0) this.entryFuel += fuel;
    else this.marks[payer]!.value += fuel;
  }

  private adjust(delta: number): void {
    this.height += delta;
    // Behind an unconditional branch operands may be taken that were never pushed.
    const floor = this.blocks.at(-1)?.height ?? 0;
    if (this.height < floor) this.height = floor;
    if (this.height > this.heightMax) this.heightMax = this.height;
  }

  private unreachable(): void {
    this.height = this.blocks.at(-1)!.height;
  }

  private refuseFeature(feature: string): never {
    return refuse(ABI_ERRORS.moduleFeature, `The module uses ${feature} (function ${this.title})`);
  }

  private tooCostly(what: string): never {
    return refuse(ABI_ERRORS.moduleTooCostly, `Function ${this.title} ${what}`);
  }

  private get title(): string {
    return functionTitle(this.shape, this.index);
  }
}
