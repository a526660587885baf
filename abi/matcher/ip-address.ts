// HOT: bench abi.
// An IP address in text as 16 bytes, IPv4 as ::ffff:a.b.c.d, without making anything. A port behind it (`1.2.3.4:80`,
// `[::1]:80`, as source.address has one) is left out. What is not plainly an address is none: no octal, no zone.

const BYTES = 16;
const MAPPED_AT = 10;
const V4_AT = 12;
const COLON = 0x3a;
const DOT = 0x2e;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** Fills `out`; false when bytes[start, end) is no address. */
export function parseIpAddress(bytes: Uint8Array, start: number, end: number, out: Uint8Array): boolean {
  if (start === end) return false;
  if (bytes[start] === OPEN) {
    const close = bytes.indexOf(CLOSE, start);
    if (close < 0 || close >= end || !isPortOrEnd(bytes, close + 1, end)) return false;
    return parseV6(bytes, start + 1, close, out);
  }
  const colon = indexIn(bytes, COLON, start, end);
  if (colon < 0) return parseV4Mapped(bytes, start, end, out);
  const isV4 = indexIn(bytes, DOT, start, colon) >= 0;
  if (!isV4) return parseV6(bytes, start, end, out);
  return isPortOrEnd(bytes, colon, end) && parseV4Mapped(bytes, start, colon, out);
}

function isPortOrEnd(bytes: Uint8Array, at: number, end: number): boolean {
  if (at === end) return true;
  return bytes[at] === COLON && number(bytes, at + 1, end, 5) >= 0;
}

function parseV4Mapped(bytes: Uint8Array, start: number, end: number, out: Uint8Array): boolean {
  out.fill(0, 0, MAPPED_AT);
  out.fill(0xff, MAPPED_AT, V4_AT);
  return parseV4(bytes, start, end, out, V4_AT);
}

function parseV4(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): boolean {
  let from = start;
  for (let part = 0; part < 4; part++) {
    const dot = part === 3 ? end : indexIn(bytes, DOT, from, end);
    if (dot < 0) return false;
    const value = number(bytes, from, dot, 3);
    const hasLeadingZero = dot - from > 1 && bytes[from] === 0x30;
    if (value < 0 || value > 255 || hasLeadingZero) return false;
    out[at + part] = value;
    from = dot + 1;
  }
  return true;
}

function parseV6(bytes: Uint8Array, start: number, end: number, out: Uint8Array): boolean {
  out.fill(0, 0, BYTES);
  let filled = 0;
  let gapAt = -1;
  let at = start;
  if (end - at >= 2 && bytes[at] === COLON && bytes[at + 1] === COLON) {
    gapAt = 0;
    at += 2;
  }
  while (at < end) {
    if (filled === BYTES) return false;
    let to = indexIn(bytes, COLON, at, end);
    if (to < 0) to = end;
    if (to === end && indexIn(bytes, DOT, at, end) >= 0) {
      if (filled > BYTES - 4 || !parseV4(bytes, at, end, out, filled)) return false;
      filled += 4;
      break;
    }
    const group = hexGroup(bytes, at, to);
    if (group < 0) return false;
    out[filled++] = group >>> 8;
    out[filled++] = group & 0xff;
    if (to === end) break;
    at = to + 1;
    if (at < end && bytes[at] === COLON) {
      if (gapAt >= 0) return false;
      gapAt = filled;
      at++;
    } else if (at === end) return false;
  }
  return gapAt < 0 ? filled === BYTES : openGap(out, gapAt, filled);
}

/** Moves what stands behind `::` to the end. */
function openGap(out: Uint8Array, gapAt: number, filled: number): boolean {
  if (filled === BYTES) return false;
  out.copyWithin(BYTES - (filled - gapAt), gapAt, filled);
  out.fill(0, gapAt, BYTES - (filled - gapAt));
  return true;
}

function hexGroup(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 4) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]! | 0x20;
    const digit = byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : bytes[i]! - 0x30;
    if (digit < 0 || digit > 15 || (digit > 9 && byte < 0x61)) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Decimal digits; -1 for anything else, none, or more than `digitsMax`. */
export function number(bytes: Uint8Array, start: number, end: number, digitsMax: number): number {
  if (end <= start || end - start > digitsMax) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function indexIn(bytes: Uint8Array, byte: number, start: number, end: number): number {
  for (let i = start; i < end; i++) if (bytes[i] === byte) return i;
  return -1;
}
