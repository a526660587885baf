// Overrides × deployment → the deployment that a proxy really serves, and what may stand in a slot's place. Decides from
// values alone; setting, keeping and ending is override-desk.ts's.

import { isDeepStrictEqual } from "node:util";
import { SluiceError } from "@sluice/abi";
import { revisionDigest, sortedSlots } from "../contract/index.ts";
import type { Deployment, Digest, Override, OverrideKind, Revision, Slot } from "../contract/index.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { PIN_DIGITS_MIN } from "./limits.ts";

/** What stands in place of a slot's entry: nothing, an earlier entry as a whole, or one revision under today's rules. */
export type Replacement =
  | { readonly type: "none" }
  | { readonly type: "entry"; readonly entry: Slot }
  | { readonly type: "revision"; readonly revision: Revision };

/** An override with all it needs to be in force again after a restart, without the registry. */
export interface OverrideInForce extends Override {
  readonly replacement: Replacement;
  /** The deployment that was in charge when it was set. */
  readonly deployment: { readonly name: string; readonly number: number };
}

/** The same document when nothing of it is overridden. A slot that is not there any more has nothing to override. */
export function applyOverrides(deployment: Deployment, overrides: readonly OverrideInForce[]): Deployment {
  if (overridesOf(deployment, overrides).length === 0) return deployment;
  const bySlot = new Map(overrides.map((override) => [override.slot, override.replacement]));
  return {
    ...deployment,
    slots: sortedSlots(deployment.slots.flatMap((slot) => replaced(slot, bySlot.get(slot.name)))),
  };
}

/** Those that concern a slot of this deployment. */
export function overridesOf(
  deployment: Deployment | null,
  overrides: readonly OverrideInForce[],
): readonly OverrideInForce[] {
  const slots = deployment?.slots ?? [];
  return overrides.filter((override) => slots.some((slot) => slot.name === override.slot));
}

function replaced(slot: Slot, replacement: Replacement | undefined): Slot[] {
  switch (replacement?.type) {
    case undefined:
      return [slot];
    case "none":
      return [];
    case "entry":
      return [replacement.entry];
    case "revision": {
      // One revision takes all traffic: an override outranks a split.
      const { split: _split, ...rest } = slot;
      return [{ ...rest, revisions: [replacement.revision] }];
    }
  }
}

/** What an operator asks for. */
export interface OverrideRequest {
  readonly slot: string;
  readonly kind: OverrideKind;
  /** For `pin`: a revision's digest, or at least PIN_DIGITS_MIN digits of it. */
  readonly revision: string | null;
}

/** A slot's entry in an earlier deployment. */
export interface EarlierEntry {
  readonly number: number;
  readonly entry: Slot;
}

export interface KnownSlots {
  /** What is in charge, without overrides. */
  readonly deployment: Deployment | null;
  /** Entries that a slot had on this proxy before today's, newest first. */
  earlier(slot: string): readonly EarlierEntry[];
}

export interface Resolved {
  readonly replacement: Replacement;
  readonly revision: Digest | null;
}

/** Throws E2041, E2042 or E2043, each with what is possible. */
export function resolveOverride(request: OverrideRequest, known: KnownSlots): Resolved {
  const entry = slotOf(request.slot, known.deployment);
  switch (request.kind) {
    case "off":
      return { replacement: { type: "none" }, revision: null };
    case "previous":
      return previous(entry, known);
    case "pin":
      return pinned(request.revision ?? "", entry, known);
  }
}

/** A revision that a slot can be pinned to. */
export interface KnownRevision {
  readonly revision: Revision;
  readonly digest: Digest;
  /** Of the newest deployment that had it here; null: the one in charge. */
  readonly number: number | null;
}

/** Each once, today's first. Those whose version is not known (a file that was never read) cannot be named. */
export function knownRevisions(entry: Slot, known: KnownSlots): KnownRevision[] {
  const sources = [{ number: null, entry }, ...known.earlier(entry.name)];
  const found = new Map<Digest, KnownRevision>();
  for (const { number, entry: source } of sources) {
    for (const { weight: _weight, ...revision } of source.revisions) {
      if (revision.version === undefined) continue;
      const digest = revisionDigest(revision);
      if (!found.has(digest)) found.set(digest, { revision, digest, number });
    }
  }
  return [...found.values()];
}

function slotOf(name: string, deployment: Deployment | null): Slot {
  const slot = deployment?.slots.find((one) => one.name === name);
  if (slot !== undefined) return slot;
  const names = deployment?.slots.map((one) => one.name) ?? [];
  const has = deployment === null ? "no deployment is in charge" : `it has: ${names.join(", ") || "no slot at all"}`;
  throw new SluiceError(PROXY_ERRORS.overrideNoSlot, `The chain of this proxy has no slot "${name}"; ${has}.`);
}

function previous(entry: Slot, known: KnownSlots): Resolved {
  const before = known.earlier(entry.name).find((one) => !isDeepStrictEqual(one.entry, entry));
  if (before === undefined)
    throw new SluiceError(
      PROXY_ERRORS.overrideNothingBefore,
      `Slot ${entry.name} has had no other entry on this proxy.`,
    );
  const only = before.entry.revisions.length === 1 ? before.entry.revisions[0]! : null;
  return {
    replacement: { type: "entry", entry: before.entry },
    revision: only?.version === undefined ? null : revisionDigest(only),
  };
}

function pinned(asked: string, entry: Slot, known: KnownSlots): Resolved {
  const digits = asked.toLowerCase().replace(/^sha256:/, "");
  const revisions = knownRevisions(entry, known);
  const found = HEX.test(digits) ? revisions.filter(({ digest }) => digest.startsWith(`sha256:${digits}`)) : [];
  if (found.length === 1)
    return { replacement: { type: "revision", revision: found[0]!.revision }, revision: found[0]!.digest };
  const possible = revisions.map(revisionWords).join("; ") || "none";
  const why = found.length > 1 ? `is the beginning of ${found.length} revisions` : "names no revision";
  throw new SluiceError(
    PROXY_ERRORS.overrideNoRevision,
    `"${asked.slice(0, 80)}" ${why} of slot ${entry.name} that this proxy knows. Known: ${possible}.`,
  );
}

const HEX = new RegExp(`^[0-9a-f]{${PIN_DIGITS_MIN},64}$`);

function revisionWords({ digest, revision, number }: KnownRevision): string {
  const from = number === null ? "in charge" : `of deployment ${number}`;
  return `${digest.slice(0, 19)} (${revision.filter}${revision.tag === undefined ? "" : `@${revision.tag}`}, ${from})`;
}
