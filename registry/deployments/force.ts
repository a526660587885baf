// The value of `x-sluice-revision` for one revision of a slot that allows it. Decides from the document in charge.

import { SluiceError } from "@sluice/abi";
import {
  FORCED_REVISION_HEADER,
  REVISION_DIGITS_MIN,
  ownRevisions,
  revisionDigest,
  signForcedRevision,
} from "@sluice/proxy/contract";
import type { Deployment, Digest, Slot } from "@sluice/proxy/contract";
import { REGISTRY_ERRORS } from "../errors.ts";

export interface ForceRequest {
  readonly slot: string;
  /** A revision's digest, or its first digits. */
  readonly revision: string;
  readonly untilMs: number;
}

export interface Forced {
  readonly header: string;
  readonly value: string;
  readonly slot: string;
  readonly revision: Digest;
  /** ISO 8601. */
  readonly until: string;
}

/** Throws SLUICE-E3057 with what is possible. */
export function forceRevision(deployment: Deployment, request: ForceRequest, secret: Uint8Array): Forced {
  const { slot: name, untilMs } = request;
  const slot = deployment.slots.find((one) => one.name === name);
  if (slot === undefined) throw refused(`deployment ${deployment.name} has no slot ${name}`);
  if (slot.revisions.length < 2 || slot.split?.force !== true)
    throw refused(`slot ${name} does not let requests choose their revision`);
  const revision = onlyRevision(slot, request.revision);
  const expires = Math.ceil(untilMs / 1000);
  const value = signForcedRevision({ slot: name, digits: revision.slice(DIGITS_AT, DIGITS_END), expires }, secret);
  return { header: FORCED_REVISION_HEADER, value, slot: name, revision, until: new Date(expires * 1000).toISOString() };
}

const DIGITS_AT = "sha256:".length;
/** Digits that the header carries: 64 bits. */
const DIGITS_END = DIGITS_AT + 16;

function onlyRevision(slot: Slot, asked: string): Digest {
  const digits = asked.toLowerCase().replace(/^sha256:/, "");
  const known = [slot, ...ownRevisions(slot)].flatMap(({ revisions }) => revisions.map(revisionDigest));
  const isAsked = digits.length >= REVISION_DIGITS_MIN;
  const found = [...new Set(known)].filter((digest) => isAsked && digest.slice(DIGITS_AT).startsWith(digits));
  if (found.length === 1) return found[0]!;
  const possible = slot.revisions.map((revision) => {
    const tag = revision.tag === undefined ? "" : `@${revision.tag}`;
    return `${revisionDigest(revision).slice(DIGITS_AT, DIGITS_END)} (${revision.filter}${tag})`;
  });
  throw refused(
    `${JSON.stringify(asked.slice(0, 80))} names ${found.length === 0 ? "no" : "more than one"} revision of slot ${slot.name}; it has: ${possible.join(", ")}`,
  );
}

function refused(message: string): SluiceError {
  return new SluiceError(REGISTRY_ERRORS.forceRefused, message);
}
