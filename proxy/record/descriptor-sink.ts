// A sink that appends to a file descriptor, standard output included, without ever blocking: one write is under way,
// the rest waits in a bounded queue, and what does not fit is dropped and counted.

import { close, write } from "node:fs";
import { SINK_QUEUE_BYTES_MAX } from "./limits.ts";
import type { ReportSink } from "./report-sink.ts";

export interface DescriptorSinkOptions {
  readonly name: string;
  /** Opens the place to write to; called again after `rotateAtBytes`. */
  readonly open: () => number;
  /** Standard output is not ours to close. */
  readonly closes: boolean;
  readonly rotateAtBytes?: number | null;
  readonly queueBytesMax?: number;
}

export class DescriptorSink implements ReportSink {
  readonly name: string;
  dropped = 0;
  failure: string | null = null;
  private readonly options: DescriptorSinkOptions;
  private readonly queueBytesMax: number;
  private queue: Uint8Array[] = [];
  private queuedBytes = 0;
  private writing = false;
  private writtenBytes = 0;
  private descriptor: number;
  private idle: (() => void)[] = [];

  constructor(options: DescriptorSinkOptions) {
    this.name = options.name;
    this.options = options;
    this.queueBytesMax = options.queueBytesMax ?? SINK_QUEUE_BYTES_MAX;
    this.descriptor = options.open();
  }

  write(lines: Uint8Array, count: number): void {
    if (this.queuedBytes + lines.byteLength > this.queueBytesMax) {
      this.dropped += count;
      return;
    }
    this.queue.push(lines);
    this.queuedBytes += lines.byteLength;
    this.pump();
  }

  flush(): Promise<void> {
    if (!this.writing) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  async close(): Promise<void> {
    await this.flush();
    if (this.options.closes) close(this.descriptor, () => undefined);
  }

  private pump(): void {
    if (this.writing || this.queue.length === 0) return;
    this.rotateWhenFull();
    this.writing = true;
    const batch = Buffer.concat(this.queue);
    this.queue = [];
    this.writeAll(batch, 0);
  }

  private writeAll(batch: Buffer, from: number): void {
    write(this.descriptor, batch, from, batch.length - from, null, (error, written) => {
      if (error !== null && error.code === "EAGAIN") {
        // A pipe that somebody made non-blocking and does not read: try again when the loop comes round.
        setImmediate(() => this.writeAll(batch, from));
        return;
      }
      this.failure = error === null ? null : error.message;
      if (error === null && from + written < batch.length) return this.writeAll(batch, from + written);
      this.writtenBytes += batch.length;
      this.queuedBytes -= batch.length;
      this.writing = false;
      this.pump();
      if (!this.writing) this.idle.splice(0).forEach((resolve) => resolve());
    });
  }

  private rotateWhenFull(): void {
    const { rotateAtBytes, closes, open } = this.options;
    if (rotateAtBytes === undefined || rotateAtBytes === null || !closes || this.writtenBytes < rotateAtBytes) return;
    close(this.descriptor, () => undefined);
    this.descriptor = open();
    this.writtenBytes = 0;
  }
}
