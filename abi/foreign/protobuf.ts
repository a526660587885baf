// Protocol Buffers, as much of them as the arguments of Envoy's functions take: messages without groups, of numbers, texts
// and bytes. Reading is a door: whatever does not add up is no message.

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;
const VARINT_BYTES_MAX = 10;
const NO_BYTES = new Uint8Array(0);

/** A message's fields; of several with one number the last counts, a field that is not there has its type's empty value. */
export class Fields {
  private readonly numbers = new Map<number, number>();
  private readonly blobs = new Map<number, Uint8Array>();

  /** Views into `message`; null when it is malformed. */
  static read(message: Uint8Array): Fields | null {
    const fields = new Fields();
    const cursor = { at: 0 };
    while (cursor.at < message.length) if (!fields.readOne(message, cursor)) return null;
    return fields;
  }

  bytes(field: number): Uint8Array {
    return this.blobs.get(field) ?? NO_BYTES;
  }

  text(field: number): string {
    return Buffer.from(this.bytes(field)).toString();
  }

  /** Below 2³²; larger ones are cut off, as C++ does with enums. */
  number(field: number): number {
    return this.numbers.get(field) ?? 0;
  }

  private readOne(message: Uint8Array, cursor: { at: number }): boolean {
    const tag = readVarint(message, cursor);
    if (tag === null || tag >>> 3 === 0) return false;
    const field = tag >>> 3;
    switch (tag & 7) {
      case VARINT: {
        const value = readVarint(message, cursor);
        if (value !== null) this.numbers.set(field, value);
        return value !== null;
      }
      case BYTES: {
        const length = readVarint(message, cursor);
        if (length === null || length > message.length - cursor.at) return false;
        this.blobs.set(field, message.subarray(cursor.at, cursor.at + length));
        cursor.at += length;
        return true;
      }
      case FIXED_64:
      case FIXED_32:
        cursor.at += (tag & 7) === FIXED_64 ? 8 : 4;
        return cursor.at <= message.length;
      default:
        return false;
    }
  }
}

/** The low 32 bits of a number of up to ten bytes; null when it has no end. */
function readVarint(message: Uint8Array, cursor: { at: number }): number | null {
  let value = 0;
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    const byte = message[cursor.at++];
    if (byte === undefined) return null;
    if (i < 5) value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return value >>> 0;
  }
  return null;
}

/** A message of these fields: true, texts and bytes that are not empty. What has its type's empty value is left out, as proto3 does. */
export function message(fields: Readonly<Record<number, boolean | string | Uint8Array>>): Uint8Array {
  const parts = Object.entries(fields).flatMap(([field, value]) => {
    if (value === false || (typeof value !== "boolean" && value.length === 0)) return [];
    if (value === true) return [varint((Number(field) << 3) | VARINT), varint(1)];
    const bytes = Buffer.from(value as string);
    return [varint((Number(field) << 3) | BYTES), varint(bytes.length), bytes];
  });
  return new Uint8Array(Buffer.concat(parts));
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}
