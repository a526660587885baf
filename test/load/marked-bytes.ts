// Bytes that say whose they are and where they stand: a stray byte of another stream, or of another place of the same
// one, is seen wherever a reader meets it. Four in a row are one of 2^32 by chance.

function wordAt(owner: number, place: number): number {
  let word = Math.imul(owner + 1, 0x9e3779b1) ^ Math.imul(place + 1, 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d);
  return word ^ (word >>> 13);
}

/** Fills `bytes` with what stands at `offset` of the owner's stream. */
export function markBytes(bytes: Uint8Array, owner: number, offset: number): void {
  let word = wordAt(owner, Math.floor(offset / 4));
  for (let i = 0; i < bytes.length; i++) {
    const at = offset + i;
    if (at % 4 === 0) word = wordAt(owner, at / 4);
    bytes[i] = word >>> ((at % 4) * 8);
  }
}

/** Where the first byte stands that is not the owner's at that place of its stream; -1: all are. */
export function strayByte(bytes: Uint8Array, owner: number, offset: number): number {
  let word = wordAt(owner, Math.floor(offset / 4));
  for (let i = 0; i < bytes.length; i++) {
    const at = offset + i;
    if (at % 4 === 0) word = wordAt(owner, at / 4);
    if (bytes[i] !== ((word >>> ((at % 4) * 8)) & 255)) return at;
  }
  return -1;
}

/** Looks through one stream of marked bytes as it comes. */
export class MarkedReader {
  readonly owner: number;
  length = 0;
  /** Where the first stray byte stood, -1 without one. */
  stray = -1;

  constructor(owner: number) {
    this.owner = owner;
  }

  read(chunk: Uint8Array): void {
    if (this.stray < 0) this.stray = strayByte(chunk, this.owner, this.length);
    this.length += chunk.length;
  }
}
