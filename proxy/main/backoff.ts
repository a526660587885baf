// Doubling waits with a bound, and half of each wait left to chance so that a fleet does not come back in step.

export class Backoff {
  private waitMs: number;
  private readonly firstMs: number;
  private readonly maxMs: number;
  private readonly random: () => number;

  constructor(firstMs: number, maxMs: number, random: () => number = Math.random) {
    this.firstMs = firstMs;
    this.maxMs = maxMs;
    this.waitMs = firstMs;
    this.random = random;
  }

  /** The next wait in milliseconds. */
  next(): number {
    const waitMs = this.waitMs;
    this.waitMs = Math.min(waitMs * 2, this.maxMs);
    return waitMs / 2 + (waitMs / 2) * this.random();
  }

  reset(): void {
    this.waitMs = this.firstMs;
  }
}
