import { describe, expect, it } from "vitest";
import type { Digest } from "./names.ts";
import { revisionDigest, sha256 } from "./revision-digest.ts";

const version: Digest = `sha256:${"a".repeat(64)}`;

describe("revisionDigest", () => {
  it("is the sha256 of the RFC 8785 JSON of what was written", () => {
    const digest = revisionDigest({ version, pluginConfig: { b: 1, a: [1.0, "x"] } });
    expect(digest).toBe(sha256(`{"pluginConfig":{"a":[1,"x"],"b":1},"version":"${version}"}`));
  });

  it("does not depend on the order of keys, but on what was written", () => {
    const plain = revisionDigest({ version, pluginConfig: { a: 1, b: 2 } });
    expect(revisionDigest({ pluginConfig: { b: 2, a: 1 }, version })).toBe(plain);
    expect(revisionDigest({ version, pluginConfig: { a: 1, b: 2 }, capabilities: [] })).not.toBe(plain);
    expect(revisionDigest({ version, pluginConfig: { a: 1, b: 2 }, environment: { A: "1" } })).not.toBe(plain);
  });
});
