import { headOf } from "@sluice/abi/data-path";
import { describe, expect, it } from "vitest";
import { parseAddressRange } from "../contract/index.ts";
import { addHop } from "./forwarded-chain.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

const trusted = new TrustedProxies(["10.0.0.0/8", "2001:db8:1::/48"].map((range) => parseAddressRange(range)!));

describe("TrustedProxies", () => {
  it.each([
    ["10.1.2.3", true],
    ["11.1.2.3", false],
    ["::ffff:10.1.2.3", true],
    ["2001:db8:1::7", true],
    ["2001:db8:2::7", false],
    ["", false],
    ["unknown", false],
  ])("trusts %s: %s", (address, is) => {
    expect(trusted.trusts(address)).toBe(is);
  });

  it.each([
    // A peer that is not trusted is the client, whatever it says.
    ["198.51.100.1", "192.0.2.9", "192.0.2.9"],
    ["", "10.0.0.1", "10.0.0.1"],
    ["198.51.100.1", "10.0.0.1", "198.51.100.1"],
    // What stands before the first stranger is the stranger's word.
    ["6.6.6.6, 198.51.100.1", "10.0.0.1", "198.51.100.1"],
    ["6.6.6.6, 198.51.100.1, 10.0.0.2", "10.0.0.1", "198.51.100.1"],
    ["10.0.0.3,10.0.0.2", "10.0.0.1", "10.0.0.3"],
    ["198.51.100.1:4711", "10.0.0.1", "198.51.100.1"],
    ["[2001:db8::9]:4711", "10.0.0.1", "2001:db8::9"],
    ["2001:db8::9", "10.0.0.1", "2001:db8::9"],
    // No address: the proxy that wrote it is the last that is known.
    ["198.51.100.1, unknown", "10.0.0.1", "10.0.0.1"],
    ["198.51.100.1, , 10.0.0.2", "10.0.0.1", "10.0.0.2"],
    ["198.51.100.1, 1.2.3, 10.0.0.2", "10.0.0.1", "10.0.0.2"],
    // Nobody stands behind so many proxies: the last that was looked at is as good as the first.
    [`198.51.100.1${", 10.0.0.3".repeat(32)}`, "10.0.0.1", "10.0.0.3"],
    [`198.51.100.1${", 10.0.0.3".repeat(31)}`, "10.0.0.1", "198.51.100.1"],
  ])("finds the client in %j from %s", (forwardedFor, peer, client) => {
    expect(trusted.clientOf(forwardedFor, peer)).toBe(client);
  });
});

describe("addHop", () => {
  const PSEUDO: [string, string][] = [
    [":method", "GET"],
    [":path", "/"],
    [":authority", "a.test"],
  ];
  const after = (fields: [string, string][]): [string, string][] => {
    const head = headOf([...PSEUDO, ...fields]);
    head.edited = head.routingEdited = false;
    addHop(head, "10.0.0.1");
    expect([head.edited, head.routingEdited]).toEqual([false, false]);
    return head.toPairs().slice(3);
  };

  it("begins a chain where there is none", () => {
    expect(after([])).toEqual([
      ["x-forwarded-for", "10.0.0.1"],
      ["forwarded", 'for=10.0.0.1;proto=http;host="a.test"'],
      ["x-forwarded-proto", "http"],
      ["x-forwarded-host", "a.test"],
    ]);
  });

  it("adds to what is there, joins fields of one name, and keeps what the first proxy saw", () => {
    expect(
      after([
        ["x-forwarded-for", "198.51.100.1"],
        ["x-forwarded-proto", "HTTPS"],
        ["x-forwarded-host", "shop.test"],
        ["x-forwarded-for", "10.0.0.9"],
        ["forwarded", "for=198.51.100.1"],
      ]),
    ).toEqual([
      ["x-forwarded-for", "198.51.100.1, 10.0.0.9, 10.0.0.1"],
      ["x-forwarded-proto", "https"],
      ["x-forwarded-host", "shop.test"],
      ["forwarded", 'for=198.51.100.1, for=10.0.0.1;proto=http;host="a.test"'],
    ]);
  });
});
