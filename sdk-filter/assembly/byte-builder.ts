// Bytes that a filter puts together at run time (keys, header values) in memory of its own, made once: building allocates
// nothing, however often it is done.

import { Text, Value } from "./bytes";

/** Append, look at `value`, `clear`, append again. */
@final
export class ByteBuilder {
  /** Something did not fit and was left out. */
  overflowed: bool = false;
  private readonly buffer: ArrayBuffer;
  private readonly view: Value = new Value();
  private size: i32 = 0;

  /** `capacity` is the most bytes it holds. */
  constructor(capacity: i32) {
    this.buffer = new ArrayBuffer(capacity);
  }

  /** What has been appended. Valid until the next `clear` or append. */
  get value(): Value {
    this.view.set(changetype<usize>(this.buffer), this.size);
    return this.view;
  }

  clear(): void {
    this.size = 0;
    this.overflowed = false;
  }

  byte(byte: u8): void {
    if (!this.hasRoom(1)) return;
    store<u8>(changetype<usize>(this.buffer) + this.size, byte);
    this.size++;
  }

  /** A 32-bit number, little endian. */
  u32(number: u32): void {
    if (!this.hasRoom(4)) return;
    store<u32>(changetype<usize>(this.buffer) + this.size, number);
    this.size += 4;
  }

  text(text: Text): void {
    this.copy(text.start, text.size);
  }

  append(value: Value): void {
    this.copy(value.start, value.size);
  }

  /** A number, 0 or more, in decimal digits. */
  decimal(number: u64): void {
    let digits = 1;
    for (let rest = number / 10; rest > 0; rest /= 10) digits++;
    if (!this.hasRoom(digits)) return;
    let at = changetype<usize>(this.buffer) + this.size + digits;
    let rest = number;
    do {
      at--;
      store<u8>(at, <u8>(rest % 10) + 0x30);
      rest /= 10;
    } while (rest > 0);
    this.size += digits;
  }

  private copy(start: usize, size: i32): void {
    if (!this.hasRoom(size)) return;
    memory.copy(changetype<usize>(this.buffer) + this.size, start, size);
    this.size += size;
  }

  private hasRoom(bytes: i32): bool {
    if (this.size + bytes <= this.buffer.byteLength) return true;
    this.overflowed = true;
    return false;
  }
}
