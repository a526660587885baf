// mirror in the real host: which requests are copied where, and what configure refuses.

import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import type { TestRequest } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });
const options = { isolation: "shared", capabilities: ["callout"] } as const;

function load(...targets: object[]): Promise<FilterUnderTest> {
  return FilterUnderTest.load(wasm, { ...options, config: { targets } });
}

const copies = (filter: FilterUnderTest, request: TestRequest): string[] =>
  filter.request(request).mirrors.map(({ cluster }) => cluster);

describe("mirror", () => {
  it.each(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])(
    "copies %s only when it is safe or named",
    async (method) => {
      const isSafe = ["GET", "HEAD", "OPTIONS"].includes(method);
      const filter = await load(
        { cluster: "safe" },
        { cluster: "all", methods: ["*"] },
        { cluster: "one", methods: [method] },
      );
      expect(copies(filter, { method })).toEqual([...(isSafe ? ["safe"] : []), "all", "one"]);
    },
  );

  it("hands the host what the target asks for", async () => {
    const filter = await load(
      { cluster: "a" },
      { cluster: "b", compare: true, withoutBody: true },
      { cluster: "c", keepCredentials: true },
    );
    expect(filter.request().mirrors).toEqual([
      { cluster: "a", keepCredentials: false, compare: false, withoutBody: false },
      { cluster: "b", keepCredentials: false, compare: true, withoutBody: true },
      { cluster: "c", keepCredentials: true, compare: false, withoutBody: false },
    ]);
  });

  it("copies all requests of a user or none, and draws for each cluster anew", async () => {
    const filter = await load(
      { cluster: "a", percent: 30, by: "header:x-user" },
      { cluster: "b", percent: 30, by: "header:x-user" },
    );
    const of = (user: number): string =>
      copies(filter, { path: `/${Math.random()}`, headers: [["x-user", `u${user}`]] }).join();
    const users = Array.from({ length: 1000 }, (_, i) => i);
    const first = users.map(of);
    expect(users.map(of)).toEqual(first);
    const count = (clusters: string): number => first.filter((copied) => copied === clusters).length;
    // 1000 draws at 30 %: a standard deviation of 14.5; both at 9 %: of 9.
    expect(Math.abs(count("a") + count("a,b") - 300)).toBeLessThan(75);
    expect(Math.abs(count("b") + count("a,b") - 300)).toBeLessThan(75);
    expect(Math.abs(count("a,b") - 90)).toBeLessThan(45);
  });

  it("copies nobody of a share without the key, and everybody of all without asking for it", async () => {
    const filter = await load(
      { cluster: "a", percent: 99.9, by: "header:x-user" },
      { cluster: "b", by: "header:x-user" },
    );
    expect(copies(filter, {})).toEqual(["b"]);
  });

  it("leaves out a cluster the proxy does not have, counts it, and copies to the others", async () => {
    const config = { targets: [{ cluster: "gone" }, { cluster: "here" }] };
    const filter = await FilterUnderTest.load(wasm, { ...options, config, clusters: ["here"] });
    expect(copies(filter, {})).toEqual(["here"]);
    expect(copies(filter, {})).toEqual(["here"]);
    expect(filter.metrics.valueOf("mirror.refused")).toBe(2);
  });

  it("does nothing but count without the capability callout", async () => {
    const filter = await FilterUnderTest.load(wasm, { isolation: "shared", config: { targets: [{ cluster: "a" }] } });
    const { mirrors, response } = filter.request();
    expect([mirrors, response!.status]).toEqual([[], 200]);
    expect(filter.metrics.valueOf("mirror.refused")).toBe(1);
  });
});

describe("configure refuses", () => {
  it.each([
    { name: "no targets", config: {}, says: "the key 'targets' is missing" },
    { name: "a target without a cluster", config: { targets: [{}] }, says: "the key 'cluster' is missing" },
    { name: "a share of nothing", config: { targets: [{ cluster: "a", percent: 0 }] }, says: "targets[0].percent" },
    { name: "a share beyond all", config: { targets: [{ cluster: "a", percent: 101 }] }, says: "targets[0].percent" },
    { name: "a key that is none", config: { targets: [{ cluster: "a", by: "user" }] }, says: "targets[0].by" },
    { name: "a method in lower case", config: { targets: [{ cluster: "a", methods: ["get"] }] }, says: "methods[0]" },
    {
      name: "a path with a star inside",
      config: { targets: [{ cluster: "a", paths: ["/a*b"] }] },
      says: "targets[0].paths",
    },
  ])("$name", async ({ config, says }) => {
    await expect(FilterUnderTest.load(wasm, { ...options, config })).rejects.toThrow(says);
  });
});
