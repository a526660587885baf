import { headOf } from "@sluice/abi";
import { describe, expect, it } from "vitest";
import { parseMachine } from "../contract/index.ts";
import { compileCluster } from "./clusters.ts";
import { EndpointDirectory } from "./endpoint-directory.ts";
import { compileRoutes } from "./route-table.ts";

function tableOf(matches: readonly string[]) {
  const routes = matches.map((match, index) => `  - { name: r${index}, match: ${match}, cluster: c }`).join("\n");
  const machine = parseMachine(
    `apiVersion: sluice/v1\nkind: Proxy\nnode: { id: n }\nlisteners: [{ name: l, address: 127.0.0.1:0 }]\nclusters: [{ name: c, endpoints: [127.0.0.1:1] }]\nroutes:\n${routes}\n`,
    "sluice.yaml",
  );
  const directory = new EndpointDirectory();
  const cluster = compileCluster(machine.clusters[0]!, directory);
  return compileRoutes(
    machine.routes,
    () => 1,
    () => cluster,
  );
}

function request(method: string, authority: string, path: string, headers: [string, string][] = []) {
  return headOf([[":method", method], [":path", path], [":authority", authority], [":scheme", "http"], ...headers]);
}

describe("RouteTable.match", () => {
  it.each([
    ["any host", "{ hosts: ['*'] }", request("GET", "a.test", "/"), true],
    ["an exact host", "{ hosts: [a.test] }", request("GET", "a.test", "/"), true],
    ["another host", "{ hosts: [a.test] }", request("GET", "b.test", "/"), false],
    ["a host with a port, by the name alone", "{ hosts: [a.test] }", request("GET", "a.test:8080", "/"), true],
    ["a port that was asked for", "{ hosts: ['a.test:8080'] }", request("GET", "a.test:8080", "/"), true],
    ["another port", "{ hosts: ['a.test:8080'] }", request("GET", "a.test:8081", "/"), false],
    ["a suffix", "{ hosts: ['*.a.test'] }", request("GET", "x.y.a.test", "/"), true],
    ["a suffix against its bare domain", "{ hosts: ['*.a.test'] }", request("GET", "a.test", "/"), false],
    ["an IPv6 host with a port", "{ hosts: ['[::1]'] }", request("GET", "[::1]:8080", "/"), true],
    ["an exact path", "{ path: { exact: /a } }", request("GET", "h", "/a"), true],
    ["an exact path with a query", "{ path: { exact: /a } }", request("GET", "h", "/a?b=c"), true],
    ["a longer path than the exact one", "{ path: { exact: /a } }", request("GET", "h", "/ab"), false],
    ["a prefix", "{ path: { prefix: /a } }", request("GET", "h", "/ab/c"), true],
    ["a shorter path than the prefix", "{ path: { prefix: /ab } }", request("GET", "h", "/a"), false],
    ["an expression over the whole path", "{ path: { regex: '/a[0-9]' } }", request("GET", "h", "/a1?b"), true],
    ["an expression that matches a part of it", "{ path: { regex: '/a' } }", request("GET", "h", "/a/b"), false],
    ["an expression that would match the query", "{ path: { regex: '/a.b' } }", request("GET", "h", "/a?b"), false],
    ["a method of the list", "{ methods: [GET, POST] }", request("POST", "h", "/"), true],
    ["a method not in it", "{ methods: [GET, POST] }", request("PUT", "h", "/"), false],
    ["a header's value", "{ headers: [{ name: x-a, exact: one }] }", request("GET", "h", "/", [["X-A", "one"]]), true],
    [
      "the second of two values",
      "{ headers: [{ name: x-a, exact: one }] }",
      request("GET", "h", "/", [
        ["x-a", "two"],
        ["x-a", "one"],
      ]),
      true,
    ],
    ["a header's prefix", "{ headers: [{ name: x-a, prefix: on }] }", request("GET", "h", "/", [["x-a", "one"]]), true],
    ["another value", "{ headers: [{ name: x-a, exact: on }] }", request("GET", "h", "/", [["x-a", "one"]]), false],
    ["presence", "{ headers: [{ name: x-a, present: true }] }", request("GET", "h", "/", [["x-a", ""]]), true],
    ["absence", "{ headers: [{ name: x-a, present: false }] }", request("GET", "h", "/"), true],
    [
      "absence of what is there",
      "{ headers: [{ name: x-a, present: false }] }",
      request("GET", "h", "/", [["x-a", ""]]),
      false,
    ],
  ])("decides %s", (_name, match, head, expected) => {
    expect(tableOf([match]).match(head) !== null).toBe(expected);
  });

  it("takes the first route that matches", () => {
    const table = tableOf(["{ path: { prefix: /a } }", "{ path: { prefix: /a/b } }", "{}"]);
    expect(table.match(request("GET", "h", "/a/b"))!.name).toBe("r0");
    expect(table.match(request("GET", "h", "/c"))!.name).toBe("r2");
  });

  it("reads what a filter has set", () => {
    const head = request("GET", "h", "/a");
    head.set(":path", "/b");
    expect(tableOf(["{ path: { exact: /b } }"]).match(head)).not.toBeNull();
  });
});
