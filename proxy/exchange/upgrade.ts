// What becomes of a request that asks to go on as a WebSocket, and what of a tunnel's filters stays when it outlives them.

import type { Head, SlotReport, Stream } from "@sluice/abi";
import { hasUpgradeField } from "../codec/http1/upgrade-fields.ts";
import type { RouteExtras } from "../snapshot/runtime.ts";

/** How far an exchange is on its way to a tunnel: asked by the client, accepted by the upstream, open. */
export const UPGRADE = { none: 0, asked: 1, accepted: 2, tunnel: 3 } as const;

/**
 * Whether the upgrade goes upstream, is refused, or is no longer asked for. Only a route that says so is left to carry
 * bytes that no filter sees: a client must not choose its own way around them.
 */
export function upgradeOn(extras: RouteExtras | null, request: Head): "asked" | "refused" | "none" {
  if (!hasUpgradeField(request)) return "none";
  return extras !== null && extras.upgrade ? "asked" : "refused";
}

export const UPGRADE_REFUSED = "The route allows no upgrade.";

/** The reports of filters that a tunnel has outlived, for the record at its end. */
export function keptSlots(stream: Stream): Pick<Stream, "slotCount" | "slotReport"> {
  const reports: SlotReport[] = Array.from({ length: stream.slotCount }, (_, i) => stream.slotReport(i));
  return { slotCount: reports.length, slotReport: (i) => reports[i]! };
}
