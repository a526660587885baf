// HOT: bench proxy.
// A slot's split on a worker: which revision a stream's key falls to. The revisions after the first take bands of the line
// from 0 upwards in their order, the stable one the rest: so a key keeps its revision while that one's share grows.

import type { Head, SplitChoice, StreamContext } from "@sluice/abi";
import type { KeyFractions } from "./key-fractions.ts";
import type { StreamKey } from "./stream-key.ts";

const STABLE = 0;

export interface KeyedSplitParts {
  readonly key: StreamKey;
  readonly fractions: KeyFractions;
  /** In percent, by place of the revision. */
  readonly weights: readonly number[];
  /** A stream without a key was given to the stable revision. */
  readonly keyless: () => void;
}

export class KeyedSplit implements SplitChoice {
  private readonly key: StreamKey;
  private readonly fractions: KeyFractions;
  /** Upper end of the band of each revision after the first. */
  private readonly ends: Float64Array;
  private readonly keyless: () => void;

  constructor({ key, fractions, weights, keyless }: KeyedSplitParts) {
    this.key = key;
    this.fractions = fractions;
    this.ends = bandEnds(weights);
    this.keyless = keyless;
  }

  choose(head: Head, context: StreamContext): number {
    const { key } = this;
    if (!key.find(head, context)) {
      this.keyless();
      return STABLE;
    }
    return this.armAt(this.fractions.of(key.bytes, key.start, key.length));
  }

  private armAt(fraction: number): number {
    const { ends } = this;
    for (let i = 0; i < ends.length; i++) if (fraction < ends[i]!) return i + 1;
    return STABLE;
  }
}

/** Whole percents are summed first, so that bands meet where they should. */
function bandEnds(weights: readonly number[]): Float64Array {
  const ends = new Float64Array(weights.length - 1);
  let sum = 0;
  for (let arm = 1; arm < weights.length; arm++) {
    sum += weights[arm]!;
    ends[arm - 1] = sum / 100;
  }
  return ends;
}
