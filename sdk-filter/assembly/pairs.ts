// A serialised header map (proxy-wasm 0.2.1, "pairs"), read in place:
//
//   count u32 | (name size u32, value size u32) × count | (name bytes, 0, value bytes, 0) × count

import { Value } from "./bytes";

const PAIRS_MAX: i32 = 1024;

/** Walks pairs without allocating: `while (pairs.next()) …pairs.name, …pairs.value`. */
@final
export class Pairs {
  readonly name: Value = new Value();
  readonly value: Value = new Value();
  /** How many pairs there are. */
  count: i32 = 0;
  /** False when the bytes are not what a host may send; then nothing is walked. */
  wellFormed: bool = true;
  private start: usize = 0;
  private bytes: usize = 0;
  private end: usize = 0;
  private index: i32 = 0;

  /** Begins a walk over `size` bytes at `start`. */
  open(start: usize, size: i32): void {
    this.start = start;
    this.end = start + size;
    this.count = size < 4 ? 0 : load<i32>(start);
    this.wellFormed = <u32>this.count <= <u32>PAIRS_MAX && (this.count == 0 || 4 + this.count * 10 <= size);
    if (!this.wellFormed) this.count = 0;
    this.rewind();
  }

  /** Back to before the first pair. */
  rewind(): void {
    this.index = 0;
    this.bytes = this.start + 4 + this.count * 8;
  }

  /** Moves to the next pair; false when there is none. */
  next(): bool {
    if (this.index >= this.count) return false;
    const sizes = this.start + 4 + this.index * 8;
    const nameSize = load<u32>(sizes);
    const valueSize = load<u32>(sizes, 4);
    if (<u64>this.bytes + nameSize + valueSize + 2 > <u64>this.end) return this.fail();
    this.name.set(this.bytes, nameSize);
    this.value.set(this.bytes + nameSize + 1, valueSize);
    this.bytes += nameSize + valueSize + 2;
    this.index++;
    return true;
  }

  private fail(): bool {
    this.wellFormed = false;
    this.index = this.count;
    return false;
  }
}
