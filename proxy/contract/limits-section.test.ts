import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LimitsSchema, settleLimits } from "./limits-section.ts";
import { parseMachine } from "./machine.ts";

const page = readFileSync(new URL("../../docs/operating.md", import.meta.url), "utf8");
const golden = readFileSync(new URL("golden/sluice.yaml", import.meta.url), "utf8");

describe("settleLimits", () => {
  it("bounds a document that says nothing", () => {
    expect(settleLimits({})).toEqual({
      headBytesMax: 32_768,
      headFieldsMax: 100,
      underscores: "refuse",
      headTimeoutMs: 10_000,
      keepAliveTimeoutMs: 75_000,
      requestTimeoutMs: 300_000,
      streamTimeoutMs: 3_600_000,
      streamIdleTimeoutMs: 300_000,
      connectionsMax: 50_000,
      connectionsPerSourceMax: 1_024,
      upstreamConnectionsMax: 16_384,
      requestsPerConnectionMax: 10_000,
      bodyBufferBytesMax: 1_048_576,
      workerBufferBytesMax: 536_870_912,
      drainTimeoutMs: 600_000,
      drainingSnapshotsMax: 8,
      overload: { loopDelayMs: 500, pendingRequestsMax: 10_000 },
    });
  });

  it("is shown whole by the golden document, with the defaults", () => {
    for (const key of Object.keys(LimitsSchema.properties)) expect(golden).toMatch(new RegExp(`^  ${key}:`, "m"));
    expect(parseMachine(golden, "sluice.yaml").limits).toEqual(settleLimits({}));
  });

  it("is told of in docs/operating.md, each with its default", () => {
    const limits = golden.slice(golden.indexOf("limits:"));
    const defaults = [...limits.matchAll(/(\w+): ([\w.]+)/g)];
    expect(defaults.length).toBeGreaterThan(15);
    for (const [, key, value] of defaults)
      expect(page).toMatch(new RegExp(`\\| \`(overload\\.)?${key}\` +\\| ${value} +\\|`));
  });

  it.each([
    ["connections: 0", '"connections" is 0'],
    ["requestTimeout: 5", '"requestTimeout" is 5; allowed: a duration such as 1.5s'],
    ["workerBufferBytes: 5", '"workerBufferBytes" is 5'],
    ["overload: { loop: 1s }", 'unknown key "loop"'],
  ])("refuses %s", (line, message) => {
    const text = `${golden.slice(0, golden.indexOf("limits:"))}limits:\n  ${line}\n`;
    expect(() => parseMachine(text, "sluice.yaml")).toThrow(message);
  });
});
