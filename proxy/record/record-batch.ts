// Gathers a worker's records and hands them over in batches, so that a busy worker posts a few messages a second.

import { RECORD_BATCH_BYTES, RECORD_FLUSH_MS } from "./limits.ts";

export class RecordBatch {
  private text = "";
  private count = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly handOver: (lines: Uint8Array, count: number) => void;

  constructor(handOver: (lines: Uint8Array, count: number) => void) {
    this.handOver = handOver;
  }

  /** `line` is ASCII and ends with a newline. */
  add(line: string): void {
    this.text += line;
    this.count++;
    if (this.text.length >= RECORD_BATCH_BYTES) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), RECORD_FLUSH_MS);
  }

  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.count === 0) return;
    const { text, count } = this;
    this.text = "";
    this.count = 0;
    // Lines are ASCII: latin1 is a plain copy of them. Of its own, because the receiver takes the whole buffer over.
    const lines = Buffer.allocUnsafeSlow(text.length);
    lines.write(text, "latin1");
    this.handOver(lines, count);
  }
}
