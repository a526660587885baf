// The seam of report sinks: where records of finished streams go. Implementations stand in index.ts; each runs the kit
// of report-sink.kit.ts.

/** Takes batches of complete JSON lines. Must not block and must not throw: what cannot be taken is counted. */
export interface ReportSink {
  readonly name: string;
  /** Records that were not taken. */
  readonly dropped: number;
  /** What went wrong last, null while all is well. */
  readonly failure: string | null;
  /** `lines` belongs to the sink from now on; `count` is the number of records in it. */
  write(lines: Uint8Array, count: number): void;
  /** Resolves when everything taken so far is written. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
