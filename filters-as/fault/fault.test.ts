// fault in the real host: whom faults meet, how long they hold, and what configure refuses.

import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import type { HeaderPairs, TestResult } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });
const options = { isolation: "shared", capabilities: ["timer"] } as const;

function load(...faults: object[]): Promise<FilterUnderTest> {
  return FilterUnderTest.load(wasm, { ...options, config: { faults } });
}

const status = ({ response }: TestResult): number => response!.status;
const abort = { abort: { status: 500 } };

describe("a share", () => {
  it("meets its part of the keys within the bounds of chance, the same ones each time", async () => {
    const filter = await load({ name: "f", percent: 20, by: "header:x-user", ...abort });
    const hit = (user: number): boolean => status(filter.request({ headers: [["x-user", `u${user}`]] })) === 500;
    const users = Array.from({ length: 2000 }, (_, i) => i);
    const first = users.filter(hit);
    // 2000 draws at 20 %: a standard deviation of 18.
    expect(first.length).toBeGreaterThan(310);
    expect(first.length).toBeLessThan(490);
    expect(users.filter(hit)).toEqual(first);
  });

  it.each([
    { by: "cookie:session", headers: (key: string): HeaderPairs => [["cookie", `a=1; session=${key}; b=2`]] },
    { by: "attribute:request.url_path", headers: (): HeaderPairs => [] },
    { by: "header:X-User", headers: (key: string): HeaderPairs => [["x-user", key]] },
  ])("is drawn by $by", async ({ by, headers }) => {
    const filter = await load({ name: "f", percent: 50, by, ...abort });
    const statuses = Array.from({ length: 64 }, (_, i) =>
      status(filter.request({ path: `/${i}`, headers: headers(`k${i}`) })),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 500]));
  });

  it("is drawn by the client's address, whatever its port; of IPv6 by its network", async () => {
    const filter = await load({ name: "f", percent: 50, by: "source", ...abort });
    const of = (source: string): number => status(filter.request({ source }));
    const clients = Array.from({ length: 64 }, (_, i) => `192.0.2.${i}`);
    const hit = clients.map((client) => of(`${client}:1000`));
    expect(new Set(hit)).toEqual(new Set([200, 500]));
    expect(clients.map((client) => of(`[::ffff:${client}]:2000`))).toEqual(hit);
    const hosts = ["0:0:0:1", "0:0:0:2", "ffff::"].map((host) => of(`[2001:db8:0:7:${host}]:1`));
    expect(new Set(hosts).size).toBe(1);
  });

  it("holds nobody without the key or with two of it", async () => {
    const filter = await load({ name: "f", percent: 99.9, by: "header:x-user", ...abort });
    expect(status(filter.request())).toBe(200);
    const users = ["a", "b"].map((user) => ["x-user", user] as const);
    expect(status(filter.request({ headers: users }))).toBe(200);
    const cookies = await load({ name: "f", percent: 99.9, by: "cookie:s", ...abort });
    expect(status(cookies.request({ headers: [["cookie", "s=1; s=2"]] }))).toBe(200);
    expect(status(cookies.request({ headers: [["cookie", "xs=1;ss=2; s"]] }))).toBe(200);
  });
});

describe("a delay", () => {
  it("holds the request, then lets head and body go on as they came", async () => {
    const filter = await load({ name: "slow", delay: "120ms" });
    const result = filter.request({ method: "POST", headers: [["x-a", "b"]], chunks: ["one", "two"] });
    expect(result).toMatchObject({ heldMs: 120, error: null });
    expect(result.forwarded).toMatchObject({ body: "onetwo" });
    expect(result.forwarded!.header("x-a")).toBe("b");
    expect(filter.metrics.valueOf("fault.delays")).toBe(1);
  });

  it("comes before the abort where there are both", async () => {
    const filter = await load({ name: "both", delay: "1.5s", abort: { status: 503, body: "busy" } });
    const result = filter.request();
    expect(result).toMatchObject({ heldMs: 1500, forwarded: null, verdict: { kind: "deny", reason: "fault-both" } });
    expect(result.response).toMatchObject({ status: 503, body: "busy" });
    expect(filter.metrics.valueOf("fault.aborts")).toBe(1);
  });

  it("leaves no timer running when nobody is held", async () => {
    const filter = await load({
      name: "slow",
      delay: "20ms",
      when: [{ attribute: "request.url_path", values: ["/s"] }],
    });
    for (let i = 0; i < 300; i++)
      expect(filter.request({ path: i % 2 === 0 ? "/s" : "/" }).heldMs).toBe(i % 2 === 0 ? 20 : 0);
    expect(filter.clock.advance(1000)).toBeUndefined();
    expect(filter.memoryBytes).toBeLessThanOrEqual(256 * 1024);
  });

  it("needs the timer, which is refused at the start and not at the first request", async () => {
    const config = { faults: [{ name: "slow", delay: "1s" }] };
    const without = FilterUnderTest.load(wasm, { isolation: "shared", config });
    await expect(without).rejects.toThrow("needs the capability timer");
    const abortOnly = await FilterUnderTest.load(wasm, {
      isolation: "shared",
      config: { faults: [{ name: "a", ...abort }] },
    });
    expect(status(abortOnly.request())).toBe(500);
  });
});

it("the first fault that is for a request wins, and a share passes on whom it does not hold", async () => {
  const when = [{ attribute: "request.headers[x-chaos]", values: ["*"] }];
  const filter = await load(
    { name: "asked", when, abort: { status: 501 } },
    { name: "none", when: [{ attribute: "request.method", values: ["TRACE"] }], abort: { status: 502 } },
    { name: "rest", abort: { status: 503 } },
  );
  expect(status(filter.request({ headers: [["x-chaos", "1"]] }))).toBe(501);
  expect(status(filter.request())).toBe(503);
});

describe("configure refuses", () => {
  it.each([
    { name: "a fault that does nothing", fault: { name: "a" }, says: "faults[0]: delay or abort is expected" },
    { name: "a fault without a name", fault: abort, says: "the key 'name' is missing" },
    { name: "a delay of an hour", fault: { name: "a", delay: "1h" }, says: "faults[0].delay: a duration up to 1m" },
    { name: "a delay of nothing", fault: { name: "a", delay: "0s" }, says: "faults[0].delay" },
    { name: "a delay without a unit", fault: { name: "a", delay: "200" }, says: "faults[0].delay" },
    { name: "a share of nothing", fault: { name: "a", percent: 0, ...abort }, says: "faults[0].percent" },
    { name: "a share beyond all", fault: { name: "a", percent: 100.1, ...abort }, says: "faults[0].percent" },
    { name: "a key that is none", fault: { name: "a", by: "x-user", ...abort }, says: "faults[0].by" },
    { name: "a key without a name", fault: { name: "a", by: "header:", ...abort }, says: "faults[0].by" },
    {
      name: "an unknown attribute",
      fault: { name: "a", by: "attribute:nobody", ...abort },
      says: "unknown attribute nobody",
    },
    {
      name: "a status that is none",
      fault: { name: "a", abort: { status: 199 } },
      says: "abort.status: a whole number",
    },
  ])("$name", async ({ fault, says }) => {
    await expect(load(fault)).rejects.toThrow(says);
  });
});
