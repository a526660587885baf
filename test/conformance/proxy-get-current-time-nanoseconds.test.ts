import { describe, expect, it } from "vitest";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

describe("proxy_get_current_time_nanoseconds", () => {
  itRefusesMisuse("proxy_get_current_time_nanoseconds", [OUT]);

  it("gives nanoseconds since 1970", () => {
    const outcome = run([call("proxy_get_current_time_nanoseconds", OUT)], { settings: { nowMs: 1_767_225_600_123 } });
    expect(outcome.u64(0)).toBe(1_767_225_600_123_000_000n);
  });
});
