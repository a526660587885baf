// HOT: bench proxy.
// Histograms of whole numbers in cells of a slab: four buckets to a power of two, so a value read back is at most a
// quarter too high. 0 to 3 have a bucket each; then
//
//   bucket = (octave - 1) * 4 + the two bits behind the leading one      octave = place of the leading bit

/** Buckets of one histogram: values up to 2^31 - 1, those above count in the last. */
export const BUCKETS = 120;

const LARGEST = 2 ** 31 - 1;

export function bucketOf(value: number): number {
  const whole = value >= LARGEST ? LARGEST : value | 0;
  if (whole < 4) return whole < 0 ? 0 : whole;
  const octave = 31 - Math.clz32(whole);
  return (octave - 1) * 4 + ((whole >>> (octave - 2)) & 3);
}

/** The largest value that falls into the bucket. */
export function bucketTop(bucket: number): number {
  if (bucket < 4) return bucket;
  const octave = (bucket >> 2) + 1;
  return (5 + (bucket & 3)) * 2 ** (octave - 2) - 1;
}

/** The value below or at which `share` of what was counted lies, rounded up to its bucket's top; 0 when nothing was. */
export function quantile(buckets: ArrayLike<number>, share: number): number {
  let total = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) total += buckets[bucket]!;
  if (total === 0) return 0;
  const wanted = total * share;
  let below = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    below += buckets[bucket]!;
    if (below >= wanted) return bucketTop(bucket);
  }
  return bucketTop(BUCKETS - 1);
}
