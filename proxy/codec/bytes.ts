// HOT: bench proxy.
// The octets and character classes of RFC 9110 and 9112 as tables, and the two loops every parser needs.

export const CR = 0x0d;
export const LF = 0x0a;
export const SP = 0x20;
export const TAB = 0x09;
export const COLON = 0x3a;
export const SLASH = 0x2f;
export const COMMA = 0x2c;

/** A field name's byte folded to lower case; 0 where a name may not have it. `_` is a token character like any other. */
export const NAME = new Uint8Array(256);
/** 1 for what a field value may hold: visible, space, tab, obs-text. Never CR, LF, NUL or another control byte. */
export const VALUE = new Uint8Array(256);
/** 1 for what a request target may hold: visible ASCII. What it means is for `normalise` to judge. */
export const TARGET = new Uint8Array(256);

for (const byte of Buffer.from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")) NAME[byte] = byte;
for (let byte = 0x41; byte <= 0x5a; byte++) NAME[byte] = byte | 0x20;
for (let byte = 0x20; byte <= 0xff; byte++) if (byte !== 0x7f) VALUE[byte] = 1;
VALUE[TAB] = 1;
for (let byte = 0x21; byte <= 0x7e; byte++) TARGET[byte] = 1;

/** Whether `bytes` holds `wanted` at `start`. The caller has compared the lengths. */
export function matches(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

/** The same for bytes that were not folded yet; `wanted` is lower case. */
export function matchesFolded(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let i = 0; i < wanted.length; i++) if (NAME[bytes[start + i]!] !== wanted[i]) return false;
  return true;
}

/**
 * Copies `from[start, end)` to `to[at…]`. By hand below 32 bytes, where a call costs more than the loop; by Node's own copy
 * above, which needs no view: what views leave behind was most of what a request left to the collector.
 */
export function copy(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  const length = end - start;
  if (length > 32) {
    // Node would copy what fits and say nothing.
    if (at + length > to.length || end > from.length) throw new RangeError("a copy does not fit");
    nodeCopy.call(from as Buffer, to, at, start, end);
  } else for (let i = 0; i < length; i++) to[at + i] = from[start + i]!;
}

const nodeCopy = Buffer.prototype.copy;

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
