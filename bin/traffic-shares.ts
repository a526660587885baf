// How a slot's traffic is divided, in words: `rbac@v1 90 %, rbac@v2 10 % by header:x-user`.

import { revisionDigest } from "@sluice/proxy/contract";
import type { Revision, Slot } from "@sluice/proxy/contract";

interface Chain {
  readonly slots: readonly Slot[];
}

/** A line for each slot with a split, before or after, that is divided otherwise than before; indented by two. */
export function shareLines(before: Chain | null, after: Chain): string[] {
  const slotBefore = (name: string): Slot | undefined => before?.slots.find((slot) => slot.name === name);
  return after.slots.flatMap((slot) => {
    const earlier = slotBefore(slot.name);
    const [was, is] = [earlier === undefined ? "nothing" : sharesOf(earlier), sharesOf(slot)];
    const hasSplit = slot.revisions.length > 1 || (earlier?.revisions.length ?? 0) > 1;
    return hasSplit && was !== is ? [`  ${slot.name}: ${was} → ${is}`] : [];
  });
}

function sharesOf({ revisions, split }: Slot): string {
  const shares = revisions.map((revision) => `${nameOf(revision)} ${revision.weight ?? 100} %`).join(", ");
  return revisions.length > 1 ? `${shares} by ${split!.by}` : shares;
}

/** With the digits that `sluice force` takes: two configurations of one version differ in nothing else. */
function nameOf(revision: Revision): string {
  const { filter, version, tag } = revision;
  if (version === undefined) return `${filter}@${tag ?? "?"}`;
  const digits = revisionDigest(revision).slice(7, 15);
  return tag === undefined ? `${filter} (${digits})` : `${filter}@${tag} (${digits})`;
}
