// HOT: bench proxy.
// The one form of an authority: lower case, without one trailing dot and without the default port. User information,
// percent-codes and anything that is not a name, an IPv4 address or a bracketed IPv6 address with a port is refused.

const COLON = 0x3a;
const DOT = 0x2e;
const OPEN = 0x5b;
const CLOSE = 0x5d;

/** What `normaliseHost` found when it wrote nothing. */
export const HOST = { refused: -1, unchanged: -2 } as const;

/** Longest DNS name, with room for a port. */
const HOST_BYTES_MAX = 261;
const PORT_MAX = 65_535;

/** Folded byte of a host name; 0 where a name may not have it. Underscores occur in private names. */
const NAME_BYTE = new Uint8Array(256);
for (const byte of Buffer.from("abcdefghijklmnopqrstuvwxyz0123456789-._")) NAME_BYTE[byte] = byte;
for (let byte = 0x41; byte <= 0x5a; byte++) NAME_BYTE[byte] = byte | 0x20;
const IPV6_BYTE = new Uint8Array(256);
for (const byte of Buffer.from("abcdef0123456789:.")) IPV6_BYTE[byte] = byte;
for (let byte = 0x41; byte <= 0x46; byte++) IPV6_BYTE[byte] = byte | 0x20;

/** Normalises `bytes[start, end)` into `out`; returns the new length, HOST.unchanged or HOST.refused. */
export function normaliseHost(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  defaultPort: number,
): number {
  if (end - start > HOST_BYTES_MAX) return HOST.refused;
  const nameLength = bytes[start] === OPEN ? foldLiteral(bytes, start, end, out) : foldName(bytes, start, end, out);
  if (nameLength < 0) return HOST.refused;
  const nameEnd = start + nameLength;
  const dotless = dropTrailingDot(out, nameLength);
  if (dotless <= 0) return HOST.refused;
  const length = putPort(bytes, nameEnd, end, out, dotless, defaultPort);
  if (length < 0) return HOST.refused;
  return isSame(bytes, start, end, out, length) ? HOST.unchanged : length;
}

/** The name up to a port or the end; no empty label but the root's. */
function foldName(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let at = start;
  for (; at < end && bytes[at] !== COLON; at++) {
    const folded = NAME_BYTE[bytes[at]!]!;
    if (folded === 0) return -1;
    if (folded === DOT && (at === start || bytes[at - 1] === DOT)) return -1;
    out[at - start] = folded;
  }
  return at - start;
}

function foldLiteral(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  out[0] = OPEN;
  for (let at = start + 1; at < end; at++) {
    if (bytes[at] === CLOSE) {
      out[at - start] = CLOSE;
      // "::" is the shortest address.
      return at - start >= 3 ? at - start + 1 : -1;
    }
    const folded = IPV6_BYTE[bytes[at]!]!;
    if (folded === 0) return -1;
    out[at - start] = folded;
  }
  return -1;
}

function dropTrailingDot(out: Uint8Array, length: number): number {
  return length > 0 && out[length - 1] === DOT ? length - 1 : length;
}

function putPort(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  length: number,
  defaultPort: number,
): number {
  if (at === end) return length;
  if (bytes[at] !== COLON || at + 1 === end || end - at > 6) return -1;
  let port = 0;
  for (let digit = at + 1; digit < end; digit++) {
    const value = bytes[digit]! - 0x30;
    if (value < 0 || value > 9) return -1;
    port = port * 10 + value;
  }
  if (port > PORT_MAX || bytes[at + 1] === 0x30) return -1;
  if (port === defaultPort) return length;
  for (; at < end; at++) out[length++] = bytes[at]!;
  return length;
}

function isSame(bytes: Uint8Array, start: number, end: number, out: Uint8Array, length: number): boolean {
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[start + i] !== out[i]) return false;
  return true;
}
