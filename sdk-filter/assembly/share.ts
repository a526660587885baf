// A share of all requests, told by a key: the same key is always in or always out, on every worker and proxy, and who is
// in stays in when the share grows.

import { Text, Value } from "./bytes";
import { hashOf } from "./hash";

const FRACTION_BITS: u64 = 53;

@final
export class Share {
  private readonly seed: u64;
  private readonly bound: u64;

  /** `percent` from 0 to 100; shares with different salts choose independently of each other. */
  constructor(percent: f64, salt: string) {
    const text = Text.of(salt);
    const salted = new Value();
    salted.set(text.start, text.size);
    this.seed = hashOf(salted);
    this.bound = <u64>((percent / 100) * <f64>((<u64>1) << FRACTION_BITS));
  }

  /** All requests are in, so no key need be read. */
  get isAll(): bool {
    return this.bound == (<u64>1) << FRACTION_BITS;
  }

  contains(key: Value): bool {
    return hashOf(key, this.seed) >> (64 - FRACTION_BITS) < this.bound;
  }
}
