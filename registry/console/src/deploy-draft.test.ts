import { describe, expect, it } from "vitest";
import type { Slot, StoredDeployment } from "./api.ts";
import {
  deployCommand,
  documentOf,
  draftOfNewSlot,
  draftOfSlot,
  withFurtherRevision,
  withRevision,
  withoutRevision,
} from "./deploy-draft.ts";
import type { SlotDraft } from "./deploy-draft.ts";

const v1 = `sha256:${"1".repeat(64)}`;
const v2 = `sha256:${"2".repeat(64)}`;

const slot = {
  name: "rbac",
  phase: "AUTHZ",
  match: { routes: ["api"] },
  revisions: [{ filter: "rbac", version: v1, tag: "v1", pluginConfig: { a: 1 }, limits: { fuel: 5 } }],
} as Slot;

const stored: StoredDeployment = {
  apiVersion: "sluice/v1",
  kind: "Deployment",
  name: "default",
  slots: [slot, { name: "other", phase: "OTHER", revisions: [{ filter: "other", version: v2 }] }],
  number: 7,
  who: "somebody",
  when: "2026-01-01T00:00:00Z",
  why: "an older reason",
};

function commandOf(draft: SlotDraft): string {
  return deployCommand(documentOf(stored, "default", draft), draft).text;
}

describe("documentOf", () => {
  it("writes what it was filled from when nothing was edited, without number, who, when and why", () => {
    const { number: _number, who: _who, when: _when, why: _why, ...written } = stored;
    expect(documentOf(stored, "default", draftOfSlot(slot))).toEqual(written);
  });

  it("keeps the fields of slot and revision that the form does not show", () => {
    const draft = withRevision(draftOfSlot(slot), 0, { version: v2, tag: "v2" });
    const [written] = documentOf(stored, "default", draft).slots;
    expect(written).toMatchObject({ match: { routes: ["api"] } });
    expect(written!.revisions).toEqual([
      { filter: "rbac", version: v2, tag: "v2", pluginConfig: { a: 1 }, limits: { fuel: 5 } },
    ]);
  });

  it("writes weights and what a split goes by only while there are several revisions", () => {
    const further = withFurtherRevision({ ...draftOfSlot(slot), by: "header:x-user" });
    const split = withRevision(withRevision(further, 0, { weight: 90 }), 1, { weight: 10, version: v2, tag: "v2" });
    const [written] = documentOf(stored, "default", split).slots;
    expect(written!.split).toEqual({ by: "header:x-user" });
    expect(written!.revisions.map(({ weight }) => weight)).toEqual([90, 10]);
    const back = documentOf(stored, "default", withoutRevision(split, 1)).slots[0]!;
    expect(back.split).toBeUndefined();
    expect(back.revisions[0]).not.toHaveProperty("weight");
  });

  it("puts a new slot at the end", () => {
    const draft = withRevision({ ...draftOfNewSlot("guard"), phase: "AUTHZ" }, 0, { version: v1, config: {} });
    expect(documentOf(stored, "default", draft).slots.map(({ name }) => name)).toEqual(["rbac", "other", "guard"]);
    expect(documentOf(null, "default", draft).slots).toHaveLength(1);
  });
});

describe("deployCommand", () => {
  const v2OfSlot = withRevision(draftOfSlot(slot), 0, { version: v2, tag: "v2" });

  it.each([
    ["another version", v2OfSlot, "sluice deploy rbac=rbac@v2"],
    [
      "another configuration and a reason",
      { ...withRevision(draftOfSlot(slot), 0, { config: { a: 2 } }), why: "it's time" },
      `sluice deploy rbac=rbac@v1 --config rbac.json --why 'it'\\''s time'`,
    ],
    [
      "a capability granted",
      withRevision(v2OfSlot, 0, { capabilities: ["callout"] }),
      "sluice deploy rbac=rbac@v2 --grant callout",
    ],
    [
      "a split",
      withRevision(withRevision(withFurtherRevision(draftOfSlot(slot)), 0, { weight: 90 }), 1, {
        weight: 10,
        version: v2,
        tag: "v2",
      }),
      "sluice deploy rbac=rbac@v1,rbac@v2 --split 90,10 --by source",
    ],
    [
      "a new slot",
      withRevision({ ...draftOfNewSlot("guard"), phase: "OTHER" }, 0, { version: v1, config: {} }),
      `sluice deploy guard=guard@${v1} --add --config guard.json`,
    ],
    ["a dry run, which words cannot say", { ...draftOfSlot(slot), dryRun: true }, "sluice deploy -f default.json"],
    [
      "a configuration taken away, which words cannot say",
      withRevision(draftOfSlot(slot), 0, { config: undefined }),
      "sluice deploy -f default.json",
    ],
  ])("says %s", (_name, draft, command) => {
    expect(commandOf(draft)).toBe(command);
  });

  it("carries the file that it reads", () => {
    const draft = withRevision(draftOfSlot(slot), 0, { config: { a: 2 } });
    const { file } = deployCommand(documentOf(stored, "default", draft), draft);
    expect(file).toEqual({ name: "rbac.json", text: JSON.stringify({ a: 2 }, null, 2) });
  });
});
