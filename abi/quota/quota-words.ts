// HOT: bench abi.
// What an entry's word and meta mean (quota-memory.ts draws them). `ticks` is the present tick of the window's clock at
// the entry's exponent, unbounded.

const EPOCH_TICKS = 2 ** 29;
const EPOCH_MASK = 0xffff;
const EXPONENT_SHIFT = 16;
const EXPONENT_MASK = 0xf;
const WINDOW_SHIFT = 20;
/** Epochs after which every bucket is empty. */
const STALE_EPOCHS = 4;

export function metaOf(window: number, exponent: number, ticks: number): number {
  return ((window + 1) << WINDOW_SHIFT) | (exponent << EXPONENT_SHIFT) | (Math.floor(ticks / EPOCH_TICKS) & EPOCH_MASK);
}

/** Number of the window, -1 for an entry that was never changed. */
export function windowOf(meta: number): number {
  return (meta >>> WINDOW_SHIFT) - 1;
}

export function exponentOf(meta: number): number {
  return (meta >>> EXPONENT_SHIFT) & EXPONENT_MASK;
}

/** Epochs since the entry's last change; below 0 when it was changed after `ticks` were read. */
export function ageOf(meta: number, ticks: number): number {
  return (((Math.floor(ticks / EPOCH_TICKS) & EPOCH_MASK) - (meta & EPOCH_MASK)) << 16) >> 16;
}

/** Ticks until the bucket is empty. */
export function debtOf(word: number, meta: number, ticks: number): number {
  return isStale(meta, ticks) ? 0 : Math.max(0, (word - (ticks | 0)) | 0);
}

/** Empty for a tick at least: a new entry's word, which is the present tick, then differs from this one's. */
export function isIdle(word: number, meta: number, ticks: number): boolean {
  return isStale(meta, ticks) || ((word - (ticks | 0)) | 0) < 0;
}

function isStale(meta: number, ticks: number): boolean {
  const age = ageOf(meta, ticks);
  // Far below 0 is far above it: the epoch has gone round.
  return age >= STALE_EPOCHS || age < -1;
}
