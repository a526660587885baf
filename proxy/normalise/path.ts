// HOT: bench proxy.
// The one form of a path that routes, filters and upstream see (RFC 3986 section 6.2.2, plus merged slashes): dot
// segments and unreserved percent-codes resolved, in one pass, so that nothing is decoded twice. What two readers could
// understand differently is refused: encoded slashes, backslashes, NUL, fragments, dot segments with
// parameters, broken percent-codes or UTF-8.

const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const QUESTION = 0x3f;
const HASH = 0x23;
const DOT = 0x2e;
const SEMICOLON = 0x3b;

/** What `normalisePath` found when it wrote nothing. */
export const PATH = { refused: -1, unchanged: -2 } as const;

/** Per byte: 0 ordinary, 1 has the slow path look, 2 refused wherever it stands in a path. */
const CLASS = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) if (byte <= 0x20 || byte >= 0x7f) CLASS[byte] = 2;
CLASS[BACKSLASH] = CLASS[HASH] = 2;
CLASS[PERCENT] = 1;

const UNRESERVED = new Uint8Array(256);
for (const byte of Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
  UNRESERVED[byte] = 1;

/**
 * Normalises the path in `bytes[start, end)`, a query behind it untouched, into `out` (as long as the input at least).
 * Returns the new length, or PATH.unchanged, or PATH.refused.
 */
export function normalisePath(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  if (start === end || bytes[start] !== SLASH) return PATH.refused;
  let last = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === QUESTION) return isQuery(bytes, at, end) ? PATH.unchanged : PATH.refused;
    const byteClass = CLASS[byte]!;
    if (byteClass === 2) return PATH.refused;
    // A slash or dot behind a slash may begin an empty or a dot segment.
    if (byteClass === 1 || (last === SLASH && (byte === SLASH || byte === DOT))) return rewrite(bytes, start, end, out);
    last = byte;
  }
  return PATH.unchanged;
}

function rewrite(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let length = 0;
  let at = start;
  let utf8 = 0;
  while (at < end && bytes[at] !== QUESTION) {
    let byte = bytes[at++]!;
    if (CLASS[byte] === 2) return PATH.refused;
    let isEncoded = false;
    if (byte === PERCENT) {
      byte = at + 2 <= end ? hexPair(bytes[at]!, bytes[at + 1]!) : -1;
      if (byte <= 0 || byte === SLASH || byte === BACKSLASH) return PATH.refused;
      at += 2;
      isEncoded = UNRESERVED[byte] === 0;
    }
    utf8 = nextUtf8(utf8, byte);
    if (utf8 < 0 || (byte === SEMICOLON && endsWithDots(out, length))) return PATH.refused;
    if (isEncoded) length = putEncoded(out, length, byte);
    else if (byte === SLASH) length = closeSegment(out, length, true);
    else out[length++] = byte;
  }
  if (utf8 !== 0 || !isQuery(bytes, at, end)) return PATH.refused;
  length = closeSegment(out, length, false);
  while (at < end) out[length++] = bytes[at++]!;
  return length;
}

/** Ends the segment that `out[0, length)` ends with: drops `.` and empty ones, takes one more away for `..`. */
function closeSegment(out: Uint8Array, length: number, withSlash: boolean): number {
  if (length === 0) {
    out[0] = SLASH;
    return 1;
  }
  const isDot = out[length - 1] === DOT;
  if (isDot && out[length - 2] === SLASH) return length - 1;
  if (isDot && out[length - 2] === DOT && out[length - 3] === SLASH) {
    length -= 3;
    while (length > 0 && out[length - 1] !== SLASH) length--;
    return Math.max(length, 1);
  }
  if (withSlash && out[length - 1] !== SLASH) out[length++] = SLASH;
  return length;
}

/** Readers that cut parameters off segments see a dot segment in `..;x`, others a name: neither may be right for us. */
function endsWithDots(out: Uint8Array, length: number): boolean {
  if (out[length - 1] !== DOT) return false;
  return out[length - 2] === SLASH || (out[length - 2] === DOT && out[length - 3] === SLASH);
}

function putEncoded(out: Uint8Array, length: number, byte: number): number {
  out[length++] = PERCENT;
  out[length++] = HEX[byte >> 4]!;
  out[length++] = HEX[byte & 15]!;
  return length;
}
const HEX = Buffer.from("0123456789ABCDEF");

function hexPair(high: number, low: number): number {
  const h = hexDigit(high);
  const l = hexDigit(low);
  return h < 0 || l < 0 ? -1 : h * 16 + l;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const folded = byte | 0x20;
  return folded >= 0x61 && folded <= 0x66 ? folded - 0x57 : -1;
}

/** A query is passed on as it is; only what ends it or cannot be in a target at all is refused. */
function isQuery(bytes: Uint8Array, at: number, end: number): boolean {
  for (; at < end; at++) {
    const byte = bytes[at]!;
    if (byte <= 0x20 || byte >= 0x7f || byte === HASH) return false;
  }
  return true;
}

/**
 * Steps a UTF-8 checker (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF). The state is 0 between
 * characters, else bytes to come, then the lowest and highest value of the next; -1 is malformed.
 */
function nextUtf8(state: number, byte: number): number {
  if (state === 0) {
    if (byte < 0x80) return 0;
    if (byte < 0xc2 || byte > 0xf4) return -1;
    if (byte < 0xe0) return pending(1, 0x80, 0xbf);
    if (byte < 0xf0) return pending(2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf);
    return pending(3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf);
  }
  if (byte < ((state >> 8) & 0xff) || byte > (state & 0xff)) return -1;
  const toCome = (state >> 16) - 1;
  return toCome === 0 ? 0 : pending(toCome, 0x80, 0xbf);
}

function pending(bytes: number, low: number, high: number): number {
  return (bytes << 16) | (low << 8) | high;
}
