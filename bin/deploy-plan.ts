// What `sluice deploy SLOT=FILTER@REF` does to a deployment, as a pure step from the one in force to the next draft.

import { SluiceError } from "@sluice/abi";
import type { Deployment, Revision, Slot } from "@sluice/proxy/contract";
import { BIN_ERRORS } from "./errors.ts";
import type { DeploymentDraft, VersionEntry } from "./registry-client.ts";

/** `rbac=rbac@v2`, taken apart. `reference` is a tag or a version's digest. */
export interface SlotAssignment {
  readonly slot: string;
  readonly filter: string;
  readonly reference: string;
}

export interface SlotChange {
  readonly assignment: SlotAssignment;
  readonly version: VersionEntry;
  /** The configuration to set; `keep` leaves the slot's own (a configuration lost is a door open). */
  readonly config: { readonly value: unknown } | "keep";
  /** Capability families to grant beyond what the slot has. */
  readonly grant: readonly string[];
  readonly add: boolean;
  readonly why: string | null;
}

/** Throws SLUICE-E5001 when the words cannot be an assignment. */
export function parseAssignment(words: string): SlotAssignment {
  const match = /^([a-z0-9-]+)=([a-z0-9-]+)@(.+)$/.exec(words);
  if (match === null) {
    throw new SluiceError(BIN_ERRORS.usage, `"${words}" is not SLOT=FILTER@TAG.`, {
      hint: "Write for example rbac=rbac@v2, or rbac=rbac@sha256:… for one version.",
    });
  }
  const [, slot = "", filter = "", reference = ""] = match;
  return { slot, filter, reference };
}

/** The version that `reference` (tag or digest) names. Throws SLUICE-E5010 with those there are. */
export function resolveVersion(versions: readonly VersionEntry[], assignment: SlotAssignment): VersionEntry {
  const { filter, reference } = assignment;
  const found = versions.find((version) => version.digest === reference || version.tags.includes(reference));
  if (found !== undefined) return found;
  const known = versions.flatMap((version) => version.tags).join(", ") || "none";
  throw new SluiceError(
    BIN_ERRORS.unknownVersion,
    `Filter "${filter}" has no version "${reference}"; its tags: ${known}.`,
  );
}

/** The next deployment: the slot holds one revision of `version` that takes all traffic, all else stays as it is. */
export function planDeploy(current: Deployment | null, deployment: string, change: SlotChange): DeploymentDraft {
  const base: DeploymentDraft = current === null ? emptyDraft(deployment) : draftOf(current);
  const slots = change.add ? addSlot(base.slots, change) : changeSlot(base.slots, change);
  return { ...base, slots, ...(change.why === null ? {} : { why: change.why }) };
}

function emptyDraft(name: string): DeploymentDraft {
  return { apiVersion: "sluice/v1", kind: "Deployment", name, targets: { matchLabels: {} }, slots: [] };
}

/** A stored deployment without what the registry gives and without the reason of the last change. */
export function draftOf(deployment: Deployment): DeploymentDraft {
  const { number: _number, who: _who, when: _when, why: _why, ...draft } = deployment;
  return draft;
}

function addSlot(slots: readonly Slot[], change: SlotChange): Slot[] {
  const { slot } = change.assignment;
  if (slots.some((present) => present.name === slot)) {
    throw new SluiceError(BIN_ERRORS.slotExists, `The deployment already has a slot "${slot}".`);
  }
  if (change.config === "keep" && change.version.filter.config !== undefined) throw configNeeded(change);
  const { phase = "OTHER" } = change.version.filter;
  return [...slots, { name: slot, phase, revisions: [nextRevision(null, change)] }];
}

// A new slot has nothing to keep. The example shows the shape; taking it silently would put somebody's example in charge.
function configNeeded(change: SlotChange): SluiceError {
  const { name, exampleConfig } = change.version.filter;
  const example = exampleConfig === undefined ? "" : ` Its example: ${JSON.stringify(exampleConfig)}`;
  return new SluiceError(BIN_ERRORS.configNeeded, `Filter "${name}" wants a configuration for the new slot.${example}`);
}

function changeSlot(slots: readonly Slot[], change: SlotChange): Slot[] {
  const { slot } = change.assignment;
  if (!slots.some((present) => present.name === slot)) {
    const known = slots.map((present) => present.name).join(", ") || "none";
    throw new SluiceError(BIN_ERRORS.unknownSlot, `The deployment has no slot "${slot}"; it has: ${known}.`);
  }
  return slots.map((present) => (present.name === slot ? withRevision(present, change) : present));
}

function withRevision(slot: Slot, change: SlotChange): Slot {
  const { split: _split, ...rest } = slot;
  return { ...rest, revisions: [nextRevision(slot.revisions[0] ?? null, change)] };
}

// Keeps the configuration, grants and limits of the slot's stable revision, whatever its version was.
function nextRevision(stable: Revision | null, change: SlotChange): Revision {
  const { version, assignment, config, grant } = change;
  const isTag = assignment.reference !== version.digest;
  const { weight: _weight, tag: _tag, ...kept } = stable ?? {};
  const capabilities = [...new Set([...(stable?.capabilities ?? []), ...grant])];
  return {
    ...kept,
    filter: assignment.filter,
    version: version.digest,
    ...(isTag ? { tag: assignment.reference } : {}),
    ...(config === "keep" ? {} : { pluginConfig: config.value }),
    ...(capabilities.length > 0 ? { capabilities } : {}),
  } as Revision;
}
