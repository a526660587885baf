// Durations and sizes as documents write them, and as numbers. The parsers take what the schemas let through;
// anything else is a mistake of ours and throws.

export const DURATION_PATTERN = "^(0|[1-9][0-9]{0,8})(\\.[0-9]{1,6})?(ms|s|m|h)$";
/** The texts that `sizeBytes` reads. */
export const SIZE_PATTERN = "^(0|[1-9][0-9]{0,14})(B|KiB|MiB|GiB)$";

const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** `1.5s` in milliseconds. */
export function durationMs(text: string): number {
  const [, whole, fraction = "", unit] = matched(text, DURATION_PATTERN);
  return Number(`${whole}${fraction}`) * MS[unit as keyof typeof MS];
}

/** `16MiB` in bytes. */
export function sizeBytes(text: string): number {
  const [, count, unit] = matched(text, SIZE_PATTERN);
  return Number(count) * BYTES[unit as keyof typeof BYTES];
}

function matched(text: string, pattern: string): RegExpExecArray {
  const match = new RegExp(pattern).exec(text);
  if (match === null) throw new TypeError(`${JSON.stringify(text)} does not match ${pattern}`);
  return match;
}
