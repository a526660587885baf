// What a slot's routes have of their own.

import { hasOwnConfig } from "./deployment.ts";
import type { Revision, Slot } from "./deployment.ts";

export interface OwnRevisions {
  /** The entry's place in perRoute. */
  readonly place: number;
  readonly routes: readonly string[];
  /** The slot's, with the entry's configuration in place of theirs. */
  readonly revisions: readonly Revision[];
}

/** For each entry of perRoute that has a configuration: revisions of their own, since a configuration is part of one. */
export function ownRevisions({ perRoute = [], revisions }: Slot): OwnRevisions[] {
  return perRoute.flatMap((entry, place) => {
    if (!hasOwnConfig(entry)) return [];
    const { routes, pluginConfig } = entry;
    return [{ place, routes, revisions: revisions.map((revision) => ({ ...revision, pluginConfig })) }];
  });
}
