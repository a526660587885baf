import { describe, expect, it } from "vitest";
import { isOwnHost, isOwnOrigin } from "./own-origin.ts";

describe("isOwnHost", () => {
  it.each([
    ["127.0.0.1:9901", true],
    ["localhost:9901", true],
    ["[::1]:9901", true],
    ["127.0.0.1:80", false],
    ["evil.test:9901", false],
    ["127.0.0.1.evil.test:9901", false],
    ["localhost", false],
    ["", false],
  ])("says of %s: %s", (host, own) => {
    expect(isOwnHost(host, 9901)).toBe(own);
  });
});

describe("isOwnOrigin", () => {
  it.each([
    [undefined, true],
    ["http://127.0.0.1:9901", true],
    ["http://127.0.0.1:9902", false],
    ["https://127.0.0.1:9901", false],
    ["http://evil.test", false],
    ["null", false],
  ])("says of %s: %s", (origin, own) => {
    expect(isOwnOrigin(origin, 9901)).toBe(own);
  });
});
