// rbac in the real host: what its policies allow and deny, the known ways round such policies, and what it refuses.

import { buildFilter } from "@sluice/sdk-filter";
import { FilterUnderTest } from "@sluice/sdk-filter/harness";
import type { TestRequest } from "@sluice/sdk-filter/harness";
import { describe, expect, it } from "vitest";

const { wasm } = await buildFilter(import.meta.dirname, { onlyWhenStale: true });

interface Policy {
  readonly name: string;
  readonly action: "ALLOW" | "DENY";
  readonly rules?: readonly object[];
}

function load(...policies: readonly Policy[]): Promise<FilterUnderTest> {
  return FilterUnderTest.load(wasm, { config: { policies }, requiresCheck: true });
}

/** `allow`, or the reason of the denial. */
function decide(filter: FilterUnderTest, request: TestRequest): string | null {
  const { verdict } = filter.request(request);
  return verdict.kind === "deny" ? verdict.reason : verdict.kind;
}

interface Case {
  readonly name: string;
  readonly request: TestRequest;
  readonly decision: string;
}

/** A policy of one rule and what becomes of requests under it. */
function table(title: string, policies: readonly Policy[], cases: readonly Case[]): void {
  describe(title, () => {
    it.each(cases)("$name", async ({ request, decision }) => {
      expect(decide(await load(...policies), request)).toBe(decision);
    });
  });
}

const deny = (name: string, ...rules: object[]): Policy => ({ name, action: "DENY", rules });
const allow = (name: string, ...rules: object[]): Policy => ({ name, action: "ALLOW", rules });
const to = (operation: object): object => ({ to: [{ operation }] });
const from = (source: object): object => ({ from: [{ source }] });
const when = (name: string, values: object, rest: object = {}): object => ({
  when: [{ key: `request.headers[${name}]`, ...values }],
  ...rest,
});
const role = (...values: string[]): TestRequest => ({ headers: values.map((value) => ["x-role", value] as const) });

describe("rbac", () => {
  it("answers a denial with 403 and the rule's id as the reason", async () => {
    const filter = await load(deny("no-internal", { id: "internal-closed", ...to({ paths: ["/internal/*"] }) }));
    const result = filter.request({ path: "/internal/x" });
    expect(result.verdict).toEqual({ kind: "deny", code: "PERMISSION_DENIED", reason: "internal-closed" });
    expect(result.localResponse?.status).toBe(403);
    expect(result.forwarded).toBeNull();
  });

  it("looks only at what the rules ask for, and at each thing once", async () => {
    const filter = await load(
      deny("a", to({ paths: ["/a"], methods: ["GET"] })),
      allow("b", { ...to({ paths: ["/b", "/c"] }), ...when("x-role", { values: ["admin"] }) }),
    );
    expect(filter.request({ path: "/b", method: "POST" }).reads).toEqual([
      "request.method",
      "request.url_path",
      "request.headers[x-role]",
    ]);
    expect(filter.request({ path: "/z", method: "POST" }).reads).toEqual(["request.method", "request.url_path"]);
  });

  it("decides the same however often it is asked, in one instance too", async () => {
    const config = { policies: [deny("no", to({ paths: ["/no"] }))] };
    const filter = await FilterUnderTest.load(wasm, { config, isolation: "shared" });
    for (let i = 0; i < 1000; i++)
      expect(decide(filter, { path: i % 2 === 0 ? "/no" : "/yes" })).toBe(i % 2 === 0 ? "no" : "allow");
  });

  it("asks a list of five hundred paths for little more than a list of one", async () => {
    const areas = Array.from({ length: 500 }, (_, i) => `/area-${i}/*`);
    const fuelOf = async (paths: string[]): Promise<number> =>
      (await load(deny("r", to({ paths })))).request({ path: "/area-499x/some/page" }).fuel;
    expect(await fuelOf(areas)).toBeLessThan((await fuelOf(["/area-499/*"])) * 1.5);
  });

  it("numbers the rules of a policy that has several in their reasons", async () => {
    const filter = await load(deny("no", to({ paths: ["/a"] }), to({ paths: ["/b"] })));
    expect(decide(filter, { path: "/a" })).toBe("no[0]");
    expect(decide(filter, { path: "/b" })).toBe("no[1]");
  });
});

table(
  "the order of policies",
  [allow("all", {}), deny("no-x", to({ paths: ["/x"] }))],
  [
    { name: "a DENY rule wins over an ALLOW rule written before it", request: { path: "/x" }, decision: "no-x" },
    { name: "an empty rule matches everything", request: { path: "/y" }, decision: "allow" },
  ],
);
table(
  "DENY policies only",
  [deny("no-x", to({ paths: ["/x"] }))],
  [{ name: "what no rule denies is allowed", request: { path: "/y" }, decision: "allow" }],
);
table(
  "an ALLOW policy",
  [allow("some", to({ paths: ["/x"] }))],
  [
    { name: "allows what a rule matches", request: { path: "/x" }, decision: "allow" },
    { name: "denies everything else", request: { path: "/y" }, decision: "no-allow-rule" },
  ],
);
table(
  "an ALLOW policy without rules",
  [{ name: "none", action: "ALLOW" }],
  [{ name: "lets nothing pass", request: {}, decision: "no-allow-rule" }],
);

table(
  "from, to and when of a rule",
  [
    allow("rule", {
      from: [
        { source: { ipBlocks: ["10.0.0.0/8"], notIpBlocks: ["10.9.0.0/16"] } },
        { source: { ipBlocks: ["192.0.2.1"] } },
      ],
      to: [{ operation: { methods: ["GET"], paths: ["/a*"] } }, { operation: { methods: ["POST"] } }],
      when: [
        { key: "request.headers[x-role]", values: ["admin", "ops-*"] },
        { key: "destination.port", values: ["80", "443"] },
      ],
    }),
  ],
  [
    { name: "all three match", request: { source: "10.1.1.1:9", path: "/a", ...role("admin") }, decision: "allow" },
    {
      name: "any source is enough",
      request: { source: "192.0.2.1:9", path: "/a", ...role("admin") },
      decision: "allow",
    },
    {
      name: "any operation is enough",
      request: { source: "10.1.1.1:9", method: "POST", path: "/b", ...role("ops-1") },
      decision: "allow",
    },
    {
      name: "all fields of a source must match",
      request: { source: "10.9.1.1:9", path: "/a", ...role("admin") },
      decision: "no-allow-rule",
    },
    {
      name: "all fields of an operation must match",
      request: { source: "10.1.1.1:9", path: "/b", ...role("admin") },
      decision: "no-allow-rule",
    },
    {
      name: "all conditions must hold",
      request: { source: "10.1.1.1:9", path: "/a", destinationPort: 81, ...role("admin") },
      decision: "no-allow-rule",
    },
    {
      name: "no source matches",
      request: { source: "172.16.0.1:9", path: "/a", ...role("admin") },
      decision: "no-allow-rule",
    },
  ],
);

table(
  "patterns",
  [
    deny(
      "p",
      to({ paths: ["/exact", "/prefix/*", "*.php"] }),
      to({ hosts: ["*.secret.test"] }),
      when("x-trace", { values: ["*"] }),
    ),
  ],
  [
    { name: "an exact path", request: { path: "/exact" }, decision: "p[0]" },
    { name: "more than the exact path", request: { path: "/exactly" }, decision: "allow" },
    { name: "a prefix", request: { path: "/prefix/a/b" }, decision: "p[0]" },
    { name: "a suffix", request: { path: "/x/y.php" }, decision: "p[0]" },
    { name: "a host's suffix", request: { authority: "a.b.secret.test" }, decision: "p[1]" },
    { name: "presence", request: { headers: [["x-trace", "1"]] }, decision: "p[2]" },
    { name: "presence wants more than an empty value", request: { headers: [["x-trace", ""]] }, decision: "allow" },
  ],
);

table(
  "negations",
  [
    deny("n", {
      ...to({ notMethods: ["GET", "HEAD"], notPaths: ["/open/*"], notPorts: [8443], notHosts: ["free.test"] }),
    }),
  ],
  [
    { name: "none of the values", request: { method: "POST", path: "/a" }, decision: "n" },
    { name: "one of the methods", request: { method: "HEAD", path: "/a" }, decision: "allow" },
    { name: "one of the paths", request: { method: "POST", path: "/open/a" }, decision: "allow" },
    { name: "one of the ports", request: { method: "POST", path: "/a", destinationPort: 8443 }, decision: "allow" },
    { name: "one of the hosts", request: { method: "POST", path: "/a", authority: "free.test" }, decision: "allow" },
  ],
);

describe("an absent attribute", () => {
  const absent = [
    {
      name: "does not match positively in a DENY rule",
      policy: deny("r", when("x-role", { values: ["admin"] })),
      decision: "allow",
    },
    {
      name: "matches negatively in a DENY rule",
      policy: deny("r", when("x-role", { notValues: ["admin"] })),
      decision: "r",
    },
    {
      name: "does not match positively in an ALLOW rule",
      policy: allow("r", when("x-role", { values: ["admin"] })),
      decision: "no-allow-rule",
    },
    {
      name: "matches negatively in an ALLOW rule",
      policy: allow("r", when("x-role", { notValues: ["admin"] })),
      decision: "allow",
    },
    { name: "is not present", policy: deny("r", when("x-role", { values: ["*"] })), decision: "allow" },
    {
      name: "denies in a DENY rule with ifAbsent: deny",
      policy: deny("r", when("x-role", { values: ["admin"] }, { ifAbsent: "deny" })),
      decision: "r",
    },
    {
      name: "denies in an ALLOW rule with ifAbsent: deny",
      policy: allow("r", when("x-role", { notValues: ["admin"] }, { ifAbsent: "deny" })),
      decision: "r",
    },
  ];
  it.each(absent)("$name", async ({ policy, decision }) => {
    expect(decide(await load(policy), {})).toBe(decision);
  });

  it("with ifAbsent: deny counts only where the rest of the rule matches", async () => {
    const rule = { ...to({ paths: ["/admin*"] }), ...when("x-role", { notValues: ["admin"] }, { ifAbsent: "deny" }) };
    const filter = await load(deny("r", rule));
    expect(decide(filter, { path: "/open" })).toBe("allow");
    expect(decide(filter, { path: "/admin" })).toBe("r");
    expect(decide(filter, { path: "/admin", ...role("admin") })).toBe("allow");
  });

  it("with ifAbsent: deny denies before another ALLOW rule is asked", async () => {
    const filter = await load(
      allow("strict", when("x-role", { values: ["admin"] }, { ifAbsent: "deny" })),
      allow("all", {}),
    );
    expect(decide(filter, {})).toBe("strict");
    expect(decide(filter, role("guest"))).toBe("allow");
  });

  it("may be the client's address", async () => {
    const filter = await load(deny("r", from({ notIpBlocks: ["10.0.0.0/8"] })));
    expect(decide(filter, { source: null })).toBe("r");
  });
});

describe("a header that stands in the request several times", () => {
  const several = [
    {
      name: "is denied for its second line",
      policy: deny("r", when("x-role", { values: ["guest"] })),
      values: ["admin", "guest"],
      decision: "r",
    },
    {
      name: "is denied for its first line",
      policy: deny("r", when("x-role", { values: ["guest"] })),
      values: ["guest", "admin"],
      decision: "r",
    },
    {
      name: "dodges notValues of a DENY rule by no second line",
      policy: deny("r", when("x-role", { notValues: ["admin"] })),
      values: ["admin", "guest"],
      decision: "r",
    },
    {
      name: "is allowed when every line is",
      policy: allow("r", when("x-role", { values: ["admin", "ops"] })),
      values: ["admin", "ops"],
      decision: "allow",
    },
    {
      name: "is not allowed for one good line",
      policy: allow("r", when("x-role", { values: ["admin"] })),
      values: ["admin", "guest"],
      decision: "no-allow-rule",
    },
    {
      name: "dodges notValues of an ALLOW rule by no second line",
      policy: allow("r", when("x-role", { notValues: ["banned"] })),
      values: ["ok", "banned"],
      decision: "no-allow-rule",
    },
    {
      name: "is never joined by commas",
      policy: deny("r", when("x-role", { values: ["a,b"] })),
      values: ["a", "b"],
      decision: "allow",
    },
  ];
  it.each(several)("$name", async ({ policy, values, decision }) => {
    expect(decide(await load(policy), role(...values))).toBe(decision);
  });
});

table(
  "ways round a policy that are closed here",
  [
    deny(
      "d",
      to({ paths: ["/admin"] }),
      to({ hosts: ["secret.test"] }),
      from({ ipBlocks: ["203.0.113.0/24"] }),
      when("x-role", { values: ["cert.io"] }),
      to({ methods: ["DELETE"] }),
    ),
  ],
  [
    { name: "a query behind an exact path", request: { path: "/admin?x" }, decision: "d[0]" },
    { name: "an empty query behind an exact path", request: { path: "/admin?" }, decision: "d[0]" },
    { name: "the host in other letters", request: { authority: "Secret.TEST" }, decision: "d[1]" },
    { name: "the host with a port", request: { authority: "secret.test:8080" }, decision: "d[1]" },
    { name: "an IPv4 client in IPv6 form", request: { source: "[::ffff:203.0.113.7]:5" }, decision: "d[2]" },
    { name: "an IPv4 client in hexadecimal IPv6 form", request: { source: "[::ffff:cb00:7107]:5" }, decision: "d[2]" },
    { name: "the header's name in other letters", request: { headers: [["X-Role", "cert.io"]] }, decision: "d[3]" },
    { name: "a dot is a dot, not any character", request: { headers: [["x-role", "certXio"]] }, decision: "allow" },
    {
      name: "bytes that are not UTF-8 in another header",
      request: { path: "/admin", headers: [["x-a", "\u00ff\u00fe"]] },
      decision: "d[0]",
    },
  ],
);

describe("an evaluation that fails", () => {
  const unreadable: TestRequest = { source: "not-an-address" };
  it("denies inside a DENY rule, and is counted", async () => {
    const filter = await load(deny("r", from({ ipBlocks: ["10.0.0.0/8"] })));
    expect(decide(filter, unreadable)).toBe("r");
    expect(filter.metrics.valueOf("rbac.evaluation_failures")).toBe(1);
  });
  it("denies inside a negation too", async () => {
    const filter = await load(deny("r", from({ notIpBlocks: ["10.0.0.0/8"] })));
    expect(decide(filter, unreadable)).toBe("r");
  });
  it("does not allow inside an ALLOW rule", async () => {
    const filter = await load(allow("r", from({ notIpBlocks: ["10.0.0.0/8"] })));
    expect(decide(filter, unreadable)).toBe("no-allow-rule");
    expect(filter.metrics.valueOf("rbac.evaluation_failures")).toBe(1);
  });
  it("harms nothing when the rest of the rule does not match", async () => {
    const filter = await load(deny("r", { ...from({ ipBlocks: ["10.0.0.0/8"] }), ...to({ paths: ["/x"] }) }));
    expect(decide(filter, { ...unreadable, path: "/y" })).toBe("allow");
  });
});

describe("configure refuses", () => {
  const one = (rule: object): object => ({ policies: [deny("d", rule)] });
  const refusals: { name: string; config: unknown; says: string }[] = [
    { name: "a configuration without policies", config: {}, says: "the key 'policies' is missing" },
    { name: "no configuration at all", config: undefined, says: "the key 'policies' is missing" },
    { name: "an empty list of policies", config: { policies: [] }, says: "policies: at least 1 expected" },
    {
      name: "an unknown key",
      config: one({ form: [] }),
      says: "policies[0].rules[0].form: unknown key; allowed: id, ifAbsent, from, to, when",
    },
    {
      name: "an unknown action",
      config: { policies: [{ name: "a", action: "AUDIT" }] },
      says: "policies[0].action: 'AUDIT' is not one of ALLOW, DENY",
    },
    {
      name: "a DENY policy that denies nothing",
      config: { policies: [{ name: "a", action: "DENY" }] },
      says: "policies[0]: a DENY policy without rules denies nothing",
    },
    {
      name: "an empty operation",
      config: one(to({})),
      says: "policies[0].rules[0].to[0].operation: at least one field is missing here",
    },
    {
      name: "an empty source",
      config: one(from({})),
      says: "policies[0].rules[0].from[0].source: at least one field is missing here",
    },
    { name: "an empty list", config: one(to({ paths: [] })), says: "to[0].operation.paths: at least 1 expected" },
    {
      name: "a star in the middle",
      config: one(to({ paths: ["/a*b"] })),
      says: "paths[0]: a star may only stand first or last",
    },
    {
      name: "a query in a path",
      config: one(to({ paths: ["/a?b=c"] })),
      says: "paths[0]: paths are compared without query",
    },
    {
      name: "a path the proxy would have normalised",
      config: one(to({ paths: ["/a/../b"] })),
      says: "paths[0]: the proxy removes",
    },
    {
      name: "a percent-code the proxy would have decoded",
      config: one(to({ paths: ["/%61dmin"] })),
      says: "write 'a'",
    },
    { name: "a percent-code in small letters", config: one(to({ paths: ["/%c3%a9"] })), says: "'%c3' as '%C3'" },
    { name: "a space in a path", config: one(to({ paths: ["/a b"] })), says: "write %20" },
    { name: "a letter beyond ASCII in a path", config: one(to({ paths: ["/é*"] })), says: "write %20, %C3%A9" },
    {
      name: "a host with its default port",
      config: one(to({ hosts: ["a.test:80"] })),
      says: "removes the default port",
    },
    { name: "a host with a dot at its end", config: one(to({ hosts: ["a.test."] })), says: "removes the dot" },
    { name: "a path template", config: one(to({ paths: ["/users/{id}"] })), says: "path templates are not known here" },
    { name: "a method in lower case", config: one(to({ methods: ["get"] })), says: "methods are upper case: 'GET'" },
    {
      name: "a port out of range",
      config: one(to({ ports: [65536] })),
      says: "ports[0]: a whole number from 1 to 65535 is expected",
    },
    {
      name: "a malformed block",
      config: one(from({ ipBlocks: ["10.0.0.0/40"] })),
      says: "ipBlocks[0]: '10.0.0.0/40' is no address",
    },
    {
      name: "an unknown when key",
      config: one({ when: [{ key: "request.auth.principal", values: ["a"] }] }),
      says: "unknown key 'request.auth.principal'; allowed: request.headers[NAME]",
    },
    {
      name: "a when without values",
      config: one({ when: [{ key: "source.ip" }] }),
      says: "when[0]: values or notValues are missing",
    },
    {
      name: "a header name that is none",
      config: one(when(":path", { values: ["/a"] })),
      says: "':path' is no header name",
    },
  ];
  it.each(refusals)("$name", async ({ config, says }) => {
    await expect(FilterUnderTest.load(wasm, { config })).rejects.toThrow(says);
  });

  it("two rules with one id", async () => {
    const twice = deny("d", { id: "same", ...to({ paths: ["/a"] }) }, { id: "same", ...to({ paths: ["/b"] }) });
    await expect(load(twice)).rejects.toThrow("a second rule has the id 'same'");
  });

  it("several things at once, each with its place", async () => {
    const bad = deny("d", to({ methods: ["get"], paths: ["a"] }));
    await expect(load(bad)).rejects.toThrow(/methods\[0\].*paths\[0\]/);
  });
});
