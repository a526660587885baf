import { describe, expect, it } from "vitest";
import { parseAddressRange } from "./trusted-proxies.ts";

describe("parseAddressRange", () => {
  it.each([
    ["10.0.0.0/8", { address: "10.0.0.0", prefix: 8, family: "ipv4" }],
    ["192.0.2.1", { address: "192.0.2.1", prefix: 32, family: "ipv4" }],
    ["0.0.0.0/0", { address: "0.0.0.0", prefix: 0, family: "ipv4" }],
    ["2001:db8::/32", { address: "2001:db8::", prefix: 32, family: "ipv6" }],
    ["::1", { address: "::1", prefix: 128, family: "ipv6" }],
    ["10.0.0.0/33", null],
    ["2001:db8::/129", null],
    ["10.0.0.0/", null],
    ["10.0.0.0/08", null],
    ["10.0.0.0/8/8", null],
    ["010.0.0.1", null],
    ["10.1", null],
    ["fe80::1%eth0", null],
    ["edge.test", null],
  ])("makes of %s what it says, or nothing", (text, range) => {
    expect(parseAddressRange(text)).toEqual(range);
  });
});
