import { describe, expect, it } from "vitest";
import { AnyQuotas } from "./any-quotas.ts";

describe("AnyQuotas", () => {
  it("gives what a filter that is only being tried asks for, under any name, however much and often", () => {
    const quota = new AnyQuotas().find("nobody-has-defined-it");
    const key = new Uint8Array([1]);
    expect(quota.burst).toBeGreaterThanOrEqual(1_000_000);
    for (let asked = 0; asked < 3; asked += 1) expect(quota.reserve(key, 100_000, false).granted).toBe(100_000);
  });
});
