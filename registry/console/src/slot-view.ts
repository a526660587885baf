// One slot as the pages show it: its revisions with their digests, colours and what the fleet counted for each.

import type { Revision, Slot } from "./api.ts";
import { emptyCount, revisionKey } from "./fleet-counts.ts";
import type { RevisionCount } from "./fleet-counts.ts";
import { decisionsIn } from "./parts/verdict-bar.tsx";
import type { State } from "./store.ts";

export interface RevisionView {
  readonly digest: string;
  readonly revision: Revision;
  /** Percent of the slot's streams that the deployment gives it; null for one that only some routes use. */
  readonly weight: number | null;
  readonly count: RevisionCount;
}

export interface SlotView {
  readonly deployment: string;
  readonly slot: Slot;
  readonly revisions: readonly RevisionView[];
  /** Decisions of all its revisions. */
  readonly decisions: number;
  /** Streams without the key that the split goes by, over all proxies. */
  readonly keyless: number;
}

export function slotViews(state: State): SlotView[] {
  return state.deployments.flatMap(({ name, slots }) => slots.map((slot) => slotView(state, name, slot)));
}

function slotView(state: State, deployment: string, slot: Slot): SlotView {
  const digests = state.revisions[deployment]?.[slot.name] ?? [];
  const written = slot.revisions.map((revision, place): RevisionView => {
    const digest = digests[place] ?? "";
    const weight = slot.revisions.length === 1 ? 100 : (revision.weight ?? 0);
    return { digest, revision, weight, count: countOf(state, slot.name, digest) };
  });
  const revisions = [...written, ...ofSomeRoutes(state, slot.name, digests)];
  const keyless = state.proxies.reduce((sum, proxy) => sum + (proxy.counters?.keyless?.[slot.name] ?? 0), 0);
  const decisions = revisions.reduce((sum, { count }) => sum + decisionsIn(count), 0);
  return { deployment, slot, revisions, decisions, keyless };
}

function countOf(state: State, slot: string, digest: string): RevisionCount {
  return state.counts.get(revisionKey(slot, digest)) ?? emptyCount();
}

/** What proxies run in the slot now beside the written revisions: configurations of single routes, overrides. */
function ofSomeRoutes(state: State, slot: string, written: readonly string[]): RevisionView[] {
  const rows = state.proxies.flatMap((proxy) => proxy.counters?.revisions ?? []);
  const others = rows.filter((row) => row.slot === slot && row.current && !written.includes(row.revision));
  const byDigest = new Map(others.map((row) => [row.revision, row]));
  return [...byDigest.values()].map(({ revision: digest, filter, version }) => {
    return { digest, revision: { filter, version }, weight: null, count: countOf(state, slot, digest) };
  });
}
