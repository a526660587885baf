// HOT: bench proxy.
// A worker's observer: counts what every slot said, tells failures, and writes the record when a sink wants one.

import type { ExchangeFacts, StreamObserver } from "../exchange/facts.ts";
import { countSlot } from "../counters/revision-counter.ts";
import type { MirrorFacts } from "../mirror/mirror-facts.ts";
import type { SlotErrorNotice } from "../worker/messages.ts";
import { SpanBatch } from "../tracing/span-batch.ts";
import { streamSpan } from "../tracing/stream-span.ts";
import type { StreamSpan } from "../tracing/stream-span.ts";
import { ErrorNotices } from "./error-notices.ts";
import { mirrorLine } from "./mirror-line.ts";
import { RecordBatch } from "./record-batch.ts";
import { recordLine } from "./record-line.ts";

export interface StreamRecorderOptions {
  readonly node: string;
  /** False while neither a sink nor a tail wants records: then no line is made. */
  readonly recordsWanted: boolean;
  readonly records: (lines: Uint8Array, count: number) => void;
  readonly slotError: (notice: SlotErrorNotice) => void;
  readonly spans: (spans: readonly StreamSpan[]) => void;
}

export class StreamRecorder implements StreamObserver {
  /** Changes when somebody begins to look or stops. */
  recordsWanted: boolean;
  private readonly node: string;
  private readonly batch: RecordBatch;
  private readonly spans: SpanBatch;
  private readonly errors: ErrorNotices;

  constructor(options: StreamRecorderOptions) {
    this.node = options.node;
    this.recordsWanted = options.recordsWanted;
    this.batch = new RecordBatch(options.records);
    this.spans = new SpanBatch(options.spans);
    this.errors = new ErrorNotices(options.slotError);
  }

  detached(facts: ExchangeFacts): void {
    this.countSlots(facts, facts.uncounted!);
  }

  ended(facts: ExchangeFacts): void {
    if (facts.uncounted !== null) this.countSlots(facts, facts.uncounted);
    if (this.recordsWanted) this.batch.add(recordLine(facts, this.node));
    if (facts.isTraced) this.spans.add(streamSpan(facts));
  }

  mirrored(facts: MirrorFacts): void {
    if (this.recordsWanted) this.batch.add(mirrorLine(facts, this.node));
  }

  flush(): void {
    this.batch.flush();
    this.spans.flush();
  }

  private countSlots(facts: ExchangeFacts, slots: NonNullable<ExchangeFacts["uncounted"]>): void {
    const { counterRows } = facts.snapshot;
    for (let i = 0; i < slots.slotCount; i++) {
      const figures = slots.slotFigures(i);
      countSlot(counterRows[figures.index]![figures.arm]!, figures);
      if (figures.failureCause !== 0) this.errors.note(slots.slotReport(i), facts.startedMs + facts.durationUs / 1000);
    }
  }
}
