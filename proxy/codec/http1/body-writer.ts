// HOT: bench proxy.
// The framing of a body that goes out: by length (and never a byte more or less than was promised), by chunks, or up to
// the connection's end.

import { copy, CR, LF } from "../bytes.ts";
import type { OutputStage, StageOwner } from "../stage.ts";

const FRAMING = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;

/** Hex digits of a chunk's size, line ends, last chunk and the end of an empty trailer section. */
const CHUNK_OVERHEAD_BYTES = 32;
const ZERO = 0x30;

export class BodyWriter {
  private framing: number = FRAMING.none;
  private remaining = 0;

  startNone(): void {
    this.framing = FRAMING.none;
  }

  startLength(bytes: number): void {
    this.framing = FRAMING.length;
    this.remaining = bytes;
  }

  startChunked(): void {
    this.framing = FRAMING.chunked;
  }

  startUntilClose(): void {
    this.framing = FRAMING.untilClose;
  }

  get isChunked(): boolean {
    return this.framing === FRAMING.chunked;
  }

  /** Whether a body may end here. */
  get isComplete(): boolean {
    return this.framing !== FRAMING.length || this.remaining === 0;
  }

  /** Stages `bytes[start, end)`; false when that breaks the promised length, and the message must be cut. */
  write(
    stage: OutputStage,
    owner: StageOwner,
    bytes: Uint8Array,
    start: number,
    end: number,
    endOfStream: boolean,
  ): boolean {
    switch (this.framing) {
      case FRAMING.length:
        if (end - start > this.remaining) return false;
        this.remaining -= end - start;
        stage.put(owner, bytes, start, end);
        return !endOfStream || this.remaining === 0;
      case FRAMING.chunked:
        this.writeChunk(stage, owner, bytes, start, end);
        if (endOfStream) this.writeLastChunk(stage, owner, true);
        return true;
      case FRAMING.untilClose:
        stage.put(owner, bytes, start, end);
        return true;
      default:
        return true;
    }
  }

  /** The last chunk; with `alsoEnd` the message's end too, else trailers follow. */
  writeLastChunk(stage: OutputStage, owner: StageOwner, alsoEnd: boolean): void {
    stage.take(owner, CHUNK_OVERHEAD_BYTES);
    const out = stage.bytes;
    let at = stage.length;
    out[at++] = ZERO;
    out[at++] = CR;
    out[at++] = LF;
    if (alsoEnd) {
      out[at++] = CR;
      out[at++] = LF;
    }
    stage.length = at;
  }

  private writeChunk(stage: OutputStage, owner: StageOwner, bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    // An empty chunk would say that the body is over.
    if (size === 0) return;
    stage.take(owner, size + CHUNK_OVERHEAD_BYTES);
    const out = stage.bytes;
    let at = stage.length;
    let shift = 28;
    while (shift > 0 && size >>> shift === 0) shift -= 4;
    for (; shift >= 0; shift -= 4) {
      const digit = (size >>> shift) & 15;
      out[at++] = digit < 10 ? ZERO + digit : 0x57 + digit;
    }
    out[at++] = CR;
    out[at++] = LF;
    copy(bytes, start, end, out, at);
    at += size;
    out[at++] = CR;
    out[at++] = LF;
    stage.length = at;
  }
}
