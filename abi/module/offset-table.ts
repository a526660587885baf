// Where rewritten code came from. The meter inserts instructions, so a trap's offset in the metered module is not the
// offset that the author's source map knows.

/**
 * Runs of bytes copied unchanged, ascending: byte `rewritten[i] + k` of the metered module is byte `original[i] + k` of the
 * pushed one, up to the next run. Inserted bytes belong to the run before them. Structured-cloneable.
 */
export interface OffsetTable {
  readonly rewritten: Uint32Array;
  readonly original: Uint32Array;
}

/** The offset in the pushed module that `offset` of the metered one came from; -1 before the first run. */
export function originalOffset(table: OffsetTable, offset: number): number {
  const run = lastAtMost(table.rewritten, offset);
  if (run < 0) return -1;
  const mapped = table.original[run]! + offset - table.rewritten[run]!;
  const next = table.original[run + 1];
  // An offset inside inserted bytes means the instruction they were inserted before.
  return next === undefined ? mapped : Math.min(mapped, next);
}

/** The offset in the metered module of `offset` of the pushed one; -1 before the first run. */
export function rewrittenOffset(table: OffsetTable, offset: number): number {
  const run = lastAtMost(table.original, offset);
  return run < 0 ? -1 : table.rewritten[run]! + offset - table.original[run]!;
}

function lastAtMost(sorted: Uint32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
