// A comparison of a primary with its copy as one JSON line, among the records of streams: `kind` tells it from them.

import type { MirrorFacts } from "../mirror/mirror-facts.ts";

/** The record of a comparison, newline included; pure ASCII, as names and ids are. */
export function mirrorLine({ slot, cluster, outcome, status, durationUs, primary }: MirrorFacts, node: string): string {
  const { id, ...seen } = primary!;
  const line = {
    kind: "mirror",
    id,
    node,
    slot,
    cluster,
    outcome,
    status,
    durationUs: Math.round(durationUs),
    primary: { status: seen.status, durationUs: Math.round(seen.durationUs) },
  };
  return `${JSON.stringify(line)}\n`;
}
