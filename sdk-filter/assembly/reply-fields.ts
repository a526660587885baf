// Header fields of an answer that a filter makes itself, in the form the host takes (proxy-wasm 0.2.1, "pairs"; see pairs.ts).

import { allocate } from "./arena";
import { Text, Value } from "./bytes";

const FIELDS_MAX: i32 = 32;
const BYTES_MAX: i32 = 4096;

/** Made once, filled anew for each answer: `clear`, `add`, …; filling allocates nothing. At most 32 fields of 4 KiB together. */
@final
export class ReplyFields {
  private count: i32 = 0;
  private size: i32 = 0;
  private readonly sizes: StaticArray<i32> = new StaticArray<i32>(FIELDS_MAX * 2);
  private readonly bytes: ArrayBuffer = new ArrayBuffer(BYTES_MAX);

  clear(): void {
    this.count = 0;
    this.size = 0;
  }

  /** False, and nothing is added, when there is no room for it. */
  add(name: Text, value: Text): bool {
    return this.addBytes(name, value.start, value.size);
  }

  addValue(name: Text, value: Value): bool {
    return this.addBytes(name, value.start, value.size);
  }

  /** Bytes of what `encode` writes. */
  get encodedSize(): i32 {
    return 4 + this.count * 8 + this.size;
  }

  /** Writes the fields into the arena and answers where; 0 when there is no room. */
  encode(): usize {
    const start = allocate(this.encodedSize);
    if (start == 0) return 0;
    store<i32>(start, this.count);
    memory.copy(start + 4, changetype<usize>(this.sizes), this.count * 8);
    memory.copy(start + 4 + this.count * 8, changetype<usize>(this.bytes), this.size);
    return start;
  }

  private addBytes(name: Text, valueStart: usize, valueSize: i32): bool {
    if (this.count == FIELDS_MAX || this.size + name.size + valueSize + 2 > BYTES_MAX) return false;
    unchecked((this.sizes[this.count * 2] = name.size));
    unchecked((this.sizes[this.count * 2 + 1] = valueSize));
    this.put(name.start, name.size);
    this.put(valueStart, valueSize);
    this.count++;
    return true;
  }

  /** The bytes and the zero behind them. */
  private put(start: usize, size: i32): void {
    const at = changetype<usize>(this.bytes) + this.size;
    memory.copy(at, start, size);
    store<u8>(at + size, 0);
    this.size += size + 1;
  }
}
