import type { StoredDeployment } from "@sluice/registry";
import { describe, expect, it } from "vitest";
import { parseAssignment, planDeploy, resolveVersion } from "./deploy-plan.ts";
import type { SlotChange } from "./deploy-plan.ts";
import type { VersionEntry } from "./registry-client.ts";

const digest = (letter: string): `sha256:${string}` => `sha256:${letter.repeat(64)}`;

function version(letter: string, tags: string[]): VersionEntry {
  return {
    digest: digest(letter),
    moduleDigest: digest("0"),
    tags,
    pushedAt: "2026-01-01T00:00:00Z",
    pushedBy: "ci",
    size: 1,
    documentFrom: "upload",
    proof: {},
    filter: { apiVersion: "sluice/v1", kind: "Filter", name: "rbac", phase: "AUTHZ" },
  } as VersionEntry;
}

const current: StoredDeployment = {
  apiVersion: "sluice/v1",
  kind: "Deployment",
  name: "default",
  number: 7,
  who: "ci",
  when: "2026-01-01T00:00:00Z",
  why: "before",
  slots: [
    { name: "auth", phase: "AUTHN", revisions: [{ filter: "auth", version: digest("e") }] },
    {
      name: "rbac",
      phase: "AUTHZ",
      failStrategy: "FAIL_CLOSE",
      split: { by: "source" },
      revisions: [
        {
          filter: "rbac",
          version: digest("a"),
          tag: "v1",
          weight: 90,
          pluginConfig: { a: 1 },
          capabilities: ["timer"],
          limits: { fuel: 5 },
        },
        { filter: "rbac", version: digest("b"), tag: "v2", weight: 10 },
      ],
    },
  ],
};

function changeTo(change: Partial<SlotChange>): SlotChange {
  const assignment = { slot: "rbac", filter: "rbac", reference: "v2" };
  return { assignment, version: version("b", ["v2"]), config: "keep", grant: [], add: false, why: null, ...change };
}

describe("parseAssignment", () => {
  it("takes slot, filter and tag or digest apart", () => {
    expect(parseAssignment("edge=rbac@v2")).toEqual({ slot: "edge", filter: "rbac", reference: "v2" });
    expect(parseAssignment(`edge=rbac@${digest("a")}`).reference).toBe(digest("a"));
  });

  for (const words of ["rbac", "rbac@v2", "rbac=rbac", "rbac=@v2", "=rbac@v2", "a=b@"]) {
    it(`refuses ${JSON.stringify(words)} with what to write`, () => {
      expect(() => parseAssignment(words)).toThrow(expect.objectContaining({ code: "SLUICE-E5001" }));
    });
  }
});

describe("resolveVersion", () => {
  const versions = [version("a", ["v1", "stable"]), version("b", ["v2"])];

  it("finds a version by tag and by digest", () => {
    expect(resolveVersion(versions, { slot: "s", filter: "rbac", reference: "stable" }).digest).toBe(digest("a"));
    expect(resolveVersion(versions, { slot: "s", filter: "rbac", reference: digest("b") }).digest).toBe(digest("b"));
  });

  it("names the tags there are when the one asked for is not", () => {
    expect(() => resolveVersion(versions, { slot: "s", filter: "rbac", reference: "v3" })).toThrow("v1, stable, v2");
  });
});

describe("planDeploy", () => {
  it("gives a slot one revision for all traffic and keeps configuration, grants and limits of the stable one", () => {
    const draft = planDeploy(current, "default", changeTo({ why: "new code" }));
    expect(draft.why).toBe("new code");
    expect(draft.slots[0]).toEqual(current.slots[0]);
    expect(draft.slots[1]).toEqual({
      name: "rbac",
      phase: "AUTHZ",
      failStrategy: "FAIL_CLOSE",
      revisions: [
        {
          filter: "rbac",
          version: digest("b"),
          tag: "v2",
          pluginConfig: { a: 1 },
          capabilities: ["timer"],
          limits: { fuel: 5 },
        },
      ],
    });
  });

  it("leaves out what the registry gives and the reason of the change before", () => {
    expect(Object.keys(planDeploy(current, "default", changeTo({}))).toSorted()).toEqual([
      "apiVersion",
      "kind",
      "name",
      "slots",
    ]);
  });

  it("sets a configuration and adds grants when told", () => {
    const draft = planDeploy(current, "default", changeTo({ config: { value: { b: 2 } }, grant: ["queue", "timer"] }));
    expect(draft.slots[1]?.revisions[0]).toMatchObject({ pluginConfig: { b: 2 }, capabilities: ["timer", "queue"] });
  });

  it("notes no tag for a version named by its digest", () => {
    const assignment = { slot: "rbac", filter: "rbac", reference: digest("b") };
    expect(planDeploy(current, "default", changeTo({ assignment })).slots[1]?.revisions[0]).not.toHaveProperty("tag");
  });

  it("adds a slot in the filter's phase, also to no deployment at all", () => {
    const assignment = { slot: "second", filter: "rbac", reference: "v2" };
    expect(planDeploy(current, "default", changeTo({ assignment, add: true })).slots).toHaveLength(3);
    expect(planDeploy(null, "default", changeTo({ assignment, add: true })).slots).toEqual([
      { name: "second", phase: "AUTHZ", revisions: [{ filter: "rbac", version: digest("b"), tag: "v2" }] },
    ]);
  });

  it("wants a configuration for a new slot whose filter has a schema, and shows the example", () => {
    const plain = version("b", ["v2"]);
    const configurable = { ...plain, filter: { ...plain.filter, config: { type: "object" }, exampleConfig: { a: 1 } } };
    const assignment = { slot: "second", filter: "rbac", reference: "v2" };
    const change = changeTo({ assignment, add: true, version: configurable });
    expect(() => planDeploy(current, "default", change)).toThrow('Its example: {"a":1}');
    expect(planDeploy(current, "default", { ...change, config: { value: {} } }).slots).toHaveLength(3);
  });

  it("refuses a slot that is not there without --add, and one that is there with it", () => {
    const assignment = { slot: "second", filter: "rbac", reference: "v2" };
    expect(() => planDeploy(current, "default", changeTo({ assignment }))).toThrow("it has: auth, rbac");
    expect(() => planDeploy(current, "default", changeTo({ add: true }))).toThrow('already has a slot "rbac"');
  });
});
