// HOT: bench proxy.
// What one slot holds of one body: chunks it paused on, or the one it looks at. A chunk is only borrowed until the
// slot keeps it, so a filter that lets bytes pass costs no copy. A callback's edits can be undone until it has returned.

import type { StreamBody } from "../host/stream-context.ts";

const NO_BYTES = new Uint8Array(0);

/** Above this a buffer is given back to the collector when it is empty again. */
const KEPT_BYTES = 64 * 1024;

/** Bytes of all buffers on this thread that are not empty. */
let held = 0;

/** Bytes that slots on this thread hold of bodies: an embedding counts them with what else it keeps for streams. */
export function bodyBytesHeld(): number {
  return held;
}

export class BodyBuffer implements StreamBody {
  /** Bytes in it. */
  length = 0;
  /** Most bytes an edit may make of it. */
  lengthMax = 0;
  private bytes: Uint8Array = NO_BYTES;
  /** `bytes` is somebody else's chunk, and must not be written to. */
  private isBorrowed = false;
  private saved: Uint8Array | null = null;
  private savedLength = 0;
  private savedBorrowed = false;
  /** Its part of `held`. */
  private counted = 0;

  /** Adds a chunk. The chunk is only borrowed when it is the first; `own` must then be called before it is invalid. */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.length === 0) {
      this.bytes = chunk;
      this.isBorrowed = true;
      this.length = chunk.length;
      return;
    }
    this.ensureRoom(this.length + chunk.length);
    this.bytes.set(chunk, this.length);
    this.length += chunk.length;
  }

  /** Takes back the last `length` bytes pushed, or what an edit has left of them. */
  dropLast(length: number): void {
    this.length = Math.max(0, this.length - length);
  }

  /** Copies a borrowed chunk, so that it may be kept. */
  own(): void {
    if (this.isBorrowed) this.ensureRoom(this.length);
  }

  /** All of it, valid until the buffer changes. */
  content(): Uint8Array {
    return this.length === this.bytes.length ? this.bytes : this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
    this.count(0);
    this.saved = null;
    if (this.isBorrowed || this.bytes.length > KEPT_BYTES) this.bytes = NO_BYTES;
    this.isBorrowed = false;
  }

  copyInto(target: Uint8Array, at: number, start: number, length: number): void {
    target.set(this.bytes.subarray(start, start + length), at);
  }

  replace(start: number, length: number, bytes: Uint8Array): boolean {
    const from = Math.min(start, this.length);
    const to = Math.min(from + length, this.length);
    const size = this.length - (to - from) + bytes.length;
    // Shrinking is always allowed: what was buffered before may already be over a bound that was lowered.
    if (size > this.lengthMax && size > this.length) return false;
    const edited = new Uint8Array(size);
    edited.set(this.bytes.subarray(0, from));
    edited.set(bytes, from);
    edited.set(this.bytes.subarray(to, this.length), from + bytes.length);
    this.save();
    this.bytes = edited;
    this.isBorrowed = false;
    this.length = size;
    this.count(size);
    return true;
  }

  /** The edits of the callback that returned stay. */
  commit(): void {
    this.saved = null;
  }

  /** The edits of the callback that failed are undone. */
  rollback(): void {
    if (this.saved === null) return;
    this.bytes = this.saved;
    this.length = this.savedLength;
    this.isBorrowed = this.savedBorrowed;
    this.saved = null;
    this.count(this.isBorrowed ? 0 : this.bytes.length);
  }

  private save(): void {
    if (this.saved !== null) return;
    this.saved = this.bytes;
    this.savedLength = this.length;
    this.savedBorrowed = this.isBorrowed;
  }

  private ensureRoom(size: number): void {
    if (!this.isBorrowed && size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(size, this.isBorrowed ? size : this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.isBorrowed = false;
    this.count(larger.length);
  }

  private count(bytes: number): void {
    held += bytes - this.counted;
    this.counted = bytes;
  }
}
