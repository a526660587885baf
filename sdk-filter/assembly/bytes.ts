// Bytes as filters compare them: `Text` is a constant encoded once, `Value` a view of bytes the host has handed over.
// Neither comparison allocates.

/** A constant text, encoded once as UTF-8: a header name, or a value to compare with. Keep it in a `static readonly` field. */
@final
export class Text {
  private readonly bytes: ArrayBuffer;

  constructor(text: string) {
    this.bytes = String.UTF8.encode(text);
  }

  static of(text: string): Text {
    return new Text(text);
  }

  get start(): usize {
    return changetype<usize>(this.bytes);
  }
  get size(): i32 {
    return this.bytes.byteLength;
  }

  byteAt(index: i32): u8 {
    return load<u8>(this.start + index);
  }

  toString(): string {
    return String.UTF8.decode(this.bytes);
  }
}

/** A view of bytes that the host handed over. Valid until the callback returns, and until what gave it is read again. */
@final
export class Value {
  start: usize = 0;
  size: i32 = 0;

  /** Points the view elsewhere. */
  set(start: usize, size: i32): void {
    this.start = start;
    this.size = size;
  }

  get isEmpty(): bool {
    return this.size == 0;
  }

  byteAt(index: i32): u8 {
    return load<u8>(this.start + index);
  }

  is(text: Text): bool {
    return this.size == text.size && memory.compare(this.start, text.start, text.size) == 0;
  }

  startsWith(text: Text): bool {
    return this.size >= text.size && memory.compare(this.start, text.start, text.size) == 0;
  }

  endsWith(text: Text): bool {
    const skipped = this.size - text.size;
    return skipped >= 0 && memory.compare(this.start + skipped, text.start, text.size) == 0;
  }

  /** Offset of the first `byte` at or after `from`; -1 when there is none. */
  indexOf(byte: u8, from: i32 = 0): i32 {
    for (let at = from; at < this.size; at++) if (load<u8>(this.start + at) == byte) return at;
    return -1;
  }

  /** Allocates a string (bytes that are not UTF-8 become U+FFFD). Not for every request. */
  toString(): string {
    return String.UTF8.decodeUnsafe(this.start, this.size);
  }
}
