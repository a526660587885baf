import type { StoredDeployment } from "@sluice/registry";
import { describe, expect, it } from "vitest";
import { parseAssignment, parseWeights, planDeploy, resolveVersion } from "./deploy-plan.ts";
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

const v1 = { named: { filter: "rbac", reference: "v1" }, entry: version("a", ["v1"]) };
const v2 = { named: { filter: "rbac", reference: "v2" }, entry: version("b", ["v2"]) };
const v3 = { named: { filter: "rbac", reference: "v3" }, entry: version("c", ["v3"]) };

function changeTo(change: Partial<SlotChange>): SlotChange {
  return { slot: "rbac", versions: [v3], split: null, config: "keep", grant: [], add: false, why: null, ...change };
}

const shares = (...weights: number[]) => ({ weights, by: null, salt: null, force: null });

describe("parseAssignment", () => {
  it("takes slot, filter and tag or digest apart", () => {
    expect(parseAssignment("edge=rbac@v2")).toEqual({ slot: "edge", named: [{ filter: "rbac", reference: "v2" }] });
    expect(parseAssignment(`edge=rbac@${digest("a")}`).named[0]!.reference).toBe(digest("a"));
  });

  it("takes several versions in their order", () => {
    expect(parseAssignment("rbac=rbac@v1, other@v2").named).toEqual([
      { filter: "rbac", reference: "v1" },
      { filter: "other", reference: "v2" },
    ]);
  });

  for (const words of ["rbac", "rbac@v2", "rbac=rbac", "rbac=@v2", "=rbac@v2", "a=b@", "a=b@1,", "a=b@1,c"]) {
    it(`refuses ${JSON.stringify(words)} with what to write`, () => {
      expect(() => parseAssignment(words)).toThrow(expect.objectContaining({ code: "SLUICE-E5001" }));
    });
  }
});

describe("resolveVersion", () => {
  const versions = [version("a", ["v1", "stable"]), version("b", ["v2"])];

  it("finds a version by tag and by digest", () => {
    expect(resolveVersion(versions, { filter: "rbac", reference: "stable" }).digest).toBe(digest("a"));
    expect(resolveVersion(versions, { filter: "rbac", reference: digest("b") }).digest).toBe(digest("b"));
  });

  it("names the tags there are when the one asked for is not", () => {
    expect(() => resolveVersion(versions, { filter: "rbac", reference: "v3" })).toThrow("v1, stable, v2");
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
          version: digest("c"),
          tag: "v3",
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
    const versions = [{ ...v3, named: { filter: "rbac", reference: digest("c") } }];
    expect(planDeploy(current, "default", changeTo({ versions })).slots[1]?.revisions[0]).not.toHaveProperty("tag");
  });

  it("adds a slot in the filter's phase, also to no deployment at all", () => {
    const change = changeTo({ slot: "second", add: true });
    expect(planDeploy(current, "default", change).slots).toHaveLength(3);
    expect(planDeploy(null, "default", change).slots).toEqual([
      { name: "second", phase: "AUTHZ", revisions: [{ filter: "rbac", version: digest("c"), tag: "v3" }] },
    ]);
  });

  it("wants a configuration for a new slot whose filter has a schema, and shows the example", () => {
    const plain = version("b", ["v2"]);
    const configurable = { ...plain, filter: { ...plain.filter, config: { type: "object" }, exampleConfig: { a: 1 } } };
    const change = changeTo({ slot: "second", add: true, versions: [{ ...v2, entry: configurable }] });
    expect(() => planDeploy(current, "default", change)).toThrow('Its example: {"a":1}');
    expect(planDeploy(current, "default", { ...change, config: { value: {} } }).slots).toHaveLength(3);
  });

  it("refuses a slot that is not there without --add, and one that is there with it", () => {
    expect(() => planDeploy(current, "default", changeTo({ slot: "second" }))).toThrow("it has: auth, rbac");
    expect(() => planDeploy(current, "default", changeTo({ add: true }))).toThrow('already has a slot "rbac"');
  });

  it("keeps each version's own configuration, grants and limits when the shares change, and what the split goes by", () => {
    const slot = planDeploy(current, "default", changeTo({ versions: [v1, v2], split: shares(50, 50) })).slots[1]!;
    expect(slot.split).toEqual({ by: "source" });
    expect(slot.revisions).toEqual([
      { ...current.slots[1]!.revisions[0]!, weight: 50 },
      { ...current.slots[1]!.revisions[1]!, weight: 50 },
    ]);
  });

  it("ends a split with the configuration that the version had in it", () => {
    const slot = planDeploy(current, "default", changeTo({ versions: [v2] })).slots[1]!;
    expect(slot).not.toHaveProperty("split");
    expect(slot.revisions).toEqual([{ filter: "rbac", version: digest("b"), tag: "v2" }]);
  });

  it("tells two configurations of one version apart by their order", () => {
    const config = { value: { b: 2 } };
    const twice = changeTo({ versions: [v1, v1], split: shares(90, 10), config });
    const first = { ...current, ...planDeploy(current, "default", twice) };
    expect(first.slots[1]!.revisions.map(({ pluginConfig }) => pluginConfig)).toEqual([{ a: 1 }, { b: 2 }]);
    const again = planDeploy(first, "default", changeTo({ versions: [v1, v1], split: shares(40, 60) }));
    expect(again.slots[1]!.revisions.map(({ pluginConfig, weight }) => [pluginConfig, weight])).toEqual([
      [{ a: 1 }, 40],
      [{ b: 2 }, 60],
    ]);
  });

  it("grants and configures the versions that are tried, not the stable one", () => {
    const change = changeTo({ versions: [v1, v3], split: shares(99, 1), config: { value: 1 }, grant: ["queue"] });
    const { revisions } = planDeploy(current, "default", change).slots[1]!;
    expect(revisions.map(({ pluginConfig, capabilities }) => [pluginConfig, capabilities])).toEqual([
      [{ a: 1 }, ["timer"]],
      [1, ["timer", "queue"]],
    ]);
  });

  it("wants to know what a slot's first split goes by, and takes salt and force", () => {
    const unsplit = { ...current, ...planDeploy(current, "default", changeTo({ versions: [v1] })) };
    const split = { weights: [90, 10], by: null, salt: null, force: null };
    const change = changeTo({ versions: [v1, v2], split });
    expect(() => planDeploy(unsplit, "default", change)).toThrow('Slot "rbac" has no split yet');
    const whole = changeTo({ versions: [v1, v2], split: { ...split, by: "header:x-user", salt: "s", force: true } });
    expect(planDeploy(unsplit, "default", whole).slots[1]!.split).toEqual({
      by: "header:x-user",
      salt: "s",
      force: true,
    });
  });
});

describe("parseWeights", () => {
  it("takes whole percents in order", () => {
    expect(parseWeights("90, 10", 2)).toEqual([90, 10]);
    expect(parseWeights("0,100", 2)).toEqual([0, 100]);
  });

  it.each([
    ["90", 2],
    ["90,20", 2],
    ["90,5,5", 2],
    ["99.5,0.5", 2],
    ["-10,110", 2],
    ["a,b", 2],
    ["", 2],
  ])("refuses %j for %d versions", (words, versions) => {
    expect(() => parseWeights(words, versions)).toThrow(expect.objectContaining({ code: "SLUICE-E5001" }));
  });
});
