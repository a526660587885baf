// One measured figure and how it is shown: a table for people, one JSON line per figure for machines.

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The bound of the design, null where there is none. */
  readonly budget: number | null;
  /** Whether `value` keeps the budget; null without one. */
  readonly ok: boolean | null;
}

/** A figure that should not exceed its budget. */
export function atMost(name: string, value: number, unit: string, budget: number): Figure {
  return { name, value: rounded(value), unit, budget, ok: value <= budget };
}

/** A figure that should reach its budget. */
export function atLeast(name: string, value: number, unit: string, budget: number): Figure {
  return { name, value: rounded(value), unit, budget, ok: value >= budget };
}

/** A figure that is only told. */
export function told(name: string, value: number, unit: string): Figure {
  return { name, value: rounded(value), unit, budget: null, ok: null };
}

export function printFigures(figures: readonly Figure[], asJson: boolean): void {
  if (asJson) {
    for (const figure of figures) console.log(JSON.stringify(figure));
    return;
  }
  const width = Math.max(...figures.map((figure) => figure.name.length));
  for (const { name, value, unit, budget, ok } of figures) {
    const verdict = ok === null ? "" : `${ok ? "within" : "MISSES"} its budget of ${budget} ${unit}`;
    console.log(`${name.padEnd(width)}  ${String(value).padStart(10)} ${unit.padEnd(6)} ${verdict}`.trimEnd());
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
