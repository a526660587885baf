// What the walker must know of each opcode: which immediates follow and how many operands it adds or takes. Opcodes
// that are not in the tables refuse the module by the name of their feature.

/** Which immediates follow an opcode. */
export const IMMEDIATE = {
  none: 0,
  block: 1,
  index: 2,
  memory: 3,
  int32: 4,
  int64: 5,
  bytes4: 6,
  bytes8: 7,
  branchTable: 8,
  twoIndices: 9,
  types: 10,
  memoryIndex: 11,
  heapType: 12,
  prefix: 13,
  special: 14,
  lane: 15,
  memoryLane: 16,
  bytes16: 17,
  refused: 255,
} as const;

export const OP = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i32LtS: 0x48,
  i32LtU: 0x49,
  i32GtU: 0x4b,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Or: 0x72,
  i32Shl: 0x74,
  i32ShrU: 0x76,
  refFunc: 0xd2,
  bulkPrefix: 0xfc,
  simdPrefix: 0xfd,
} as const;

/** Second byte after 0xfc. */
export const BULK = {
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  elemDrop: 13,
  tableCopy: 14,
  tableGrow: 15,
  tableSize: 16,
  tableFill: 17,
} as const;

/** Immediates by opcode; refused where nothing is said. */
export const IMMEDIATES: Uint8Array = new Uint8Array(256).fill(IMMEDIATE.refused);
/** Operands an opcode leaves minus those it takes; control and calls are counted by the walker. */
export const DELTAS: Int8Array = new Int8Array(256);
/** The same for what follows 0xfc and 0xfd. */
export const BULK_IMMEDIATES: Uint8Array = new Uint8Array(18);
export const BULK_DELTAS: Int8Array = new Int8Array(18);
export const SIMD_IMMEDIATES: Uint8Array = new Uint8Array(256);
export const SIMD_DELTAS: Int8Array = new Int8Array(256).fill(-1);

function define(first: number, last: number, immediate: number, delta: number): void {
  IMMEDIATES.fill(immediate, first, last + 1);
  DELTAS.fill(delta, first, last + 1);
}

define(0x00, 0x01, IMMEDIATE.none, 0); // unreachable nop
define(0x02, 0x04, IMMEDIATE.block, 0); // block loop if
define(0x05, 0x05, IMMEDIATE.special, 0); // else
define(0x0b, 0x0b, IMMEDIATE.special, 0); // end
define(0x0c, 0x0c, IMMEDIATE.index, 0); // br
define(0x0d, 0x0d, IMMEDIATE.index, -1); // br_if
define(0x0e, 0x0e, IMMEDIATE.branchTable, -1);
define(0x0f, 0x0f, IMMEDIATE.none, 0); // return
define(0x10, 0x10, IMMEDIATE.index, 0); // call
define(0x11, 0x11, IMMEDIATE.twoIndices, -1); // call_indirect
define(0x1a, 0x1a, IMMEDIATE.none, -1); // drop
define(0x1b, 0x1b, IMMEDIATE.none, -2); // select
define(0x1c, 0x1c, IMMEDIATE.types, -2); // select t
define(0x20, 0x20, IMMEDIATE.index, 1); // local.get
define(0x21, 0x21, IMMEDIATE.index, -1); // local.set
define(0x22, 0x22, IMMEDIATE.index, 0); // local.tee
define(0x23, 0x23, IMMEDIATE.index, 1); // global.get
define(0x24, 0x24, IMMEDIATE.index, -1); // global.set
define(0x25, 0x25, IMMEDIATE.index, 0); // table.get
define(0x26, 0x26, IMMEDIATE.index, -2); // table.set
define(0x28, 0x35, IMMEDIATE.memory, 0); // loads
define(0x36, 0x3e, IMMEDIATE.memory, -2); // stores
define(0x3f, 0x3f, IMMEDIATE.memoryIndex, 1); // memory.size
define(0x40, 0x40, IMMEDIATE.memoryIndex, 0); // memory.grow
define(0x41, 0x41, IMMEDIATE.int32, 1);
define(0x42, 0x42, IMMEDIATE.int64, 1);
define(0x43, 0x43, IMMEDIATE.bytes4, 1);
define(0x44, 0x44, IMMEDIATE.bytes8, 1);
define(0x45, 0x45, IMMEDIATE.none, 0); // i32.eqz
define(0x46, 0x4f, IMMEDIATE.none, -1); // i32 comparisons
define(0x50, 0x50, IMMEDIATE.none, 0); // i64.eqz
define(0x51, 0x66, IMMEDIATE.none, -1); // i64, f32, f64 comparisons
define(0x67, 0x69, IMMEDIATE.none, 0); // i32 clz ctz popcnt
define(0x6a, 0x78, IMMEDIATE.none, -1); // i32 binary
define(0x79, 0x7b, IMMEDIATE.none, 0); // i64 clz ctz popcnt
define(0x7c, 0x8a, IMMEDIATE.none, -1); // i64 binary
define(0x8b, 0x91, IMMEDIATE.none, 0); // f32 unary
define(0x92, 0x98, IMMEDIATE.none, -1); // f32 binary
define(0x99, 0x9f, IMMEDIATE.none, 0); // f64 unary
define(0xa0, 0xa6, IMMEDIATE.none, -1); // f64 binary
define(0xa7, 0xc4, IMMEDIATE.none, 0); // conversions, sign extensions
define(0xd0, 0xd0, IMMEDIATE.heapType, 1); // ref.null
define(0xd1, 0xd1, IMMEDIATE.none, 0); // ref.is_null
define(0xd2, 0xd2, IMMEDIATE.index, 1); // ref.func
define(0xfc, 0xfd, IMMEDIATE.prefix, 0);

function defineBulk(first: number, last: number, immediate: number, delta: number): void {
  BULK_IMMEDIATES.fill(immediate, first, last + 1);
  BULK_DELTAS.fill(delta, first, last + 1);
}

defineBulk(0, 7, IMMEDIATE.none, 0); // saturating truncations
defineBulk(BULK.memoryInit, BULK.memoryInit, IMMEDIATE.twoIndices, -3);
defineBulk(BULK.dataDrop, BULK.dataDrop, IMMEDIATE.index, 0);
defineBulk(BULK.memoryCopy, BULK.memoryCopy, IMMEDIATE.twoIndices, -3);
defineBulk(BULK.memoryFill, BULK.memoryFill, IMMEDIATE.index, -3);
defineBulk(BULK.tableInit, BULK.tableInit, IMMEDIATE.twoIndices, -3);
defineBulk(BULK.elemDrop, BULK.elemDrop, IMMEDIATE.index, 0);
defineBulk(BULK.tableCopy, BULK.tableCopy, IMMEDIATE.twoIndices, -3);
defineBulk(BULK.tableGrow, BULK.tableGrow, IMMEDIATE.index, -1);
defineBulk(BULK.tableSize, BULK.tableSize, IMMEDIATE.index, 1);
defineBulk(BULK.tableFill, BULK.tableFill, IMMEDIATE.index, -3);

function defineSimd(first: number, last: number, immediate: number, delta: number): void {
  SIMD_IMMEDIATES.fill(immediate, first, last + 1);
  SIMD_DELTAS.fill(delta, first, last + 1);
}

// Most SIMD opcodes take two operands and leave one; the others are listed.
defineSimd(0, 10, IMMEDIATE.memory, 0); // loads
defineSimd(11, 11, IMMEDIATE.memory, -2); // v128.store
defineSimd(12, 12, IMMEDIATE.bytes16, 1); // v128.const
defineSimd(13, 13, IMMEDIATE.bytes16, -1); // shuffle
defineSimd(15, 20, IMMEDIATE.none, 0); // splats
defineSimd(21, 34, IMMEDIATE.lane, 0); // extract_lane; replace_lane follows
for (const replace of [23, 26, 28, 30, 32, 34]) defineSimd(replace, replace, IMMEDIATE.lane, -1);
defineSimd(77, 77, IMMEDIATE.none, 0); // v128.not
defineSimd(82, 82, IMMEDIATE.none, -2); // bitselect
defineSimd(83, 83, IMMEDIATE.none, 0); // any_true
defineSimd(84, 87, IMMEDIATE.memoryLane, -1); // load_lane
defineSimd(88, 91, IMMEDIATE.memoryLane, -2); // store_lane
defineSimd(92, 93, IMMEDIATE.memory, 0); // load_zero
for (const [first, last] of [
  [94, 100],
  [103, 106],
  [116, 117],
  [122, 122],
  [124, 129],
  [131, 132],
  [135, 138],
  [148, 148],
  [160, 161],
  [163, 164],
  [167, 170],
  [192, 193],
  [195, 196],
  [199, 202],
  [224, 225],
  [227, 227],
  [236, 237],
  [239, 239],
  [248, 255],
] as const) {
  defineSimd(first, last, IMMEDIATE.none, 0);
}

/** By opcode: the type of the value that it stores, as the binary format writes types; 0 for what stores nothing. */
export const STORED_TYPES: Uint8Array = new Uint8Array(256);
for (const i32Store of [0x36, 0x3a, 0x3b]) STORED_TYPES[i32Store] = 0x7f;
for (const i64Store of [0x37, 0x3c, 0x3d, 0x3e]) STORED_TYPES[i64Store] = 0x7e;
STORED_TYPES[0x38] = 0x7d; // f32.store
STORED_TYPES[0x39] = 0x7c; // f64.store

/** v128.store and store_lane, behind 0xfd. */
export const SIMD_STORES: ReadonlySet<number> = new Set([11, 88, 89, 90, 91]);

/** The feature a refused opcode belongs to. */
export function featureOf(opcode: number): string {
  if (opcode === 0x12 || opcode === 0x13) return "tail calls";
  if (opcode === 0x14 || opcode === 0x15 || (opcode >= 0xd4 && opcode <= 0xd6)) return "typed function references";
  if ((opcode >= 0x06 && opcode <= 0x0a) || opcode === 0x18 || opcode === 0x19 || opcode === 0x1f) return "exceptions";
  if (opcode === 0xfb || opcode === 0xd3) return "garbage collection";
  if (opcode === 0xfe) return "threads";
  if (opcode >= 0xe0 && opcode <= 0xe6) return "stack switching";
  return `an opcode that is not known (0x${opcode.toString(16).padStart(2, "0")})`;
}

/** The same for what follows 0xfc. */
export function bulkFeatureOf(code: number): string {
  if (code === 18) return "memory control (memory.discard)";
  if (code >= 19 && code <= 22) return "128-bit arithmetic";
  return `an opcode that is not known (0xfc ${code})`;
}
