import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { settleLimits } from "./limits-section.ts";
import { parseMachine } from "./machine.ts";

const golden = readFileSync(new URL("golden/sluice.yaml", import.meta.url), "utf8");

describe("parseMachine", () => {
  it("reads the full example into numbers and addresses", () => {
    const machine = parseMachine(golden, "sluice.yaml");
    expect(machine.listeners).toEqual([{ name: "http", host: "127.0.0.1", port: 8080 }]);
    expect(machine.routes[0]).toMatchObject({
      path: { prefix: "/" },
      timeoutMs: 15_000,
      clusters: [{ name: "demo", weight: 100 }],
    });
    expect(machine.limits).toEqual(settleLimits({}));
  });

  it("fills the same limits in when nothing is written", () => {
    const shortened = golden.slice(0, golden.indexOf("limits:"));
    expect(parseMachine(shortened, "sluice.yaml").limits).toEqual(parseMachine(golden, "sluice.yaml").limits);
  });

  it.each([
    [
      "a route to no cluster",
      golden.replace("cluster: demo", "cluster: demmo"),
      'there is no cluster "demmo"; allowed: demo',
    ],
    [
      "a path matched two ways",
      golden.replace("{ prefix: / }", "{ prefix: /, exact: /a }"),
      "sluice.yaml:8:47: a path is matched in one way; allowed: one of exact, prefix, regex",
    ],
    [
      "a port that is none",
      golden.replace("127.0.0.1:8080", "127.0.0.1:80800"),
      'sluice.yaml:6:36: "127.0.0.1:80800" has no valid port',
    ],
    [
      "a duration without a unit",
      golden.replace("timeout: 15s", "timeout: 15"),
      '"timeout" is 15; allowed: a duration such as 1.5s',
    ],
    [
      "registry and file together",
      `${golden}deployment: { file: d.yaml }\n`,
      "allowed: registry or deployment, not both",
    ],
    [
      "a worker count of none",
      golden.replace("workers: auto", "workers: 0"),
      '"workers" is 0; allowed: auto or a number from 1 to 128',
    ],
    [
      "a trusted proxy that is no address",
      golden.replace("trustedProxies: []", "trustedProxies: [10.0.0.0/8, edge.test]"),
      '"edge.test" is no range of addresses',
    ],
    ["a duplicate key", `${golden}workers: 1\n`, 'duplicate key "workers"'],
    ["a jsonl sink without a file", golden.replace("type: stdout", "type: jsonl"), "sink log has no file"],
    ["an unknown sink", golden.replace("type: stdout", "type: otlp"), '"type" is "otlp"; allowed: stdout, jsonl'],
  ])("refuses %s", (_name, text, message) => {
    expect(() => parseMachine(text, "sluice.yaml")).toThrow(message);
  });
});
