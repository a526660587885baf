// How long the steps of one act took, for the log.

export class StepTimes {
  private readonly ms = new Map<string, number>();

  async of<T>(step: string, work: Promise<T>): Promise<T> {
    const startedMs = performance.now();
    try {
      return await work;
    } finally {
      this.note(step, performance.now() - startedMs);
    }
  }

  /** Steps that are done more than once add up. */
  note(step: string, ms: number): void {
    this.ms.set(step, (this.ms.get(step) ?? 0) + ms);
  }

  /** Milliseconds by step, in the order in which they ended; tenths are enough. */
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.ms].map(([step, ms]) => [step, Math.round(ms * 10) / 10]));
  }
}
