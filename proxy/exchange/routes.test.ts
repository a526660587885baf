// What routes do besides sending a request to their cluster, on the wire: the bytes a client and an upstream see.

import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Loopback, afterHead, undated, type LoopbackOptions } from "./loopback.ts";

let loopback: Loopback;
async function start(routes: string, options: LoopbackOptions = {}): Promise<Loopback> {
  const routing = (upstream: string): string =>
    `clusters: [{ name: a, endpoints: [${upstream}] }, { name: b, endpoints: [${upstream}] }, { name: none, endpoints: [] }]\nroutes:\n${routes}\n`;
  return (loopback = await Loopback.start({ routing, ...options }));
}
afterEach(async () => {
  await loopback.stop();
  await expect.poll(() => [loopback.server.connections, loopback.pins, loopback.account.held]).toEqual([0, 0, 0]);
});

function get(path: string, fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nhost: a.test\r\n${fields}connection: close\r\n\r\n`;
}

/** The first line of what the upstream was asked. */
async function asked(path: string): Promise<string> {
  await loopback.talk(get(path));
  return loopback.upstreamHeads.at(-1)!.split("\r\n")[0]!;
}

describe("a route's rewrite", () => {
  const PREFIX = "  - { name: r, match: { path: { prefix: /a } }, cluster: a, rewrite: { prefix: / } }";
  const REGEX = String.raw`  - { name: r, cluster: a, rewrite: { regex: '/users/([0-9]+)', substitution: '/u/\1-\1' } }`;
  const WHOLE = "  - { name: r, match: { path: { exact: /a } }, cluster: a, rewrite: { prefix: /z/y } }";

  it.each([
    ["the matched prefix", PREFIX, "/ab/c", "/b/c"],
    ["nothing but the prefix", PREFIX, "/a", "/"],
    ["a prefix before a query, which stays", PREFIX, "/a/b?c=/a//d", "/b?c=/a//d"],
    ["what would be a dot segment then", PREFIX, "/a../etc", "/etc"],
    ["what would be an empty segment then", PREFIX, "/a//b", "/b"],
    ["a whole path that was matched exactly", WHOLE, "/a?b", "/z/y?b"],
    ["what an expression matches", REGEX, "/users/12/x", "/u/12-12/x"],
    ["every match of it", REGEX, "/users/1/users/2", "/u/1-1/u/2-2"],
    ["nothing where it does not match", REGEX, "/users/me", "/users/me"],
    ["not the query, though it would match", REGEX, "/x?/users/1", "/x?/users/1"],
  ])("rewrites %s", async (_name, route, path, wanted) => {
    await start(route);
    expect(await asked(path)).toBe(`GET ${wanted} HTTP/1.1`);
    expect(loopback.seen[0]).toMatchObject({ path: path.replace("/a//b", "/a/b"), route: "r", status: 200, flags: [] });
  });

  it("answers 500 when no valid path comes of it", async () => {
    await start(String.raw`  - { name: r, cluster: a, rewrite: { regex: '^/', substitution: '' } }`);
    expect(await loopback.talk(get("/x"))).toMatch(/^HTTP\/1\.1 500 /);
    expect(loopback.seen[0]).toMatchObject({ flags: ["LR"], cluster: "a", upstream: null });
  });
});

describe("a route's expression", () => {
  it("matches whole paths, without their query", async () => {
    await start(
      "  - { name: r, match: { path: { regex: '/v[0-9]+/.*' } }, cluster: a }\n  - { name: rest, cluster: b }",
    );
    for (const path of ["/v1/x", "/v12/?y", "/x/v1/", "/v1", "/x?/v1/"]) await loopback.talk(get(path));
    expect(loopback.seen.map(({ route }) => route)).toEqual(["r", "r", "rest", "rest", "rest"]);
  });

  it("keeps a path that is too long for it from the routes behind", async () => {
    await start("  - { name: r, match: { path: { regex: '/x/.*' } }, cluster: a }\n  - { name: rest, cluster: b }");
    const path = `/y/${"x".repeat(2_045)}`;
    expect(await loopback.talk(get(`${path}?query`))).toMatch(/^HTTP\/1\.1 200 /);
    expect(await loopback.talk(get(`${path}z?query`))).toMatch(/^HTTP\/1\.1 404 /);
    expect(loopback.seen.map(({ route }) => route)).toEqual(["rest", null]);
  });
});

describe("a route's header changes", () => {
  it("removes, sets and adds, in the request and in the response", async () => {
    const answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nserver: origin\r\nx-a: 1\r\nx-a: 2\r\nx-b: 1\r\n\r\n";
    const heads: string[] = [];
    const upstream = (socket: Socket): void =>
      afterHead(socket, (head) => {
        heads.push(head);
        socket.write(answer);
      });
    const changes = "{ remove: [server, cookie], set: { x-a: s }, add: { x-b: 'and more', x-c: n } }";
    await start(`  - { name: r, cluster: a, requestHeaders: ${changes}, responseHeaders: ${changes} }`, { upstream });
    const said = await loopback.talk(get("/", "x-a: 1\r\ncookie: c\r\nx-b: 1\r\n"));
    expect(undated(said)).toBe(
      "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx-a: s\r\nx-b: 1\r\nx-b: and more\r\nx-c: n\r\nconnection: close\r\n\r\n",
    );
    expect(heads[0]!.split("\r\n").filter((line) => /^(x-[abc]|cookie):/.test(line))).toEqual([
      "x-a: s",
      "x-b: 1",
      "x-b: and more",
      "x-c: n",
    ]);
  });

  it("leaves answers of the proxy's own as they are", async () => {
    await start("  - { name: r, cluster: none, responseHeaders: { set: { x-a: s } } }");
    expect(await loopback.talk(get("/"))).not.toContain("x-a");
    expect(loopback.seen[0]).toMatchObject({ status: 503, flags: ["UH"], cluster: "none", upstream: null });
  });
});

describe("a redirect", () => {
  it.each([
    ["{ scheme: https }", "/old?y=z", 301, "https://a.test/old?y=z"],
    ["{ scheme: https, port: 8443 }", "/old", 301, "https://a.test:8443/old"],
    ["{ scheme: https, port: 443 }", "/old", 301, "https://a.test/old"],
    ["{ host: b.test, status: 308 }", "/old", 308, "http://b.test/old"],
    ["{ port: 81, status: 307 }", "/old", 307, "http://a.test:81/old"],
    ["{ path: /new, status: 302 }", "/old?y", 302, "/new?y"],
    ["{ prefix: /new }", "/old/x?y", 301, "/new/x?y"],
    // Without the normal form this one would lead to another host.
    ["{ prefix: / }", "/old//b.test/", 301, "/b.test/"],
  ])("%s leads from %s with %d to %s", async (redirect, path, status, location) => {
    await start(`  - { name: r, match: { path: { prefix: /old } }, redirect: ${redirect} }`);
    const said = await loopback.talk(get(path));
    expect(said).toContain(`HTTP/1.1 ${status} `);
    expect(/^location: (.*)\r$/m.exec(said)![1]).toBe(location);
    expect(said).toContain("\r\ncontent-length: 0\r\n");
    expect(loopback.seen[0]).toMatchObject({ status, route: "r", cluster: null, upstream: null, flags: [] });
    expect(loopback.upstreamConnections).toBe(0);
  });

  it("leads to where each of two requests was", async () => {
    await start("  - { name: r, redirect: { scheme: https }, responseHeaders: { set: { cache-control: no-store } } }");
    const said = await loopback.talk(`GET /1 HTTP/1.1\r\nhost: b.test:8080\r\n\r\n${get("/2")}`);
    expect(said.match(/location: .*|cache-control: .*/g)).toEqual([
      "location: https://b.test:8080/1",
      "cache-control: no-store",
      "location: https://a.test/2",
      "cache-control: no-store",
    ]);
  });
});

describe("a direct response", () => {
  it("says status, headers and body without an upstream, and keeps the connection", async () => {
    await start("  - { name: r, direct: { status: 503, body: 'Back at noon.', headers: { retry-after: '60' } } }");
    const said = await loopback.talk(`GET /1 HTTP/1.1\r\nhost: a.test\r\n\r\n${get("/2")}`);
    const answer =
      "HTTP/1.1 503 Service Unavailable\r\nretry-after: 60\r\ncontent-type: text/plain\r\ncontent-length: 13\r\n";
    expect(undated(said)).toBe(`${answer}\r\nBack at noon.${answer}connection: close\r\n\r\nBack at noon.`);
    expect(loopback.seen[1]).toMatchObject({ status: 503, flags: [], cluster: null, upstream: null });
    expect(loopback.upstreamConnections).toBe(0);
  });

  it.each([
    ["200 without a body", "{ status: 200 }", get("/"), /^HTTP\/1\.1 200 OK\r\ncontent-length: 0\r\n[^]*\r\n\r\n$/],
    ["204", "{ status: 204 }", get("/"), /^HTTP\/1\.1 204 No Content\r\nconnection: close\r\n\r\n$/],
    [
      "HEAD, with the length of what GET has",
      "{ status: 200, body: abc }",
      get("/").replace("GET", "HEAD"),
      /content-length: 3\r\n[^]*\r\n\r\n$/,
    ],
  ])("answers %s", async (_name, direct, request, wanted) => {
    await start(`  - { name: r, direct: ${direct} }`);
    expect(undated(await loopback.talk(request))).toMatch(wanted);
  });
});

describe("several clusters", () => {
  it("divides requests by weight, and none goes to a weight of 0", async () => {
    await start(
      "  - { name: r, clusters: [{ name: a, weight: 50 }, { name: none, weight: 0 }, { name: b, weight: 50 }] }",
    );
    const client = `GET / HTTP/1.1\r\nhost: a.test\r\n\r\n`.repeat(200) + get("/");
    await loopback.talk(client);
    const counts = Map.groupBy(loopback.seen, ({ cluster }) => cluster);
    expect([...counts.keys()].toSorted()).toEqual(["a", "b"]);
    // Of 201 draws fewer than 50 go one way once in 10^13 runs.
    for (const streams of counts.values()) expect(streams.length).toBeGreaterThan(50);
  });
});

describe("trace headers", () => {
  const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  const fieldsOf = (head: string): string[] => head.split("\r\n").filter((line) => line.startsWith("trace"));

  it("pass through as they came while tracing is off", async () => {
    await start("  - { name: r, cluster: a }");
    await loopback.talk(get("/", "traceparent: whatever\r\ntracestate: x=1\r\n"));
    expect(fieldsOf(loopback.upstreamHeads[0]!)).toEqual(["traceparent: whatever", "tracestate: x=1"]);
  });

  it("name this proxy's span in the client's trace while it is on", async () => {
    await start("  - { name: r, cluster: a }", { tracing: { sampled: 0, isExported: false } });
    await loopback.talk(get("/", `traceparent: 00-${TRACE}-00f067aa0ba902b7-01\r\ntracestate: x=1\r\n`));
    const [parent, state] = fieldsOf(loopback.upstreamHeads[0]!);
    expect(parent).toMatch(new RegExp(`^traceparent: 00-${TRACE}-[0-9a-f]{16}-01$`));
    expect(parent).not.toContain("00f067aa0ba902b7");
    expect(state).toBe("tracestate: x=1");
  });

  it("are made where there are none", async () => {
    await start("  - { name: r, cluster: a }", { tracing: { sampled: 1, isExported: false } });
    await loopback.talk(get("/", "tracestate: x=1\r\n"));
    const fields = fieldsOf(loopback.upstreamHeads[0]!);
    expect(fields).toHaveLength(1);
    expect(fields[0]).toMatch(/^traceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
  });
});
