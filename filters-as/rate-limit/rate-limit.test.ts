// rate-limit in the real host: whose bucket a request falls into, all or none, the fields, and ways round limits.

import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import type { HeaderPairs, LoadOptions, TestRequest, TestResult } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });

type Quotas = NonNullable<LoadOptions["quotas"]>;
const perMinute = (name: string, count: number): Quotas[number] => ({
  name,
  windows: [{ count, perMs: 60_000, burst: count }],
});

interface Limits {
  readonly quotas?: Quotas;
  readonly limits: readonly object[];
  readonly fields?: string;
}

function load(
  { quotas = [perMinute("q", 2)], ...config }: Limits,
  options: LoadOptions = {},
): Promise<FilterUnderTest> {
  return FilterUnderTest.load(wasm, { config, quotas, requiresCheck: true, isolation: "shared", ...options });
}

const by = (...parts: string[]): Limits => ({ limits: [{ quota: "q", by: parts }] });
const user = (...names: string[]): { headers: HeaderPairs } => ({ headers: names.map((name) => ["x-user", name]) });

/** `allow`, or the reason of the denial, of each request in turn. */
function decide(filter: FilterUnderTest, ...requests: readonly TestRequest[]): (string | null)[] {
  return requests.map((request) => {
    const { verdict } = filter.request(request);
    return verdict.kind === "deny" ? verdict.reason : verdict.kind;
  });
}

const field = ({ response }: TestResult, name: string): string | null => response!.header(name);

describe("a bucket", () => {
  it("gives its burst at once, then at its rate", async () => {
    const filter = await load(by());
    expect(decide(filter, {}, {}, {})).toEqual(["allow", "allow", "q"]);
    filter.clock.advance(29_999);
    expect(decide(filter, {})).toEqual(["q"]);
    filter.clock.advance(1);
    expect(decide(filter, {}, {})).toEqual(["allow", "q"]);
  });

  it.each([
    { name: "a header", parts: ["header:x-user"], mine: user("a"), other: user("b") },
    { name: "a header in other letters", parts: ["header:X-User"], mine: user("a"), other: user("b") },
    {
      name: "a cookie",
      parts: ["cookie:s"],
      mine: { headers: [["cookie", "t=1; s=a"]] },
      other: { headers: [["cookie", "s=b; t=1"]] },
    },
    { name: "the address", parts: ["source"], mine: { source: "192.0.2.1:1" }, other: { source: "192.0.2.2:1" } },
    { name: "an attribute", parts: ["attribute:request.host"], mine: { authority: "a" }, other: { authority: "b" } },
    {
      name: "two things together",
      parts: ["header:x-user", "source"],
      mine: { ...user("a"), source: "192.0.2.1:1" },
      other: { ...user("a"), source: "192.0.2.2:1" },
    },
  ] satisfies { name: string; parts: string[]; mine: TestRequest; other: TestRequest }[])(
    "is one for each value of $name",
    async ({ parts, mine, other }) => {
      const filter = await load(by(...parts));
      expect(decide(filter, mine, mine, mine, other)).toEqual(["allow", "allow", "q", "allow"]);
    },
  );

  it("is one for a class of paths, and for all under no prefix", async () => {
    const paths = [
      { prefix: "/api/", class: "api" },
      { prefix: "/v2/", class: "api" },
      { prefix: "/api/slow/", class: "slow" },
    ];
    const filter = await load({ limits: [{ quota: "q", by: ["path"], paths }] });
    const at = (...all: string[]): (string | null)[] => decide(filter, ...all.map((path) => ({ path })));
    expect(at("/api/a", "/v2/b?c", "/api/d", "/api/slow/x")).toEqual(["allow", "allow", "q", "allow"]);
    expect(at("/", "/other", "/more")).toEqual(["allow", "allow", "q"]);
  });

  it("of two limits on one quota is two", async () => {
    const limits = [
      { quota: "q", name: "a" },
      { quota: "q", name: "b", amount: 2 },
    ];
    const filter = await load({ limits });
    expect(decide(filter, {}, {})).toEqual(["allow", "b"]);
  });

  it("takes what a request costs", async () => {
    const filter = await load({ limits: [{ quota: "q", amount: 3 }], quotas: [perMinute("q", 7)] });
    expect(decide(filter, {}, {}, {})).toEqual(["allow", "allow", "q"]);
  });
});

describe("several limits", () => {
  const quotas = [perMinute("wide", 5), perMinute("narrow", 1)];
  const limits = [
    { quota: "wide", by: ["source"] },
    { quota: "narrow", by: ["header:x-user"] },
  ];

  it("cost a request all of them or none", async () => {
    const filter = await load({ limits, quotas });
    expect(decide(filter, user("a"), user("a"), user("a"), user("a"))).toEqual(["allow", "narrow", "narrow", "narrow"]);
    // Only one of the wide limit's five is spent.
    expect(decide(filter, ...["b", "c", "d", "e", "f"].map((name) => user(name)))).toEqual([
      "allow",
      "allow",
      "allow",
      "allow",
      "wide",
    ]);
  });

  it("are for the requests their conditions name", async () => {
    const when = [{ attribute: "request.method", values: ["POST"] }];
    const filter = await load({ limits: [{ quota: "narrow", when }], quotas });
    const post = { method: "POST" };
    expect(decide(filter, {}, {}, post, post, {})).toEqual(["allow", "allow", "allow", "narrow", "allow"]);
  });

  it("tell the longest wait of them", async () => {
    const slow = { name: "slow", windows: [{ count: 1, perMs: 3_600_000, burst: 1 }] };
    const filter = await load({ limits: [{ quota: "narrow" }, { quota: "slow" }], quotas: [...quotas, slow] });
    expect(decide(filter, {})).toEqual(["allow"]);
    const refused = filter.request();
    expect(refused.verdict.reason).toBe("narrow");
    expect(field(refused, "retry-after")).toBe("3600");
    filter.clock.advance(60_000);
    expect(filter.request().verdict.reason).toBe("slow");
  });
});

describe("a request without what tells it apart", () => {
  const limit = (ifAbsent?: string): Limits => ({
    limits: [{ quota: "q", by: ["header:x-user", "source"], ...(ifAbsent === undefined ? {} : { ifAbsent }) }],
  });

  it.each([undefined, "shared"])("shares a bucket with all others without it (ifAbsent: %s)", async (ifAbsent) => {
    const filter = await load(limit(ifAbsent));
    expect(decide(filter, {}, {}, {}, user("a"), user(""))).toEqual(["allow", "allow", "q", "allow", "allow"]);
  });

  it("costs nothing with ifAbsent: skip", async () => {
    const filter = await load(limit("skip"));
    expect(decide(filter, {}, {}, {}, user("a"), user("a"), user("a"))).toEqual([
      "allow",
      "allow",
      "allow",
      "allow",
      "allow",
      "q",
    ]);
  });

  it("is denied with ifAbsent: deny, before it costs anything", async () => {
    const filter = await load(limit("deny"));
    const result = filter.request();
    expect(result.verdict).toEqual({ kind: "deny", code: "PERMISSION_DENIED", reason: "q-absent" });
    expect(result.response!.status).toBe(403);
    expect(decide(filter, user("a"), user("a"), user("a"))).toEqual(["allow", "allow", "q"]);
  });
});

describe("ways round a limit that are closed here", () => {
  it.each(["shared", "skip"])(
    "the header sent twice, to be another user each time (ifAbsent: %s)",
    async (ifAbsent) => {
      const filter = await load({ limits: [{ quota: "q", by: ["header:x-user"], ifAbsent }] });
      const tries = ["1", "2", "3"].map((random) => user("a", random));
      expect(decide(filter, ...tries)).toEqual(["allow", "allow", "q"]);
    },
  );

  it("another port, and the IPv6 form of an IPv4 address", async () => {
    const filter = await load(by("source"));
    const sources = ["192.0.2.1:1", "[::ffff:192.0.2.1]:2", "192.0.2.1:3"].map((source) => ({ source }));
    expect(decide(filter, ...sources)).toEqual(["allow", "allow", "q"]);
  });

  it("another address of the same IPv6 network", async () => {
    const filter = await load(by("source"));
    const sources = ["::1", "::2", ":dead:beef:1:2"].map((host) => ({ source: `[2001:db8:0:7${host}]:1` }));
    expect(decide(filter, ...sources)).toEqual(["allow", "allow", "q"]);
  });

  it("values that run together into another's", async () => {
    const filter = await load(by("header:x-user", "header:x-team"));
    const as = (name: string, team: string): TestRequest => ({
      headers: [
        ["x-user", name],
        ["x-team", team],
      ],
    });
    expect(decide(filter, as("ab", "c"), as("ab", "c"), as("a", "bc"), as("ab", "c"))).toEqual([
      "allow",
      "allow",
      "allow",
      "q",
    ]);
  });

  it("values of any length, which still have buckets of their own", async () => {
    const filter = await load(by("header:x-user"));
    const long = "t".repeat(8000);
    expect(decide(filter, user(long), user(long), user(long), user(`${long}u`))).toEqual([
      "allow",
      "allow",
      "q",
      "allow",
    ]);
  });

  it("a path that only looks like another class", async () => {
    const paths = [
      { prefix: "/api/", class: "rest" },
      { prefix: "/a", class: "a" },
    ];
    const filter = await load({ limits: [{ quota: "q", by: ["path"], paths }] });
    expect(decide(filter, { path: "/api/" }, { path: "/api/?x" }, { path: "/api/%2e" })).toEqual([
      "allow",
      "allow",
      "q",
    ]);
  });

  it("bytes that are no text", async () => {
    const filter = await load(by("header:x-user"));
    expect(decide(filter, user("\u00ff\u0000"), user("\u00ff"), user("\u00ff"), user("\u00ff"))).toEqual([
      "allow",
      "allow",
      "allow",
      "q",
    ]);
  });
});

describe("an answer", () => {
  const three: Limits = { limits: [{ quota: "q" }], quotas: [perMinute("q", 3)] };

  it("of 429 says when to come back, what the limit is and what is left", async () => {
    const filter = await load(three);
    decide(filter, {}, {}, {});
    filter.clock.advance(500);
    const refused = filter.request();
    expect(refused.verdict).toEqual({ kind: "deny", code: "RESOURCE_EXHAUSTED", reason: "q" });
    expect(refused.response).toMatchObject({ status: 429, body: "Too Many Requests\n" });
    // 19.5 s until the next, 59.5 s until all three are back: rounded up.
    expect(field(refused, "retry-after")).toBe("20");
    expect(field(refused, "ratelimit-policy")).toBe('"q";q=3;w=60');
    expect(field(refused, "ratelimit")).toBe('"q";r=0;t=60');
    expect(refused.forwarded).toBeNull();
  });

  it("of 429 tells of limits that had room as they will be when theirs is given back", async () => {
    const limits = [{ quota: "wide" }, { quota: "q" }, { quota: "last" }];
    const quotas = [perMinute("wide", 10), perMinute("q", 1), perMinute("last", 4)];
    const filter = await load({ limits, quotas });
    decide(filter, {});
    expect(field(filter.request(), "ratelimit")).toMatch(/^"wide";r=9;t=\d+, "q";r=0;t=60, "last";r=3;t=15$/);
  });

  it("that passes carries nothing by default, and no 429 any fields with fields: never", async () => {
    expect(field((await load(three)).request(), "ratelimit")).toBeNull();
    const filter = await load({ ...by(), fields: "never" });
    decide(filter, {}, {});
    const refused = filter.request();
    expect([field(refused, "ratelimit"), field(refused, "ratelimit-policy")]).toEqual([null, null]);
    expect(field(refused, "retry-after")).toBe("30");
  });

  it("that passes tells what is left with fields: always, each its own", async () => {
    const limits = [{ quota: "q", by: ["header:x-user"] }, { quota: "all" }];
    const filter = await load({ limits, quotas: [perMinute("q", 3), perMinute("all", 600)], fields: "always" });
    expect(field(filter.request(user("a")), "ratelimit")).toBe('"q";r=2;t=20, "all";r=599;t=1');
    expect(field(filter.request(user("a")), "ratelimit")).toBe('"q";r=1;t=40, "all";r=598;t=1');
    expect(field(filter.request(user("b")), "ratelimit")).toBe('"q";r=2;t=20, "all";r=597;t=1');
    expect(field(filter.request(user("b")), "ratelimit-policy")).toBe('"q";q=3;w=60, "all";q=600;w=60');
  });

  it("that passes keeps the upstream's own fields beside these", async () => {
    const filter = await load({ ...three, fields: "always" });
    const { response } = filter.request({ response: { headers: [["ratelimit", '"up";r=1;t=1']] } });
    const lines = response!.headers.filter(([name]) => name === "ratelimit").map(([, value]) => value);
    expect(lines).toEqual(['"up";r=1;t=1', '"q";r=2;t=20']);
  });
});

it("many requests leave an instance as large as it was", async () => {
  const filter = await load({ ...by("header:x-user"), fields: "always" });
  for (let i = 0; i < 2000; i++) filter.request(user(`u${i}`));
  expect(filter.memoryBytes).toBeLessThanOrEqual(256 * 1024);
});

describe("configure refuses", () => {
  const paths = [{ prefix: "/a", class: "a" }];
  it.each([
    { name: "no limits", limits: [], says: "limits: at least 1 expected" },
    { name: "a quota that is not there", limits: [{ quota: "nobody" }], says: "has no quota 'nobody'" },
    { name: "an amount that can never be had", limits: [{ quota: "q", amount: 3 }], says: "gives at most 2 at once" },
    { name: "an amount of nothing", limits: [{ quota: "q", amount: 0 }], says: "limits[0].amount: a whole number" },
    {
      name: "two limits of one name",
      limits: [{ quota: "q" }, { quota: "q" }],
      says: "limits[1].name: a second limit",
    },
    { name: "a part that is none", limits: [{ quota: "q", by: ["x-user"] }], says: "limits[0].by[0]" },
    { name: "a path without classes", limits: [{ quota: "q", by: ["path"] }], says: "limits[0].paths" },
    { name: "classes without a path", limits: [{ quota: "q", paths }], says: "limits[0].paths" },
    { name: "an unknown attribute", limits: [{ quota: "q", by: ["attribute:x"] }], says: "unknown attribute x" },
    { name: "an unknown word", limits: [{ quota: "q", ifAbsent: "allow" }], says: "is not one of shared, skip, deny" },
  ])("$name", async ({ limits, says }) => {
    await expect(load({ limits })).rejects.toThrow(says);
  });
});
