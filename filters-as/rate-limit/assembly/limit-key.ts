// The key of a bucket, so written that no two different combinations of values have the same:
//
//   name size u8 | name | part | part | …
//   part = state u8 (present, absent, several) | when present: size u32 | bytes, or a hash of them where they are long
//
// Whose part is missing shares the bucket of all who miss it: leaving a header out, or sending it twice, buys nothing.

import { ByteBuilder, KeyPart, KeyState, Text, Value, hashOf } from "@sluice/sdk-filter/assembly";

/** Longer values stand as their size and two hashes: a token may be a kilobyte, a key may not. */
const VALUE_BYTES_MAX: i32 = 64;
const PART_BYTES_MAX: i32 = 1 + 4 + VALUE_BYTES_MAX;
const NAME_BYTES_MAX: i32 = 1 + 63;

@final
export class LimitKey {
  static readonly PARTS_MAX: i32 = 8;

  /** Every part was there. */
  isWhole: bool = true;
  /** A part was there several times. */
  isAmbiguous: bool = false;
  private readonly name: Text;
  private readonly parts: KeyPart[] = [];
  private readonly built: ByteBuilder = new ByteBuilder(NAME_BYTES_MAX + LimitKey.PARTS_MAX * PART_BYTES_MAX);

  constructor(name: Text) {
    this.name = name;
  }

  add(part: KeyPart): void {
    this.parts.push(part);
  }

  /** Reads the parts from the request at hand. */
  build(): void {
    const built = this.built;
    const parts = this.parts;
    this.isWhole = true;
    this.isAmbiguous = false;
    built.clear();
    built.byte(<u8>this.name.size);
    built.text(this.name);
    for (let i = 0; i < parts.length; i++) this.addPart(unchecked(parts[i]));
  }

  /** What was built last. */
  get value(): Value {
    return this.built.value;
  }

  private addPart(part: KeyPart): void {
    const state = part.read();
    this.built.byte(<u8>state);
    if (state == KeyState.Present) this.addValue(part.value);
    else this.isWhole = false;
    if (state == KeyState.Several) this.isAmbiguous = true;
  }

  private addValue(value: Value): void {
    this.built.u32(value.size);
    if (value.size <= VALUE_BYTES_MAX) {
      this.built.append(value);
      return;
    }
    for (let seed: u64 = 0; seed < 2; seed++) {
      const hash = hashOf(value, seed);
      this.built.u32(<u32>hash);
      this.built.u32(<u32>(hash >> 32));
    }
  }
}
