// Quotas of the deployment, asked by name. What is taken is reserved: it is spent when the request goes to the upstream,
// and given back when anything denies it. The state is the host's: it is shared by all workers and survives reloads.

import { out } from "./arena";
import { Value } from "./bytes";
import { policy_quota } from "./generated/hostcalls";
import { QuotaFlags, Status } from "./generated/enums";
import { property } from "./property";

/** One quota. Make it while the plugin starts; asking allocates nothing. */
@final
export class Quota {
  readonly name: string;
  /** What the last question was granted. */
  granted: u32 = 0;
  /** After a refusal: when the same amount may be had, in milliseconds. After `left`: when all of it is back. */
  retryAfterMs: u32 = 0;
  /** The host could not answer the last question: it has no quota of this name, or the amount can never be had. */
  failed: bool = false;
  private readonly nameBytes: ArrayBuffer;

  static of(name: string): Quota {
    return new Quota(name);
  }

  constructor(name: string) {
    this.name = name;
    this.nameBytes = String.UTF8.encode(name);
  }

  /** Takes the whole amount (1 to the quota's burst) for a key, or nothing; asked again in this stream it answers the same. */
  take(key: Value, amount: u32 = 1): bool {
    return this.ask(key, amount, 0) == amount && !this.failed;
  }

  /** Takes what there is, up to `amount`; answers how much. */
  takeUpTo(key: Value, amount: u32): u32 {
    return this.ask(key, amount, QuotaFlags.BestEffort);
  }

  /** Whether `take` would be granted now. Takes nothing. */
  peek(key: Value, amount: u32 = 1): bool {
    return this.ask(key, amount, QuotaFlags.Peek) == amount && !this.failed;
  }

  /** How much of `burst` is left for a key; `retryAfterMs` is when all of it is back. Takes nothing. */
  left(key: Value, burst: u32): u32 {
    return this.ask(key, burst, QuotaFlags.Peek | QuotaFlags.BestEffort);
  }

  /** The most that can be had at once; 0 when the host has no quota of this name. For `configure`: it allocates. */
  readBurst(): i64 {
    return this.parameter("burst");
  }

  /** In how many milliseconds a quota that is used up is whole again; 0 as above. For `configure`: it allocates. */
  readWindowMs(): i64 {
    return this.parameter("window_ms");
  }

  private ask(key: Value, amount: u32, flags: u32): u32 {
    const name = changetype<usize>(this.nameBytes);
    const status = policy_quota(name, this.nameBytes.byteLength, key.start, key.size, amount, flags, out, out + 4);
    this.failed = status != Status.Ok;
    this.granted = this.failed ? 0 : load<u32>(out);
    this.retryAfterMs = this.failed ? 0 : load<u32>(out, 4);
    return this.granted;
  }

  private parameter(name: string): i64 {
    const value = property.read(["quota", this.name, name]);
    return value === null || value.size != 8 ? 0 : load<i64>(value.start);
  }
}
