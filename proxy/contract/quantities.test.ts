import { describe, expect, it } from "vitest";
import { formatAddress, parseAddress } from "./address.ts";
import { durationMs, sizeBytes } from "./quantities.ts";

describe("durationMs", () => {
  it.each([
    ["1.5s", 1500],
    ["250ms", 250],
    ["10m", 600_000],
    ["1h", 3_600_000],
    ["0s", 0],
  ])("reads %s", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
  it.each(["15", "-1s", "1 s", "1d", "01s", ".5s"])("throws at %s, which no schema lets through", (text) => {
    expect(() => durationMs(text)).toThrow(TypeError);
  });
});

describe("sizeBytes", () => {
  it.each([
    ["16MiB", 16_777_216],
    ["0B", 0],
    ["2GiB", 2_147_483_648],
    ["32KiB", 32_768],
  ])("reads %s", (text, bytes) => {
    expect(sizeBytes(text)).toBe(bytes);
  });
});

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
