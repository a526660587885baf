// cors in the real host: which origins are let in, what every answer carries, and what configure refuses.

import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import type { HeaderPairs, TestResult } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });

const load = (config: object): Promise<FilterUnderTest> => FilterUnderTest.load(wasm, { config });
const ALLOWED = "access-control-allow-origin";

/** Every value under a name of what the client got. */
function lines({ response }: TestResult, name: string): string[] {
  return response!.headers.filter(([key]) => key === name).map(([, value]) => value);
}

const from = (...origins: string[]): { headers: HeaderPairs } => ({
  headers: origins.map((origin) => ["origin", origin] as const),
});
const preflight = (origin: string, method = "PUT"): { method: string; headers: HeaderPairs } => ({
  method: "OPTIONS",
  headers: [
    ["origin", origin],
    ["access-control-request-method", method],
  ],
});

describe("an origin", () => {
  const origins = ["https://a.test", "https://*.b.test", "http://localhost:5173"];
  it.each([
    { origin: "https://a.test", isAllowed: true },
    { origin: "https://x.b.test", isAllowed: true },
    { origin: "http://localhost:5173", isAllowed: true },
    { origin: "http://localhost", isAllowed: false },
    { origin: "https://a.test.evil.test", isAllowed: false },
    { origin: "https://a.test:8443", isAllowed: false },
    { origin: "http://a.test", isAllowed: false },
    { origin: "https://A.TEST", isAllowed: false },
    { origin: "https://b.test", isAllowed: false },
    { origin: "https://evil.test/.b.test", isAllowed: false },
    { origin: "null", isAllowed: false },
    { origin: "", isAllowed: false },
  ])("$origin is allowed: $isAllowed", async ({ origin, isAllowed }) => {
    const filter = await load({ origins });
    expect(lines(filter.request(from(origin)), ALLOWED)).toEqual(isAllowed ? [origin] : []);
    expect(filter.request(preflight(origin)).response!.status).toBe(isAllowed ? 204 : 403);
  });

  it("that stands there twice is none, even when both are allowed", async () => {
    const filter = await load({ origins });
    expect(lines(filter.request(from("https://a.test", "https://a.test")), ALLOWED)).toEqual([]);
  });

  it("null is allowed where it is named", async () => {
    const filter = await load({ origins: ["null"] });
    expect(lines(filter.request(from("null")), ALLOWED)).toEqual(["null"]);
  });
});

describe("a response", () => {
  const upstream = (...headers: (readonly [string, string])[]): object => ({ response: { headers } });

  it("loses what the upstream says of sharing, however often it does", async () => {
    const filter = await load({ origins: ["https://a.test"] });
    const result = filter.request({
      ...from("https://a.test"),
      ...upstream(
        [ALLOWED, "*"],
        [ALLOWED, "https://evil.test"],
        ["access-control-allow-credentials", "true"],
        ["access-control-expose-headers", "*"],
      ),
    });
    expect(lines(result, ALLOWED)).toEqual(["https://a.test"]);
    expect(lines(result, "access-control-allow-credentials")).toEqual([]);
    expect(lines(result, "access-control-expose-headers")).toEqual([]);
  });

  it.each([
    { vary: [], told: ["origin"] },
    { vary: ["accept-encoding"], told: ["accept-encoding", "origin"] },
    { vary: ["Accept, ORIGIN"], told: ["Accept, ORIGIN"] },
    { vary: ["accept", "x-y , origin "], told: ["accept", "x-y , origin "] },
    { vary: ["*"], told: ["*"] },
    { vary: ["x-origin,originx"], told: ["x-origin,originx", "origin"] },
  ])("says once that it varies by origin: $vary becomes $told", async ({ vary, told }) => {
    const filter = await load({ origins: ["https://a.test"] });
    const result = filter.request(upstream(...vary.map((value) => ["vary", value] as const)));
    expect(lines(result, "vary")).toEqual(told);
  });

  it("to everybody is the same for everybody", async () => {
    const filter = await load({ origins: ["*"], expose: ["*"] });
    for (const request of [{}, from("https://a.test"), from("https://a.test", "https://b.test")]) {
      const result = filter.request(request);
      expect([lines(result, ALLOWED), lines(result, "vary")]).toEqual([["*"], []]);
      expect(lines(result, "access-control-expose-headers")).toEqual(["*"]);
    }
  });
});

describe("a preflight", () => {
  it("is one only with origin and requested method", async () => {
    const filter = await load({ origins: ["https://a.test"] });
    const [origin, method] = preflight("https://a.test").headers;
    for (const headers of [[], [origin!], [method!]])
      expect(filter.request({ method: "OPTIONS", headers }).forwarded).not.toBeNull();
    expect(filter.request({ method: "GET", headers: [origin!, method!] }).forwarded).not.toBeNull();
  });

  it("is answered without a body and without what was not asked to be allowed", async () => {
    const filter = await load({ origins: ["https://a.test"] });
    const result = filter.request(preflight("https://a.test"));
    expect(result.forwarded).toBeNull();
    expect(result.response!.body).toBe("");
    expect(lines(result, "access-control-allow-methods")).toEqual([]);
    expect(lines(result, "access-control-max-age")).toEqual(["5"]);
  });
});

describe("configure refuses", () => {
  const origins = ["https://a.test"];
  it.each([
    { name: "no origins", config: {}, says: "the key 'origins' is missing" },
    { name: "an empty list of origins", config: { origins: [] }, says: "origins: at least 1 expected" },
    {
      name: "everybody with credentials",
      config: { origins: ["*"], credentials: true },
      says: "origins[0]: every site",
    },
    { name: "null with credentials", config: { origins: ["null"], credentials: true }, says: "origins[0]: any page" },
    { name: "everybody and somebody", config: { origins: ["*", ...origins] }, says: "'*' is every origin" },
    { name: "an origin with a slash", config: { origins: ["https://a.test/"] }, says: "a slash too" },
    { name: "a top-level wildcard", config: { origins: ["https://*.com"] }, says: "half the internet" },
    { name: "any method with credentials", config: { origins, methods: ["*"], credentials: true }, says: "methods[0]" },
    { name: "any field with credentials", config: { origins, headers: ["*"], credentials: true }, says: "headers[0]" },
    { name: "all exposed with credentials", config: { origins, expose: ["*"], credentials: true }, says: "expose[0]" },
    { name: "a method in lower case", config: { origins, methods: ["patch"] }, says: "methods[0]: methods are upper" },
    { name: "a method nobody may use", config: { origins, methods: ["TRACE"] }, says: "let no page use TRACE" },
    { name: "a field that is none", config: { origins, headers: ["a b"] }, says: "headers[0]: 'a b'" },
    { name: "set-cookie exposed", config: { origins, expose: ["Set-Cookie"] }, says: "never show set-cookie" },
    { name: "an age beyond a day", config: { origins, maxAge: "25h" }, says: "maxAge: a duration from 5s to 24h" },
    { name: "an age without a unit", config: { origins, maxAge: "600" }, says: "maxAge: a duration" },
    {
      name: "more fields than an answer takes",
      config: { origins, headers: Array.from({ length: 64 }, (_, i) => `x-${"a".repeat(80)}-${i}`) },
      says: "more than 4 KiB",
    },
  ])("$name", async ({ config, says }) => {
    await expect(load(config)).rejects.toThrow(says);
  });
});
