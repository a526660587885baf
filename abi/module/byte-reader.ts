// Reads a wasm binary from front to back. Every read is bounded by `end`; what does not fit refuses the module.
import { ABI_ERRORS } from "../error-table.ts";
import { NAME_BYTES_MAX } from "./limits.ts";
import { refuse } from "./refusal.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) this.damaged("it ends in the middle");
    return this.bytes[this.at++]!;
  }

  /** An unsigned LEB128 of at most 32 bits, in at most 5 bytes. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      if (shift === 28 && byte > 0x0f) this.damaged("a number has more than 32 bits");
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    return this.damaged("a number has more than 5 bytes");
  }

  /** A signed LEB128 of at most 33 bits, as block types and i32 constants are written. */
  s33(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      // Multiplication, since the 33rd bit does not fit JavaScript's 32-bit shifts.
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** (shift + 7) : value;
    }
    return this.damaged("a number has more than 5 bytes");
  }

  /** Skips a LEB128 of at most `bytesMax` bytes. */
  skipLeb(bytesMax: number): void {
    for (let count = 0; count < bytesMax; count++) if (this.byte() < 0x80) return;
    this.damaged(`a number has more than ${bytesMax} bytes`);
  }

  skip(count: number): void {
    if (count > this.end - this.at) this.damaged(`${count} bytes are announced, ${this.end - this.at} are there`);
    this.at += count;
  }

  /** A count of things that take at least one byte each, at most `max`. */
  count(max: number, what: string): number {
    const count = this.u32();
    if (count > this.end - this.at)
      this.damaged(`${count} ${what} are announced, ${this.end - this.at} bytes are there`);
    if (count > max) refuse(ABI_ERRORS.moduleTooCostly, `The module has ${count} ${what}; at most ${max} are taken`);
    return count;
  }

  name(): string {
    const length = this.u32();
    if (length > NAME_BYTES_MAX) this.damaged(`a name has ${length} bytes, at most ${NAME_BYTES_MAX} are taken`);
    const start = this.at;
    this.skip(length);
    try {
      return decoder.decode(this.bytes.subarray(start, this.at));
    } catch {
      return this.damaged("a name is not UTF-8");
    }
  }

  /** A reader of the next `length` bytes, which this one skips. */
  part(length: number): ByteReader {
    const start = this.at;
    this.skip(length);
    return new ByteReader(this.bytes, start, this.at);
  }

  damaged(what: string): never {
    return refuse(ABI_ERRORS.moduleDamaged, `The module is damaged at byte ${this.at}: ${what}`);
  }
}
