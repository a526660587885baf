// What `sluice dev` does to a deployment: puts its revision into the slot of the filter's name, and in the end puts back what
// was there. Pure steps from one document to the next draft.

import type { Deployment, Revision, Slot } from "@sluice/proxy/contract";
import { draftOf } from "../deploy-plan.ts";
import type { DeploymentDraft } from "../registry-client.ts";

/** The tag of versions that come from a folder under work. */
export const devTag = "dev";

/** What is to serve in the slot of its name. */
export interface DevRevision {
  readonly name: string;
  readonly phase: Slot["phase"];
  readonly version: string;
  readonly pluginConfig: unknown;
  readonly capabilities: Revision["capabilities"];
}

/** The slot as it is while the author works: what it was otherwise, with this one revision taking all traffic. */
export function devSlot(before: Slot | null, revision: DevRevision): Slot {
  const { name, phase, version, pluginConfig, capabilities } = revision;
  const { split: _split, ...kept } = before ?? { name, phase };
  const only = {
    filter: name,
    version,
    tag: devTag,
    ...(pluginConfig === undefined ? {} : { pluginConfig }),
    ...(capabilities === undefined || capabilities.length === 0 ? {} : { capabilities }),
  };
  return { ...kept, revisions: [only] } as Slot;
}

/** The deployment with `slot` in the place of the one of its name, else behind the others. */
export function withSlot(current: Deployment, slot: Slot): DeploymentDraft {
  const draft = draftOf(current);
  const isThere = draft.slots.some(({ name }) => name === slot.name);
  const slots = isThere
    ? draft.slots.map((present) => (present.name === slot.name ? slot : present))
    : [...draft.slots, slot];
  return { ...draft, slots, why: "sluice dev" };
}

/** The deployment with the slot as it was before, or without it; null when the slot holds somebody else's revision by now. */
export function withoutDev(current: Deployment, name: string, before: Slot | null): DeploymentDraft | null {
  const present = slotNamed(current, name);
  if (present === null || !isDevSlot(present)) return null;
  if (before !== null) return { ...withSlot(current, before), why: "sluice dev ended" };
  const draft = draftOf(current);
  return { ...draft, slots: draft.slots.filter((slot) => slot.name !== name), why: "sluice dev ended" };
}

export function slotNamed(deployment: Deployment, name: string): Slot | null {
  return deployment.slots.find((slot) => slot.name === name) ?? null;
}

/** A slot that an earlier `sluice dev` left behind when it was killed is nothing to go back to. */
export function isDevSlot({ revisions }: Slot): boolean {
  return revisions.every(({ tag }) => tag === devTag);
}
