// What `sluice deploy SLOT=FILTER@REF` does to a deployment, as a pure step from the one in force to the next draft.

import { SluiceError } from "@sluice/abi";
import type { Deployment, Revision, Slot } from "@sluice/proxy/contract";
import { BIN_ERRORS } from "./errors.ts";
import { parseFilterReference } from "./filter-reference.ts";
import type { FilterReference } from "./filter-reference.ts";
import type { DeploymentDraft, VersionEntry } from "./registry-client.ts";

/** `rbac=rbac@v1,rbac@v2`, taken apart: the first is to be the stable one. */
export interface SlotAssignment {
  readonly slot: string;
  readonly named: readonly FilterReference[];
}

/** How the slot's streams are to be divided; what is null stays as the slot has it. */
export interface SplitWish {
  /** In percent, in the order of the versions. */
  readonly weights: readonly number[];
  readonly by: string | null;
  readonly salt: string | null;
  readonly force: boolean | null;
}

export interface SlotChange {
  readonly slot: string;
  /** In the order they were named. */
  readonly versions: readonly { readonly named: FilterReference; readonly entry: VersionEntry }[];
  /** null where one version takes all. */
  readonly split: SplitWish | null;
  /**
   * The configuration to set; `keep` leaves each version its own (a configuration lost is a door open). In a split it is
   * for the versions after the first, as grants are: the stable one is what they are compared with.
   */
  readonly config: { readonly value: unknown } | "keep";
  /** Capability families to grant beyond what is granted. */
  readonly grant: readonly string[];
  readonly add: boolean;
  readonly why: string | null;
}

/** Throws SLUICE-E5001 when the words cannot be an assignment. */
export function parseAssignment(words: string): SlotAssignment {
  const [, slot, list] = /^([a-z0-9-]+)=(.+)$/.exec(words) ?? [];
  if (slot === undefined || list === undefined) {
    throw new SluiceError(BIN_ERRORS.usage, `"${words}" is not SLOT=FILTER@TAG.`, {
      hint: "Write for example rbac=rbac@v2, or rbac=rbac@v1,rbac@v2 --split 90,10 for two versions side by side.",
    });
  }
  return { slot, named: list.split(",").map((one) => parseFilterReference(one.trim())) };
}

/** `90,10` for two versions. Throws SLUICE-E5001 when they are no shares of 100, one for each version. */
export function parseWeights(words: string, versions: number): number[] {
  const shares = words.split(",").map((share) => share.trim());
  const weights = shares.map(Number);
  const areShares = shares.every((share) => /^\d{1,3}$/.test(share));
  if (areShares && weights.length === versions && weights.reduce((sum, weight) => sum + weight, 0) === 100)
    return weights;
  throw new SluiceError(BIN_ERRORS.usage, `--split ${words} is not a share for each of ${versions} versions.`, {
    hint: "Whole percents that sum to 100, in the order of the versions: --split 90,10.",
  });
}

/** The version that `reference` (tag or digest) names. Throws SLUICE-E5010 with those there are. */
export function resolveVersion(versions: readonly VersionEntry[], named: FilterReference): VersionEntry {
  const { filter, reference } = named;
  const found = versions.find((version) => version.digest === reference || version.tags.includes(reference));
  if (found !== undefined) return found;
  const known = versions.flatMap((version) => version.tags).join(", ") || "none";
  throw new SluiceError(
    BIN_ERRORS.unknownVersion,
    `Filter "${filter}" has no version "${reference}"; its tags: ${known}.`,
  );
}

/** The next deployment: the slot holds the named versions and nothing else, all else stays as it is. */
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
  const { slot, versions } = change;
  if (slots.some((present) => present.name === slot)) {
    throw new SluiceError(BIN_ERRORS.slotExists, `The deployment already has a slot "${slot}".`);
  }
  const { filter } = versions[0]!.entry;
  if (change.config === "keep" && filter.config !== undefined) throw configNeeded(filter);
  const { phase = "OTHER" } = filter;
  // What a new slot's stable revision is configured with has nothing to be kept from.
  return [...slots, withRevisions({ name: slot, phase, revisions: [] }, change)];
}

// A new slot has nothing to keep. The example shows the shape; taking it silently would put somebody's example in charge.
function configNeeded({ name, exampleConfig }: VersionEntry["filter"]): SluiceError {
  const example = exampleConfig === undefined ? "" : ` Its example: ${JSON.stringify(exampleConfig)}`;
  return new SluiceError(BIN_ERRORS.configNeeded, `Filter "${name}" wants a configuration for the new slot.${example}`);
}

function changeSlot(slots: readonly Slot[], change: SlotChange): Slot[] {
  const { slot } = change;
  if (!slots.some((present) => present.name === slot)) {
    const known = slots.map((present) => present.name).join(", ") || "none";
    throw new SluiceError(BIN_ERRORS.unknownSlot, `The deployment has no slot "${slot}"; it has: ${known}.`);
  }
  return slots.map((present) => (present.name === slot ? withRevisions(present, change) : present));
}

function withRevisions(slot: Slot, change: SlotChange): Slot {
  const { split: before, revisions: present, ...rest } = slot;
  const revisions = change.versions.map((_, place) => nextRevision(present, change, place));
  return change.split === null ? { ...rest, revisions } : { ...rest, split: nextSplit(before, change), revisions };
}

function nextSplit(before: Slot["split"], { slot, split }: SlotChange): NonNullable<Slot["split"]> {
  const { by, salt, force } = split!;
  const key = by ?? before?.by;
  if (key === undefined) {
    throw new SluiceError(BIN_ERRORS.usage, `Slot "${slot}" has no split yet, so it must be said what it goes by.`, {
      hint: "Add for example --by header:x-user, --by cookie:session, --by attribute:NAME or --by source.",
    });
  }
  return { ...before, by: key, ...(salt === null ? {} : { salt }), ...(force === null ? {} : { force }) };
}

/** The revision for the version named at `place`, with configuration, grants and limits of the one it follows. */
function nextRevision(present: readonly Revision[], change: SlotChange, place: number): Revision {
  const { named, entry } = change.versions[place]!;
  const isTag = named.reference !== entry.digest;
  const isNew = change.split === null || place > 0 || present.length === 0;
  const { weight: _weight, tag: _tag, ...kept }: Partial<Revision> = followed(present, change, place) ?? {};
  const capabilities = [...new Set([...(kept.capabilities ?? []), ...(isNew ? change.grant : [])])];
  return {
    ...kept,
    filter: named.filter,
    version: entry.digest,
    ...(isTag ? { tag: named.reference } : {}),
    ...(change.split === null ? {} : { weight: change.split.weights[place]! }),
    ...(change.config === "keep" || !isNew ? {} : { pluginConfig: change.config.value }),
    ...(capabilities.length > 0 ? { capabilities } : {}),
  } as Revision;
}

/**
 * The slot's own revision of the same version, the n-th for the n-th mention: so a change of shares changes nothing else,
 * and what was tried on a few is what all get. A version that is new to the slot follows the stable revision.
 */
function followed(present: readonly Revision[], { versions }: SlotChange, place: number): Revision | undefined {
  const { digest } = versions[place]!.entry;
  const mention = versions.slice(0, place).filter(({ entry }) => entry.digest === digest).length;
  return present.filter(({ version }) => version === digest)[mention] ?? present[0];
}
