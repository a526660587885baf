// The filter in the real host, without a proxy: `npx vitest run` in this folder.

import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });

describe("FILTER_NAME", () => {
  it("denies a path in a closed area and says why", async () => {
    const filter = await FilterUnderTest.load(wasm, { config: { closed: ["/internal/"] } });
    const result = filter.request({ path: "/internal/x" });
    expect(result.verdict).toEqual({ kind: "deny", code: "PERMISSION_DENIED", reason: "closed-area" });
    expect(result.localResponse?.status).toBe(403);
  });

  it("lets everything else pass, having looked at the path only", async () => {
    const filter = await FilterUnderTest.load(wasm, { config: { closed: ["/internal/"] } });
    const result = filter.request({ path: "/open" });
    expect(result.verdict.kind).toBe("allow");
    expect(result.reads).toEqual(["request.url_path"]);
  });

  it("closes /internal/ when nothing is configured", async () => {
    const filter = await FilterUnderTest.load(wasm);
    expect(filter.request({ path: "/internal/x" }).verdict.kind).toBe("deny");
  });
});
