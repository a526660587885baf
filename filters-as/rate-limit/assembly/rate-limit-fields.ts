// RateLimit and RateLimit-Policy as draft-ietf-httpapi-ratelimit-headers-10 has them: lists of structured fields.
//
//   RateLimit-Policy: "per-user";q=100;w=60     q: the most at once, w: seconds in which it comes back
//   RateLimit: "per-user";r=37;t=38             r: what is left, t: seconds until nothing is used
//
// Seconds are rounded up: who waits so long has waited long enough.

import { ByteBuilder, Text, Value } from "@sluice/sdk-filter/assembly";
import { Limit } from "./limit";

/** Eight limits with names of 63 characters, and the largest numbers. */
const FIELD_BYTES_MAX: i32 = 1024;

const COMMA: Text = Text.of(", ");
const QUOTE: Text = Text.of('"');
const REMAINING: Text = Text.of('";r=');
const RESETS_IN: Text = Text.of(";t=");

@final
export class RateLimitFields {
  private readonly policy: ByteBuilder = new ByteBuilder(FIELD_BYTES_MAX);
  private readonly level: ByteBuilder = new ByteBuilder(FIELD_BYTES_MAX);
  private readonly number: ByteBuilder = new ByteBuilder(16);
  private count: i32 = 0;

  get isFilled(): bool {
    return this.count > 0;
  }
  get policies(): Value {
    return this.policy.value;
  }
  get levels(): Value {
    return this.level.value;
  }

  clear(): void {
    this.policy.clear();
    this.level.clear();
    this.count = 0;
  }

  /** Adds a limit whose key is built; `returned` is what the bucket will get back. Nothing when the quota is not what it was. */
  add(limit: Limit, returned: u32): void {
    const left = limit.left() + returned;
    if (limit.quota.failed) return;
    if (this.count++ > 0) {
      this.policy.text(COMMA);
      this.level.text(COMMA);
    }
    this.policy.text(limit.policy);
    this.level.text(QUOTE);
    this.level.text(limit.nameText);
    this.level.text(REMAINING);
    this.level.decimal(min(left, limit.burst));
    this.level.text(RESETS_IN);
    this.level.decimal(secondsOf(limit.quota.retryAfterMs));
  }

  /** Milliseconds as whole seconds, in digits. */
  seconds(ms: u32): Value {
    this.number.clear();
    this.number.decimal(secondsOf(ms));
    return this.number.value;
  }
}

/** Rounded up. */
export function secondsOf(ms: u32): u64 {
  return (<u64>ms + 999) / 1000;
}
