// A header map as guests send it, written down once more from the specification so that a mistake of the host's own encoder
// does not pass unseen.

export function pairsOf(pairs: readonly (readonly [string, string])[]): Uint8Array {
  const head = Buffer.alloc(4 + pairs.length * 8);
  head.writeUInt32LE(pairs.length, 0);
  const parts = pairs.map(([name, value], i) => {
    head.writeUInt32LE(Buffer.byteLength(name), 4 + i * 8);
    head.writeUInt32LE(Buffer.byteLength(value), 8 + i * 8);
    return Buffer.from(`${name}\0${value}\0`);
  });
  return Buffer.concat([head, ...parts]);
}
