import { describe, expect, it } from "vitest";
import { judgeOrigin } from "./origin.ts";
import type { OriginRefusal } from "./origin.ts";

interface Row {
  readonly name: string;
  readonly host?: string;
  readonly origin?: string;
  readonly fetchSite?: string;
  readonly fetchMode?: string;
  readonly expected: OriginRefusal;
}

const ROWS: readonly Row[] = [
  { name: "the loopback address", host: "127.0.0.1:9902", expected: null },
  { name: "localhost in capitals", host: "LOCALHOST:9902", expected: null },
  { name: "IPv6 in brackets", host: "[::1]:9902", expected: null },
  { name: "an address of the network, which no name can be rebound to", host: "192.0.2.7", expected: null },
  { name: "a name that was allowed", host: "registry.test", expected: null },
  { name: "a foreign name (DNS rebinding)", host: "evil.test:9902", expected: "host" },
  { name: "a name that only begins like ours", host: "localhost.evil.test", expected: "host" },
  { name: "an address hidden in a name", host: "127.0.0.1.evil.test", expected: "host" },
  { name: "user information before the host", host: "localhost@evil.test", expected: "host" },
  { name: "an empty host", host: "", expected: "host" },
  { name: "no host at all", expected: "host" },
  { name: "our own page", host: "localhost:9902", origin: "http://localhost:9902", expected: null },
  { name: "our own page behind TLS", host: "registry.test", origin: "https://registry.test:443", expected: null },
  { name: "a page of another site", host: "localhost:9902", origin: "http://evil.test", expected: "origin" },
  {
    name: "a page on another port of this machine",
    host: "localhost:9902",
    origin: "http://localhost:3000",
    expected: "origin",
  },
  { name: "a page without an origin (sandbox, file)", host: "localhost:9902", origin: "null", expected: "origin" },
  {
    name: "a cross-site request without Origin",
    host: "localhost",
    fetchSite: "cross-site",
    fetchMode: "no-cors",
    expected: "origin",
  },
  {
    name: "a request from another port, which browsers call same-site",
    host: "localhost",
    fetchSite: "same-site",
    fetchMode: "cors",
    expected: "origin",
  },
  { name: "a link on another page", host: "localhost", fetchSite: "cross-site", fetchMode: "navigate", expected: null },
  {
    name: "a form that another page posts",
    host: "localhost",
    origin: "http://evil.test",
    fetchSite: "cross-site",
    fetchMode: "navigate",
    expected: "origin",
  },
];

describe("judgeOrigin", () => {
  it.each(ROWS)("answers $expected to $name", ({ host, origin, fetchSite, fetchMode, expected }) => {
    expect(judgeOrigin({ host, origin, fetchSite, fetchMode }, ["registry.test"])).toBe(expected);
  });
});
