// What a guest has written to stdout or stderr and not ended yet. Runtimes write a message in pieces – Go a panic in dozens
// of them – and a line of the log for each piece would be no message.

import type { LogLevel } from "../spec/enums.ts";
import { LOG_LINE_BYTES_MAX } from "./limits.ts";

const NEWLINE = 0x0a;

/** That of stdout and that of stderr. */
export type OutputLevel = typeof LogLevel.Info | typeof LogLevel.Error;

export class OutputLine {
  readonly level: OutputLevel;
  /** The last piece ended the line. */
  isEnded = false;
  /** One byte more than is shown, so that it can be seen that there was more. */
  private readonly kept = new Uint8Array(LOG_LINE_BYTES_MAX + 1);
  private length = 0;

  constructor(level: OutputLevel) {
    this.level = level;
  }

  get isFull(): boolean {
    return this.length === this.kept.length;
  }

  /** Adds a piece as far as there is room; a newline at its end ends the line. */
  append(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.isEnded = piece[piece.length - 1] === NEWLINE;
    const text = this.isEnded ? piece.subarray(0, -1) : piece;
    const room = Math.min(text.length, this.kept.length - this.length);
    this.kept.set(text.subarray(0, room), this.length);
    this.length += room;
  }

  get bytes(): Uint8Array {
    return this.kept.subarray(0, this.length);
  }
}
