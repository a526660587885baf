import { describe, expect, it } from "vitest";
import { revisionDigest, sha256 } from "../contract/index.ts";
import type { Deployment, Revision, Slot } from "../contract/index.ts";
import { applyOverrides, knownRevisions, overridesOf, resolveOverride } from "./apply-overrides.ts";
import type { KnownSlots, OverrideInForce, Replacement } from "./apply-overrides.ts";

const one: Revision = { filter: "rbac", version: sha256("1"), tag: "v1", pluginConfig: "one" };
const two: Revision = { filter: "rbac", version: sha256("2"), tag: "v2", pluginConfig: "two" };
const old: Revision = { filter: "rbac", version: sha256("0"), pluginConfig: "old" };
const rbac: Slot = { name: "rbac", phase: "AUTHZ", match: { routes: ["api"] }, revisions: [two] };
const limit: Slot = { name: "limit", phase: "QUOTA", revisions: [{ filter: "rate-limit", version: sha256("l") }] };
const deployment: Deployment = {
  apiVersion: "sluice/v1",
  kind: "Deployment",
  name: "default",
  number: 7,
  slots: [rbac, limit],
};
const known: KnownSlots = {
  deployment,
  earlier: (slot) =>
    slot !== "rbac"
      ? []
      : [
          { number: 6, entry: { ...rbac, revisions: [one] } },
          { number: 3, entry: { ...rbac, phase: "OTHER", revisions: [old] } },
        ],
};

function overrideOf(slot: string, replacement: Replacement): OverrideInForce {
  return {
    slot,
    kind: "off",
    revision: null,
    until: null,
    who: "admin",
    when: "2026-01-01T00:00:00.000Z",
    why: null,
    replacement,
    deployment: { name: "default", number: 7 },
  };
}

function digits(revision: Revision): string {
  return revisionDigest(revision).slice("sha256:".length);
}

describe("applyOverrides", () => {
  it("answers the very document when nothing of it is overridden", () => {
    expect(applyOverrides(deployment, [])).toBe(deployment);
    expect(applyOverrides(deployment, [overrideOf("gone", { type: "none" })])).toBe(deployment);
  });

  it("leaves a slot out and the others as they are", () => {
    expect(applyOverrides(deployment, [overrideOf("rbac", { type: "none" })]).slots).toEqual([limit]);
  });

  it("gives one revision all traffic of a split, under the slot's own rules", () => {
    const split: Slot = {
      ...rbac,
      split: { by: "source" },
      revisions: [
        { ...one, weight: 90 },
        { ...two, weight: 10 },
      ],
    };
    const pinned = overrideOf("rbac", { type: "revision", revision: one });
    const [slot] = applyOverrides({ ...deployment, slots: [split] }, [pinned]).slots;
    expect(slot).toEqual({ ...rbac, revisions: [one] });
  });

  it("puts an earlier entry where its phase belongs", () => {
    const earlier: Slot = { ...rbac, phase: "OTHER", revisions: [old] };
    const { slots } = applyOverrides(deployment, [overrideOf("rbac", { type: "entry", entry: earlier })]);
    expect(slots).toEqual([limit, earlier]);
  });

  it("keeps the revision's own object, by which loads are found", () => {
    const pinned = overrideOf("rbac", { type: "revision", revision: one });
    expect(applyOverrides(deployment, [pinned]).slots[0]!.revisions[0]).toBe(one);
  });
});

describe("overridesOf", () => {
  it("leaves out those of slots that a deployment does not have", () => {
    const [here, gone] = [overrideOf("rbac", { type: "none" }), overrideOf("gone", { type: "none" })];
    expect(overridesOf(deployment, [here, gone])).toEqual([here]);
    expect(overridesOf(null, [here])).toEqual([]);
  });
});

describe("resolveOverride", () => {
  it("goes back to the newest entry that differs from today's", () => {
    const today = { ...known, deployment: { ...deployment, slots: [{ ...rbac, revisions: [one] }] } };
    const before = resolveOverride({ slot: "rbac", kind: "previous", revision: null }, today);
    expect(before).toEqual({
      replacement: { type: "entry", entry: { ...rbac, phase: "OTHER", revisions: [old] } },
      revision: revisionDigest(old),
    });
  });

  it("names no revision for an earlier entry with several", () => {
    const several = { ...rbac, split: { by: "source" }, revisions: [one, two] };
    const before: KnownSlots = { deployment, earlier: () => [{ number: 1, entry: several }] };
    expect(resolveOverride({ slot: "rbac", kind: "previous", revision: null }, before).revision).toBeNull();
  });

  it.each([
    ["a whole digest", revisionDigest(one)],
    ["eight digits", digits(one).slice(0, 8)],
    ["capitals", digits(one).slice(0, 12).toUpperCase()],
  ])("finds a revision of an earlier entry by %s", (_name, revision) => {
    expect(resolveOverride({ slot: "rbac", kind: "pin", revision }, known)).toEqual({
      replacement: { type: "revision", revision: one },
      revision: revisionDigest(one),
    });
  });

  it.each([
    ["an unknown slot", { slot: "rabc", kind: "off" }, "E2041", "it has: rbac, limit"],
    ["an unknown revision", { slot: "rbac", kind: "pin", revision: "0123456789" }, "E2042", "rbac@v2, in charge"],
    ["too few digits", { slot: "rbac", kind: "pin", revision: digits(one).slice(0, 7) }, "E2042", "of deployment 6"],
    ["a version's digest", { slot: "rbac", kind: "pin", revision: one.version }, "E2042", "names no revision"],
    ["a slot without an earlier entry", { slot: "limit", kind: "previous" }, "E2043", "no other entry"],
  ] as const)("refuses %s and says what is possible", (_name, request, code, words) => {
    const refusal = (): unknown =>
      resolveOverride({ ...request, revision: "revision" in request ? request.revision! : null }, known);
    expect(refusal).toThrow(
      expect.objectContaining({ code: `SLUICE-${code}`, message: expect.stringContaining(words) }),
    );
  });

  it("refuses everything while no deployment is in charge", () => {
    const refusal = (): unknown =>
      resolveOverride({ slot: "rbac", kind: "off", revision: null }, { deployment: null, earlier: () => [] });
    expect(refusal).toThrow("no deployment is in charge");
  });
});

describe("knownRevisions", () => {
  it("has each revision once, today's first", () => {
    const twice: KnownSlots = { deployment, earlier: () => [...known.earlier("rbac"), { number: 1, entry: rbac }] };
    expect(knownRevisions(rbac, twice).map(({ revision, number }) => [revision.pluginConfig, number])).toEqual([
      ["two", null],
      ["one", 6],
      ["old", 3],
    ]);
  });
});
