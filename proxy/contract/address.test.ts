import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "./address.ts";

describe("parseAddress", () => {
  it.each([
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["[::1]:8080", "::1", 8080],
    ["api.internal:443", "api.internal", 443],
  ])("splits %s, and formatAddress puts it together again", (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
    expect(formatAddress({ host, port })).toBe(text);
  });
});
