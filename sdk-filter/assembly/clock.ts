// Wall-clock time. Reading it makes a check depend on more than the request: its verdict is then never kept.

import { out } from "./arena";
import { proxy_get_current_time_nanoseconds } from "./generated/hostcalls";

export class clock {
  /** Nanoseconds since the Unix epoch. */
  static now(): i64 {
    proxy_get_current_time_nanoseconds(out);
    return load<i64>(out);
  }
  /** Milliseconds since the Unix epoch. */
  static nowMs(): i64 {
    return clock.now() / 1_000_000;
  }
}
