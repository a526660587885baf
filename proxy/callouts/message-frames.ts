// gRPC's framing of messages on a stream: one byte that says "compressed", four of length (big endian), the message.

import { MESSAGE_BYTES_MAX } from "./limits.ts";

const PREFIX_BYTES = 5;
const PLAIN = 0;
const NOTHING: Buffer = Buffer.alloc(0);

export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = PLAIN;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** Why no more messages come out of a stream. */
export type FrameProblem = "compressed" | "tooLarge";

/** Takes messages out of a stream's bytes, however they are cut. */
export class MessageReader {
  /** Set once; nothing is read after it. */
  problem: FrameProblem | null = null;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;

  /** Bytes of a message that is not whole. */
  get heldBytes(): number {
    return this.bytes;
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** The next whole message, null when there is none yet. */
  next(): Buffer | null {
    if (this.problem !== null || this.bytes < PREFIX_BYTES) return null;
    const prefix = this.peek(PREFIX_BYTES);
    const length = prefix.readUInt32BE(1);
    // We never offer a compression, so a peer that compresses breaks the protocol.
    if (prefix[0] !== PLAIN) this.problem = "compressed";
    else if (length > MESSAGE_BYTES_MAX) this.problem = "tooLarge";
    if (this.problem !== null || this.bytes < PREFIX_BYTES + length) return null;
    return this.take(PREFIX_BYTES + length).subarray(PREFIX_BYTES);
  }

  private peek(length: number): Buffer {
    const first = this.chunks[0]!;
    return first.length >= length ? first : Buffer.concat(this.chunks, length);
  }

  private take(length: number): Buffer {
    if (this.chunks[0]!.length < length) this.chunks.splice(0, this.chunks.length, Buffer.concat(this.chunks));
    const whole = this.chunks[0]!;
    this.bytes -= length;
    if (whole.length === length) this.chunks.shift();
    else this.chunks[0] = whole.subarray(length);
    return length === 0 ? NOTHING : whole.subarray(0, length);
  }
}
