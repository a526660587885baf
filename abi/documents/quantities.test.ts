import { describe, expect, it } from "vitest";
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
