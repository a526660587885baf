import { describe, expect, it } from "vitest";
import { call, OUT, run } from "./kit/guest.ts";
import { itRefusesMisuse } from "./kit/misuse.ts";

describe("proxy_get_log_level", () => {
  itRefusesMisuse("proxy_get_log_level", [OUT]);

  it.each([0, 3, 5] as const)("gives the host's level %i", (logLevel) => {
    expect(run([call("proxy_get_log_level", OUT)], { settings: { logLevel } }).u32(0)).toBe(logLevel);
  });
});
