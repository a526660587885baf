// A WebAssembly source map (version 3): all on one generated line, columns are byte offsets of the pushed module. Read only
// when a guest has failed, so it is kept as text until then.

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CONTINUES = 32;
const DIGIT_BITS = 5;
/** Larger maps are not read: a failure's message is not worth the memory. */
export const SOURCE_MAP_BYTES_MAX = 16 * 1024 * 1024;

/** `file:line` of an offset in the module; null where the map says nothing. */
export type PlaceOf = (offset: number) => string | null;

/** null: not a source map, or too large. */
export function readSourceMap(text: string): PlaceOf | null {
  if (text.length > SOURCE_MAP_BYTES_MAX) return null;
  const map = parse(text);
  if (map === null) return null;
  const segments = decodeSegments(map.mappings);
  return (offset) => {
    const segment = lastAtOrBefore(segments, offset);
    const source = segment === null ? undefined : map.sources[segment.source];
    return source === undefined ? null : `${source}:${segment!.line + 1}`;
  };
}

interface SourceMap {
  readonly sources: readonly string[];
  readonly mappings: string;
}

function parse(text: string): SourceMap | null {
  try {
    const map = JSON.parse(text) as Partial<SourceMap> | null;
    if (map === null || typeof map.mappings !== "string" || !Array.isArray(map.sources)) return null;
    return { sources: map.sources.map(String), mappings: map.mappings };
  } catch {
    // A map that is broken leaves the failure without lines; the failure itself matters more.
    return null;
  }
}

interface Segment {
  readonly offset: number;
  readonly source: number;
  readonly line: number;
}

/** Fields are differences to the segment before. Segments without a source end what was before them and are left out. */
function decodeSegments(mappings: string): Segment[] {
  const segments: Segment[] = [];
  let [offset, source, line] = [0, 0, 0];
  for (const text of mappings.split(",")) {
    const fields = decodeDigits(text);
    offset += fields[0] ?? 0;
    if (fields.length < 4) continue;
    source += fields[1]!;
    line += fields[2]!;
    segments.push({ offset, source, line });
  }
  return segments;
}

/** Base64 digits of five bits each, lowest first; the lowest bit of a number is its sign. */
function decodeDigits(text: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const char of text) {
    const digit = DIGITS.indexOf(char);
    if (digit < 0) return [];
    value += (digit & (CONTINUES - 1)) * 2 ** shift;
    shift += DIGIT_BITS;
    if ((digit & CONTINUES) !== 0) continue;
    numbers.push(value % 2 === 1 ? -Math.floor(value / 2) : value / 2);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function lastAtOrBefore(segments: readonly Segment[], offset: number): Segment | null {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (segments[middle]!.offset <= offset) low = middle + 1;
    else high = middle;
  }
  return segments[low - 1] ?? null;
}
