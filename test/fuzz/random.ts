// Randomness that a seed repeats: the same numbers for the same seed and case, on every machine.

export class Random {
  private state: number;

  constructor(seed: number, caseNumber: number) {
    this.state = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(caseNumber + 1, 0x85eb_ca6b)) >>> 0;
    // Neighbouring cases begin far from each other.
    for (let i = 0; i < 4; i++) this.next();
  }

  /** 0 ≤ n < `end`. */
  below(end: number): number {
    return this.next() % end;
  }

  oneIn(chances: number): boolean {
    return this.below(chances) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** mulberry32. */
  private next(): number {
    this.state = (this.state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}
