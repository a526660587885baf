import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { deploymentWarnings, isTarget, parseDeployment } from "./deployment.ts";
import { grantedCapabilities, settleSlot } from "./settled-slot.ts";

const golden = readFileSync(new URL("golden/deployment.yaml", import.meta.url), "utf8");
const digest = `sha256:${"a".repeat(64)}`;

function deploymentOf(slots: string): string {
  return `apiVersion: sluice/v1\nkind: Deployment\nname: default\nslots:\n${slots}`;
}

function slot(name: string, phase: string, rest = ""): string {
  return `  - { name: ${name}, phase: ${phase}, ${rest}revisions: [{ filter: ${name}, version: "${digest}" }] }\n`;
}

describe("parseDeployment", () => {
  it("reads the full example", () => {
    const deployment = parseDeployment(golden, "deployment.yaml");
    expect(deployment.number).toBe(42);
    expect(deployment.slots[0]!.revisions.map((revision) => revision.weight)).toEqual([90, 10]);
  });

  it("refuses a long list of words in time that grows with its length", () => {
    const words = Array.from({ length: 50_000 }, (_, i) => `w${i}`).join();
    const text = deploymentOf(slot("a", "OTHER", `failOpenOn: [${words}], `));
    expect(() => parseDeployment(text, "d.yaml")).toThrow("and 49980 more problems");
  });

  it("sorts slots by phase, then as written", () => {
    const text = deploymentOf(slot("c", "OTHER") + slot("b", "AUTHZ") + slot("a", "AUTHN") + slot("d", "AUTHZ"));
    expect(parseDeployment(text, "d.yaml").slots.map(({ name }) => name)).toEqual(["a", "b", "d", "c"]);
  });

  it.each([
    [
      "weights that do not sum to 100",
      golden.replace("weight: 10", "weight: 20"),
      "the weights of slot rbac sum to 110; allowed: 100",
    ],
    ["several revisions without a split", golden.replace(/ +split: .*\n/, ""), "has 2 revisions and no split"],
    [
      "an only revision with less than all",
      deploymentOf(slot("a", "AUTHN")).replace("filter: a,", "filter: a, weight: 90,"),
      "the only revision has weight 90; allowed: 100",
    ],
    [
      "failOpenOn under FAIL_CLOSE",
      golden.replace("isolation: stream", "failOpenOn: [trap]"),
      "failOpenOn has no meaning",
    ],
    [
      "a wrong size unit",
      golden.replace("memory: 16MiB", "memory: 16MB"),
      '"memory" is "16MB"; allowed: a size such as 16MiB',
    ],
    ["memory over the bound", golden.replace("memory: 16MiB", "memory: 2GiB"), "allowed: at most 1024MiB"],
    [
      "an environment variable of no name",
      deploymentOf(slot("a", "AUTHN")).replace("filter: a,", "filter: a, environment: { 1A: b },"),
      'unknown key "1A"',
    ],
    [
      "one with a NUL",
      deploymentOf(slot("a", "AUTHN")).replace("filter: a,", 'filter: a, environment: { A: "b\\0" },'),
      "a text without NUL",
    ],
    [
      "one that is no text",
      deploymentOf(slot("a", "AUTHN")).replace("filter: a,", "filter: a, environment: { A: 1 },"),
      '"A" is 1',
    ],
    [
      "more of them than there may be",
      deploymentOf(slot("a", "AUTHN")).replace(
        "filter: a,",
        `filter: a, environment: { ${Array.from({ length: 65 }, (_, at) => `A${at}: b`).join(", ")} },`,
      ),
      "at most 64 names",
    ],
    ["a rate without a unit", golden.replace("100/s", "100"), "allowed: a rate such as 100/s"],
    [
      "a slot named twice",
      deploymentOf(slot("a", "AUTHN") + slot("a", "OTHER")),
      'd.yaml:6:13: the name "a" is used twice',
    ],
    [
      "a revision without a version",
      deploymentOf(slot("a", "AUTHN")).replace(/, version: "[^"]*"/, ""),
      "revision of a has no version",
    ],
    [
      "a module file where digests are asked for",
      deploymentOf(slot("a", "AUTHN")).replace("filter: a", "filter: a, module: a.wasm"),
      "only a proxy without a registry",
    ],
    [
      "a misspelt field",
      golden.replace("failStrategy", "failureStrategy"),
      'deployment.yaml:11:5: unknown key "failureStrategy", did you mean "failStrategy"?',
    ],
  ])("refuses %s", (_name, text, message) => {
    const file = text.includes("name: rbac") ? "deployment.yaml" : "d.yaml";
    expect(() => parseDeployment(text, file)).toThrow(message);
  });

  it("reads a revision by its module's file where that is allowed", () => {
    const text = deploymentOf("  - { name: a, phase: OTHER, revisions: [{ filter: a, module: a.wasm }] }\n");
    expect(parseDeployment(text, "d.yaml", { modules: "files" }).slots[0]!.revisions[0]!.module).toBe("a.wasm");
  });
});

describe("settleSlot", () => {
  const settled = (phase: string, rest = "") =>
    settleSlot(parseDeployment(deploymentOf(slot("a", phase, rest)), "d.yaml").slots[0]!);

  it.each([
    ["AUTHN", "stream", "reset"],
    ["AUTHZ", "stream", "reset"],
    ["QUOTA", "shared", "finish"],
    ["OTHER", "shared", "finish"],
  ])("isolates %s by %s without a word", (phase, isolation, onRevoke) => {
    expect(settled(phase)).toMatchObject({
      isolation,
      onRevoke,
      failStrategy: "FAIL_CLOSE",
      failOpenOn: [],
      routes: ["*"],
      vmId: "a",
    });
  });

  it("takes notLoaded and backend as what FAIL_OPEN means alone", () => {
    expect(settled("OTHER", "failStrategy: FAIL_OPEN, ").failOpenOn).toEqual(["notLoaded", "backend"]);
    expect(settled("OTHER", "failStrategy: FAIL_OPEN, failOpenOn: [trap], ").failOpenOn).toEqual(["trap"]);
  });
});

describe("deploymentWarnings", () => {
  it("names guarding slots that fail open, others not", () => {
    const text = deploymentOf(
      slot("a", "AUTHZ", "failStrategy: FAIL_OPEN, ") + slot("b", "OTHER", "failStrategy: FAIL_OPEN, "),
    );
    expect(deploymentWarnings(parseDeployment(text, "d.yaml"))).toEqual([
      "slot a (AUTHZ) is FAIL_OPEN: requests pass unchecked when its filter fails",
    ]);
  });
});

describe("isTarget", () => {
  it("asks every label", () => {
    const text = deploymentOf(slot("a", "OTHER")).replace(
      "slots:",
      "targets: { matchLabels: { zone: a, tier: edge } }\nslots:",
    );
    const deployment = parseDeployment(text, "d.yaml");
    expect(isTarget(deployment, { zone: "a", tier: "edge", more: "x" })).toBe(true);
    expect(isTarget(deployment, { zone: "a" })).toBe(false);
  });
});

describe("grantedCapabilities", () => {
  it("adds what the revision was granted to the default", () => {
    expect(grantedCapabilities({ filter: "a" })).not.toContain("callout");
    expect(grantedCapabilities({ filter: "a", capabilities: ["callout", "log"] })).toContain("callout");
  });
});
