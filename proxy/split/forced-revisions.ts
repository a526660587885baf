// HOT: bench proxy.
// Requests that choose their revision themselves. The header is taken out before any filter or the upstream sees it; one
// that is not signed, is over or names what is not there is counted and left without effect.

import type { Head, Stream } from "@sluice/abi";
import { FORCED_REVISION_HEADER, readForcedRevision } from "../contract/forced-revision.ts";
import { FORCED_FIELDS_MAX, FORCED_FIELD_BYTES_MAX } from "./limits.ts";

const NAME = Buffer.from(FORCED_REVISION_HEADER);

/** A slot whose split may be overruled: its place in the chain, its revisions' digests in order. */
export interface ForcibleSlot {
  readonly name: string;
  readonly index: number;
  readonly revisions: readonly string[];
}

export interface ForcedRevisionsParts {
  /** A slot with configurations of their own for some routes comes once for each of its places. */
  readonly slots: readonly ForcibleSlot[];
  readonly secret: Uint8Array;
  /** A header that had an effect, and one that had none. */
  readonly counted: (isValid: boolean) => void;
  readonly nowMs: () => number;
}

/** Takes the header out of a request's head, whether a slot of its snapshot heeds it or none does. */
export function takeForced(head: Head, forced: ForcedRevisions | null): void {
  if (forced !== null) forced.take(head);
  // No route is to be looked for again because of it.
  const { routingEdited } = head;
  head.remove(NAME);
  head.routingEdited = routingEdited;
}

export class ForcedRevisions {
  private readonly parts: ForcedRevisionsParts;
  /** What the request just looked at asks for. */
  private values: string[] = [];

  constructor(parts: ForcedRevisionsParts) {
    this.parts = parts;
  }

  /** Reads what a request asks for: `apply`'s until the next call. */
  take(head: Head): void {
    this.values = [];
    let field = head.find(NAME, 0, NAME.length);
    for (let count = 0; field >= 0 && count < FORCED_FIELDS_MAX; count++) {
      if (head.valueLength(field) <= FORCED_FIELD_BYTES_MAX) this.values.push(head.valueString(field));
      else this.parts.counted(false);
      field = head.find(NAME, 0, NAME.length, field + 1);
    }
  }

  /** Lets the stream of that request have the revisions that were asked for. */
  apply(stream: Stream): void {
    for (const value of this.values) this.parts.counted(this.force(stream, value));
  }

  private force(stream: Stream, value: string): boolean {
    const { slots, secret, nowMs } = this.parts;
    const forced = readForcedRevision(value, secret, nowMs());
    if (forced === null) return false;
    let isFound = false;
    for (const slot of slots) {
      if (slot.name !== forced.slot) continue;
      const arm = slot.revisions.findIndex((revision) => revision.startsWith(`sha256:${forced.digits}`));
      if (arm < 0) continue;
      stream.forceArm(slot.index, arm);
      isFound = true;
    }
    return isFound;
  }
}
