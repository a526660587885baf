// HOT: bench abi.
// The state of an instance as bytes: what a stream's instance is put back to, so that nothing of one request is visible to
// the next. Tables and segments are not in it; modules that change those are not resettable and are remade instead.
//
// Metered code notes which blocks of memory it writes, and the host which it writes for it; only those are put back. A
// check of rbac writes to seven of 32 blocks: 0.25 µs instead of 1.4 to 2.6 µs for its 128 KiB.

import { BLOCK_SHIFT } from "../module/limits.ts";

const PAGE_BYTES = 65_536;
const BLOCK_BYTES = 1 << BLOCK_SHIFT;
/** A store is noted by its first byte; the widest one may write this much of the next block. */
const OVERHANG_BYTES = 15;

/** Sets of blocks whose runs are kept; which ones a filter's requests write is nearly always the same. */
const KEPT_RUNS_MAX = 64;

/** Bits of a mask of blocks; block n has bit n mod 32. */
const ALL_BLOCKS = -1;

export interface Image {
  /** Memory up to its last byte that is not 0: most of a heap is zeros, and filling is half the work of copying. */
  readonly bytes: Uint8Array;
  readonly memoryBytes: number;
  /** The same with the zeros behind. */
  readonly memory: Uint8Array;
  /** By mask of blocks: what is copied back. */
  readonly runs: Map<number, readonly Run[]>;
  readonly globals: readonly (number | bigint)[];
  /** The context of a stream is in it already: its creation need not be called any more. */
  readonly hasContext: boolean;
}

/** Neighbouring blocks and what a store in the last of them may change of the next, as a view of the image. */
interface Run {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** `globals` are the module's mutable globals, which the meter exported. */
export function takeImage(memory: Uint8Array, globals: readonly WebAssembly.Global[], hasContext: boolean): Image {
  let used = memory.length;
  while (used > 0 && memory[used - 1] === 0) used--;
  const whole = memory.slice();
  return {
    bytes: whole.subarray(0, used),
    memoryBytes: memory.length,
    memory: whole,
    runs: new Map(),
    globals: globals.map((global) => global.value),
    hasContext,
  };
}

/** Makes a fresh instance's memory as large as the image's. */
export function growTo(image: Image, memory: WebAssembly.Memory): void {
  const missing = image.memoryBytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / PAGE_BYTES);
}

/**
 * `memory` is at least as large as the image's: what grew since stays grown (it cannot shrink) and is zeroed. `dirty` are
 * the blocks written since it was like the image; ALL_BLOCKS when it never was.
 */
export function restoreMemory(image: Image, memory: Uint8Array, dirty: number): void {
  if (dirty === ALL_BLOCKS || memory.length !== image.memoryBytes) {
    memory.set(image.bytes);
    memory.fill(0, image.bytes.length);
    return;
  }
  const runs = image.runs.get(dirty) ?? findRuns(image, dirty);
  for (let i = 0; i < runs.length; i++) memory.set(runs[i]!.bytes, runs[i]!.at);
}

/** A copy costs 30 ns before its first byte, so neighbours are copied as one. */
function findRuns({ memory, runs }: Image, dirty: number): readonly Run[] {
  const found: Run[] = [];
  const count = memory.length / BLOCK_BYTES;
  const isDirty = (block: number): boolean => (dirty & (1 << block)) !== 0;
  for (let block = 0; block < count; block++) {
    if (!isDirty(block)) continue;
    const first = block;
    while (block + 1 < count && isDirty(block + 1)) block++;
    const at = first * BLOCK_BYTES;
    found.push({ at, bytes: memory.subarray(at, (block + 1) * BLOCK_BYTES + OVERHANG_BYTES) });
  }
  if (runs.size < KEPT_RUNS_MAX) runs.set(dirty, found);
  return found;
}

/** The mask of blocks that [ptr, ptr + length) lies in. */
export function blocksOf(ptr: number, length: number): number {
  const first = ptr >>> BLOCK_SHIFT;
  const last = (ptr + length) >>> BLOCK_SHIFT;
  if (first === last) return 1 << first;
  if (last - first >= 31) return ALL_BLOCKS;
  let mask = 1 << first;
  for (let block = first + 1; block <= last; block++) mask |= 1 << block;
  return mask;
}

/** `changed`: bit n mod 32 for every global that was set since. Setting one costs 15 ns, reading one more. */
export function restoreGlobals(image: Image, globals: readonly WebAssembly.Global[], changed: number): void {
  if (changed === 0) return;
  for (let i = 0; i < globals.length; i++) {
    if ((changed & (1 << i)) !== 0) globals[i]!.value = image.globals[i]!;
  }
}
