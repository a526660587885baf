// A deployment's slots as places in the chain: a slot whose routes partly have a configuration of their own takes one more
// place for each such configuration, and leaves those routes out itself. So nothing per route is left for the data path.

import { ownRevisions, settleSlot } from "../contract/index.ts";
import type { Deployment, Revision, Slot } from "../contract/index.ts";

/** A slot, or what takes its place on some routes. Several places may have one slot, and each route is in one of them. */
export interface ChainPlace {
  readonly slot: Slot;
  /** Names of routes, or `*` for all. */
  readonly routes: readonly string[];
  readonly revisions: readonly Revision[];
}

/** In the order of the slots. `routeNames` are those of the machine: what `*` stands for where some are left out. */
export function chainPlaces(deployment: Deployment, routeNames: readonly string[]): ChainPlace[] {
  return deployment.slots.flatMap((slot) => placesOf(slot, routeNames));
}

function placesOf(slot: Slot, routeNames: readonly string[]): ChainPlace[] {
  const { routes } = settleSlot(slot);
  const { perRoute = [], revisions } = slot;
  if (perRoute.length === 0) return [{ slot, routes, revisions }];
  const otherwise = new Set(perRoute.flatMap((entry) => entry.routes));
  const passed = routes.includes("*") ? routeNames : routes;
  const base = { slot, routes: passed.filter((route) => !otherwise.has(route)), revisions };
  // The slot's split stays: a key meets the same version on all routes.
  return [base, ...ownRevisions(slot).map((own) => ({ slot, routes: own.routes, revisions: own.revisions }))];
}
