// The filter in the real host, without a proxy and without a service: `npx vitest run` in this folder.

import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });
const headers = [["authorization", "Bearer a"]] as const;

describe("FILTER_NAME", () => {
  it("waits for the service and no longer than it answers", async () => {
    const filter = await FilterUnderTest.load(wasm, {
      capabilities: ["callout"],
      callouts: [{ cluster: "auth", response: { status: 200 }, after: "50ms" }],
    });
    const result = filter.request({ path: "/orders", headers });
    expect(result.verdict.kind).toBe("allow");
    expect(result.heldMs).toBe(50);
    expect(filter.callouts).toMatchObject([{ cluster: "auth", path: "/check", outcome: "answered" }]);
  });

  it("denies when the service takes longer than the configured time", async () => {
    const filter = await FilterUnderTest.load(wasm, {
      config: { timeoutMs: 100 },
      capabilities: ["callout"],
      callouts: [{ cluster: "auth", response: { status: 200 }, after: "150ms" }],
    });
    const result = filter.request({ path: "/orders", headers });
    expect(result.verdict).toEqual({ kind: "deny", code: "UNAVAILABLE", reason: "auth-unavailable" });
    expect(result.heldMs).toBe(100);
  });

  it("denies when the proxy lets it ask nobody", async () => {
    const filter = await FilterUnderTest.load(wasm);
    expect(filter.request({ path: "/orders", headers }).verdict.reason).toBe("auth-not-asked");
    expect(filter.callouts).toEqual([]);
  });
});
