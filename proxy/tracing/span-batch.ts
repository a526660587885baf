// Gathers a worker's spans and hands them over in batches. Bounded: main takes them faster than a worker makes them, and
// what waits there for the collector has a bound of its own.

import { SPAN_BATCH_MAX, SPAN_FLUSH_MS } from "./limits.ts";
import type { StreamSpan } from "./stream-span.ts";

export class SpanBatch {
  private spans: StreamSpan[] = [];
  private timer: NodeJS.Timeout | null = null;
  private readonly handOver: (spans: readonly StreamSpan[]) => void;

  constructor(handOver: (spans: readonly StreamSpan[]) => void) {
    this.handOver = handOver;
  }

  add(span: StreamSpan): void {
    this.spans.push(span);
    if (this.spans.length >= SPAN_BATCH_MAX) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), SPAN_FLUSH_MS);
  }

  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.spans.length === 0) return;
    const { spans } = this;
    this.spans = [];
    this.handOver(spans);
  }
}
