import type { Deployment, Slot } from "@sluice/proxy/contract";
import { describe, expect, it } from "vitest";
import { devSlot, isDevSlot, withSlot, withoutDev } from "./dev-slot.ts";
import type { DevRevision } from "./dev-slot.ts";

const digest = (letter: string): `sha256:${string}` => `sha256:${letter.repeat(64)}`;
const first: Slot = { name: "rbac", phase: "AUTHZ", revisions: [{ filter: "rbac", version: digest("a") }] };
const guard: Slot = {
  name: "guard",
  phase: "AUTHZ",
  dryRun: true,
  split: { by: "source" },
  revisions: [
    { filter: "guard", version: digest("b"), tag: "v1", weight: 90 },
    { filter: "guard", version: digest("c"), tag: "v2", weight: 10 },
  ],
};
const revision: DevRevision = {
  name: "guard",
  phase: "OTHER",
  version: digest("d"),
  pluginConfig: { closed: ["/x"] },
  capabilities: ["clock"],
};

function deployment(slots: readonly Slot[]): Deployment {
  return {
    apiVersion: "sluice/v1",
    kind: "Deployment",
    name: "default",
    number: 7,
    who: "ann",
    when: "then",
    slots: [...slots],
  };
}

describe("devSlot", () => {
  it("takes the phase of the filter where there was no slot", () => {
    expect(devSlot(null, revision)).toEqual({
      name: "guard",
      phase: "OTHER",
      revisions: [
        {
          filter: "guard",
          version: digest("d"),
          tag: "dev",
          pluginConfig: { closed: ["/x"] },
          capabilities: ["clock"],
        },
      ],
    });
  });

  it("keeps what the slot was otherwise, and no split: all traffic is the author's", () => {
    const slot = devSlot(guard, revision);
    expect(slot).toMatchObject({ phase: "AUTHZ", dryRun: true });
    expect(slot).not.toHaveProperty("split");
    expect(slot.revisions).toHaveLength(1);
  });
});

describe("withSlot", () => {
  it("puts a new slot behind the others, and one of that name in its place", () => {
    const slot = devSlot(guard, revision);
    expect(withSlot(deployment([first]), slot).slots).toEqual([first, slot]);
    expect(withSlot(deployment([guard, first]), slot).slots).toEqual([slot, first]);
  });

  it("leaves out what the registry gives", () => {
    expect(withSlot(deployment([]), guard)).not.toHaveProperty("number");
  });
});

describe("withoutDev", () => {
  const atWork = deployment([first, devSlot(guard, revision)]);

  it("puts back what the slot was, or takes it away", () => {
    expect(withoutDev(atWork, "guard", guard)?.slots).toEqual([first, guard]);
    expect(withoutDev(atWork, "guard", null)?.slots).toEqual([first]);
  });

  it("leaves a slot alone that somebody else has changed or removed", () => {
    expect(withoutDev(deployment([first, guard]), "guard", null)).toBeNull();
    expect(withoutDev(deployment([first]), "guard", guard)).toBeNull();
  });
});

describe("isDevSlot", () => {
  it("tells a slot that an earlier run left behind", () => {
    expect(isDevSlot(devSlot(null, revision))).toBe(true);
    expect(isDevSlot(guard)).toBe(false);
  });
});
