// The grammar of chunk extensions (RFC 9112 section 7.1.1), a byte at a time: `;name`, `;name=token`, `;name="quoted"`. The
// space that old grammars allowed around them is refused.

import { CR, NAME, VALUE } from "../bytes.ts";

/** Where in the extensions of a chunk a reader is. */
export const EXTENSION = {
  nameStart: 0,
  name: 1,
  valueStart: 2,
  token: 3,
  quoted: 4,
  escaped: 5,
  valueEnd: 6,
  /** The byte was the CR that ends the line. */
  over: 7,
  malformed: 8,
} as const;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Where `byte` leads to from `at`. */
export function extensionAfter(at: number, byte: number): number {
  switch (at) {
    case EXTENSION.nameStart:
      return NAME[byte] === 0 ? EXTENSION.malformed : EXTENSION.name;
    case EXTENSION.name:
      if (NAME[byte] !== 0) return EXTENSION.name;
      return byte === EQUALS ? EXTENSION.valueStart : behindValue(byte);
    case EXTENSION.valueStart:
      if (byte === QUOTE) return EXTENSION.quoted;
      return NAME[byte] === 0 ? EXTENSION.malformed : EXTENSION.token;
    case EXTENSION.token:
      return NAME[byte] === 0 ? behindValue(byte) : EXTENSION.token;
    case EXTENSION.quoted:
      if (byte === QUOTE) return EXTENSION.valueEnd;
      if (byte === BACKSLASH) return EXTENSION.escaped;
      return VALUE[byte] === 0 ? EXTENSION.malformed : EXTENSION.quoted;
    case EXTENSION.escaped:
      return VALUE[byte] === 0 ? EXTENSION.malformed : EXTENSION.quoted;
    default:
      return behindValue(byte);
  }
}

function behindValue(byte: number): number {
  if (byte === SEMICOLON) return EXTENSION.nameStart;
  return byte === CR ? EXTENSION.over : EXTENSION.malformed;
}
