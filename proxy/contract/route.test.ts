import { describe, expect, it } from "vitest";
import { parseMachine } from "./machine.ts";
import type { ReadFile, RouteConfig } from "./route.ts";

/** Routes begin at line 6, column 5, so that a test can say where a problem is. */
function machineOf(route: string, readFile?: ReadFile): readonly RouteConfig[] {
  const head = [
    "apiVersion: sluice/v1",
    "kind: Proxy",
    "node: { id: n }",
    "clusters: [{ name: c, endpoints: [] }, { name: d, endpoints: [] }]",
    "routes:",
  ];
  const text = [...head, `  - ${route}`, "listeners: [{ name: l, address: 127.0.0.1:0 }]", ""].join("\n");
  return parseMachine(text, "s.yaml", readFile).routes;
}

const routeOf = (route: string, readFile?: ReadFile): RouteConfig => machineOf(route, readFile)[0]!;

describe("a route of sluice.yaml", () => {
  it("that says only where it leads is a plain one", () => {
    expect(routeOf("{ name: r, cluster: c }")).toEqual({
      name: "r",
      hosts: ["*"],
      path: { prefix: "/" },
      methods: [],
      headers: [],
      clusters: [{ name: "c", weight: 100 }],
      answer: null,
      rewrite: null,
      retry: null,
      requestHeaders: null,
      responseHeaders: null,
      timeoutMs: 15_000,
      upgrade: [],
    });
  });

  it("retries with these defaults", () => {
    expect(routeOf("{ name: r, cluster: c, retry: { attempts: 2, on: [reset, gatewayError, 429] } }").retry).toEqual({
      attempts: 2,
      onConnectFailure: false,
      onReset: true,
      onTimeout: false,
      onStatuses: [502, 503, 504, 429],
      anyMethod: false,
      perTryTimeoutMs: 0,
      bodyBytesMax: 65_536,
      budgetPercent: 20,
    });
  });

  it("redirects with 301 and changes nothing that is not said", () => {
    const answer = { kind: "redirect", status: 301, scheme: "https", host: null, port: null, path: null, prefix: null };
    expect(routeOf("{ name: r, redirect: { scheme: https } }").answer).toEqual(answer);
  });

  it("has a direct response's body from the document or from a file", () => {
    const bodyOf = (direct: string, readFile?: ReadFile): string => {
      const { answer } = routeOf(`{ name: r, direct: { status: 200, ${direct} } }`, readFile);
      if (answer?.kind !== "direct") throw new Error("not a direct response");
      return Buffer.from(answer.body).toString();
    };
    expect(bodyOf("body: 'grüß Gott'")).toBe("grüß Gott");
    expect(bodyOf("file: a/b.html", (path) => Buffer.from(`from ${path}`))).toBe("from a/b.html");
  });

  const withMatch = (path: string, rest: string): string => `{ name: r, match: { path: { ${path} } }, ${rest} }`;
  const target = "cluster: c";
  const changes = (text: string): string => `{ name: r, ${target}, requestHeaders: { ${text} } }`;
  const retry = (text: string): string => `{ name: r, ${target}, retry: { ${text} } }`;

  it.each([
    // Where it leads.
    [
      "leads nowhere",
      "{ name: r }",
      "route r says 0 times where it leads; allowed: one of cluster, clusters, redirect, direct",
    ],
    ["leads to two places", "{ name: r, cluster: c, direct: { status: 200 } }", "route r says 2 times where it leads"],
    ["leads to no cluster", "{ name: r, cluster: x }", 's.yaml:6:25: there is no cluster "x"; allowed: c, d'],
    [
      "has weights that sum to 90",
      "{ name: r, clusters: [{ name: c, weight: 40 }, { name: d, weight: 50 }] }",
      "the weights sum to 90; allowed: weights that sum to 100",
    ],
    [
      "weighs one cluster twice",
      "{ name: r, clusters: [{ name: c, weight: 40 }, { name: c, weight: 60 }] }",
      's.yaml:6:60: cluster "c" is listed twice',
    ],
    ["weighs no cluster", "{ name: r, clusters: [{ name: x, weight: 100 }] }", 'there is no cluster "x"'],
    [
      "has a weight beyond 100",
      "{ name: r, clusters: [{ name: c, weight: 101 }, { name: d, weight: -1 }] }",
      '"weight" is 101',
    ],
    // Paths.
    [
      "matches a path in two ways",
      withMatch("prefix: /a, regex: /a", target),
      "a path is matched in one way; allowed: one of exact, prefix, regex",
    ],
    [
      "matches by no expression",
      withMatch("regex: '/(a'", target),
      "s.yaml:6:40: the expression is not valid: missing closing )",
    ],
    ["looks back", withMatch("regex: '/a(?<=a)'", target), "s.yaml:6:40: the expression is not valid: invalid"],
    ["refers back", withMatch(String.raw`regex: '/(a)\1'`, target), "invalid escape sequence"],
    ["repeats a thousand and one times", withMatch("regex: '/a{1001}'", target), "invalid repeat count"],
    ["has an expression too large", withMatch("regex: '/([a-z]{1,40}){1,25}'", target), "the expression compiles to 2"],
    ["has an expression too long", withMatch(`regex: '${"a".repeat(1_025)}'`, target), "at most 1024 characters"],
    ["has a path too long", withMatch(`prefix: '/${"a".repeat(1_024)}'`, target), "at most 1024 characters"],
    // Rewrites.
    [
      "rewrites in two ways",
      `{ name: r, ${target}, rewrite: { prefix: /, regex: a, substitution: b } }`,
      "a path is rewritten in one way",
    ],
    ["rewrites in no way", `{ name: r, ${target}, rewrite: {} }`, "a path is rewritten in one way"],
    ["substitutes nothing", `{ name: r, ${target}, rewrite: { regex: a } }`, "regex and substitution belong together"],
    [
      "names a group that is not there",
      String.raw`{ name: r, ${target}, rewrite: { regex: '(a)', substitution: '\2' } }`,
      "the substitution names group 2, the expression has 1",
    ],
    [
      "escapes what needs none",
      String.raw`{ name: r, ${target}, rewrite: { regex: '(a)', substitution: '\n' } }`,
      String.raw`allowed: text with \0 to \9 for groups and \\ for \ `.trim(),
    ],
    [
      "rewrites by no expression",
      `{ name: r, ${target}, rewrite: { regex: '(', substitution: b } }`,
      "missing closing )",
    ],
    [
      "replaces a prefix of what a regex matched",
      withMatch("regex: /a", `${target}, rewrite: { prefix: / }`),
      "a path that a regex matches has no matched prefix",
    ],
    [
      "rewrites to a path with a dot segment",
      `{ name: r, ${target}, rewrite: { prefix: /a/../b } }`,
      '"/a/../b" is not a normalised path',
    ],
    ["rewrites to a query", `{ name: r, ${target}, rewrite: { prefix: '/a?b' } }`, "is not a normalised path"],
    ["rewrites to no path", `{ name: r, ${target}, rewrite: { prefix: a } }`, "a path that starts with /"],
    // Retries.
    ["retries for no cause", retry("attempts: 1, on: []"), '"on" is []'],
    [
      "retries for an unknown cause",
      retry("attempts: 1, on: [4xx]"),
      '"0" is "4xx"; allowed: connectFailure, reset, timeout, gatewayError, 5xx or a status',
    ],
    ["retries what was well answered", retry("attempts: 1, on: [200]"), "or a status from 400 to 599"],
    ["retries not at all", retry("attempts: 0, on: [reset]"), '"attempts" is 0'],
    ["retries eleven times", retry("attempts: 11, on: [reset]"), '"attempts" is 11'],
    [
      "waits for a time that no try has",
      retry("attempts: 1, on: [timeout]"),
      "there is no try's time to run out; allowed: perTryTimeout beside it",
    ],
    [
      "gives a try all the time",
      retry("attempts: 1, on: [timeout], perTryTimeout: 15s"),
      "a try may take as long as all tries together; allowed: less than the route's timeout of 15s",
    ],
    [
      "keeps too much content",
      retry("attempts: 1, on: [reset], bodyBytes: 2MiB"),
      '"bodyBytes" is 2MiB; allowed: at most 1MiB',
    ],
    ["has a budget of nothing", retry("attempts: 1, on: [reset], budgetPercent: 0"), '"budgetPercent" is 0'],
    ["repeats some methods", retry("attempts: 1, on: [reset], methods: safe"), "allowed: idempotent, any"],
    // Redirects and direct responses.
    ["redirects to itself", "{ name: r, redirect: { status: 302 } }", "the redirect leads to where the request was"],
    ["redirects with 200", "{ name: r, redirect: { status: 200, path: / } }", "allowed: 301, 302, 303, 307, 308"],
    [
      "redirects a path in two ways",
      "{ name: r, redirect: { path: /, prefix: / } }",
      "a redirect changes the path in one way",
    ],
    ["redirects to a path that is none", "{ name: r, redirect: { path: //b.test } }", "is not a normalised path"],
    [
      "redirects to a host with a port in it",
      "{ name: r, redirect: { host: 'b.test:1' } }",
      "a host in small letters, without a port",
    ],
    [
      "redirects and has a timeout",
      "{ name: r, redirect: { path: / }, timeout: 1s }",
      "s.yaml:6:39: a route that answers itself has no timeout",
    ],
    [
      "redirects and retries",
      "{ name: r, redirect: { path: / }, retry: { attempts: 1, on: [reset] } }",
      "has no retry",
    ],
    [
      "answers and changes the request",
      "{ name: r, direct: { status: 200 }, requestHeaders: {} }",
      "has no requestHeaders",
    ],
    ["answers and rewrites", "{ name: r, direct: { status: 200 }, rewrite: { prefix: / } }", "has no rewrite"],
    ["answers with two bodies", "{ name: r, direct: { status: 200, body: a, file: b } }", "a body is said in one way"],
    [
      "answers 204 with a body",
      "{ name: r, direct: { status: 204, body: a } }",
      "a response with status 204 has no body",
    ],
    ["answers an interim status", "{ name: r, direct: { status: 101 } }", '"status" is 101'],
    [
      "answers with a body too long",
      `{ name: r, direct: { status: 200, body: ${"a".repeat(16_385)} } }`,
      '"body" is "aaa',
    ],
    [
      "frames its answer",
      "{ name: r, direct: { status: 200, headers: { content-length: '3' } } }",
      "content-length frames messages",
    ],
    // Header changes.
    [
      "sets a pseudo header",
      changes("set: { ':path': /a }"),
      '":path" is no header name; allowed: a header name in small letters',
    ],
    ["sets a name in capitals", changes("set: { X-A: a }"), '"X-A" is no header name'],
    [
      "sets the host",
      changes("set: { host: b.test }"),
      "s.yaml:6:53: host frames messages or belongs to one connection",
    ],
    ["adds a coding", changes("add: { transfer-encoding: chunked }"), "transfer-encoding frames messages"],
    ["removes the length", changes("remove: [content-length]"), "content-length frames messages"],
    ["removes the connection", changes("remove: [x-a, connection]"), "s.yaml:6:60: connection frames messages"],
    ["sets a hop-by-hop field", changes("set: { te: trailers }"), "te frames messages"],
    ["sets the request id", changes("set: { x-request-id: '1' }"), "x-request-id is this proxy's own"],
    ["sets a mark of ours", changes("set: { x-sluice-a: '1' }"), "x-sluice-a is this proxy's own"],
    [
      "sets a value with a line break",
      changes(String.raw`set: { x-a: "a\r\nb" }`),
      "printable ASCII without spaces around it",
    ],
    ["sets a value with space around it", changes("set: { x-a: ' a' }"), "printable ASCII without spaces around it"],
    ["sets a value too long", changes(`set: { x-a: ${"a".repeat(4_097)} }`), "at most 4096 characters"],
    ["has a slip", `{ name: r, ${target}, retry2: 2 }`, 'unknown key "retry2", did you mean "retry"?'],
  ])("is refused when it %s", (_name, route, message) => {
    expect(() => machineOf(route)).toThrow(message);
  });

  it("is refused when its file cannot be read, or is too long", () => {
    const route = "{ name: r, direct: { status: 200, file: a.html } }";
    const missing = (): never => {
      throw new Error("a.html cannot be read");
    };
    expect(() => machineOf(route, missing)).toThrow(
      "s.yaml:6:45: a.html cannot be read; allowed: a file that can be read",
    );
    expect(() => machineOf(route, () => new Uint8Array(1024 ** 2 + 1))).toThrow('"a.html" has 1048577 bytes');
  });

  it("may set what a proxy behind a balancer knows better", () => {
    const { requestHeaders } = routeOf(
      changes("set: { x-forwarded-proto: https }, add: { x-a: '' }, remove: [cookie]"),
    );
    expect(requestHeaders).toEqual({ set: [["x-forwarded-proto", "https"]], add: [["x-a", ""]], remove: ["cookie"] });
  });
});
