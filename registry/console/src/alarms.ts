// What an operator should know at once: proxies that are away, refuse, lag or were overridden past the deployment.

import type { Override, ProxyView } from "./api.ts";
import { shortDigest } from "./parts/figures.ts";

export interface Alarm {
  readonly kind: "override" | "error";
  readonly text: string;
  /** For an override, when it ends by itself. */
  readonly until: string | null;
}

/** Overrides first: somebody has taken a decision away from the deployment. */
export function alarmsOf(proxies: readonly ProxyView[]): Alarm[] {
  const overrides = proxies.flatMap((proxy) => proxy.overrides.map((override) => overrideAlarm(proxy, override)));
  return [...overrides, ...proxies.flatMap(troubleOf).map((text): Alarm => ({ kind: "error", text, until: null }))];
}

/** What the overrides of one slot do, one sentence each. */
export function overridesOf(proxies: readonly ProxyView[], slot: string): Alarm[] {
  return proxies.flatMap((proxy) =>
    proxy.overrides.filter((override) => override.slot === slot).map((override) => overrideAlarm(proxy, override)),
  );
}

function overrideAlarm(proxy: ProxyView, override: Override): Alarm {
  return { kind: "override", text: `override on ${proxy.id}: ${overrideText(override)}`, until: override.until };
}

/** `slot rbac is off, by admin (too many denials)`. */
export function overrideText({ slot, kind, revision, who, why }: Override): string {
  return `slot ${slot} ${doesText(kind, revision)}, by ${who}${why === null ? "" : ` (${why})`}`;
}

function doesText(kind: string, revision: string | null): string {
  if (kind === "off") return "is off";
  if (kind === "previous") return "has its entry before the last change";
  return `is pinned${revision === null ? "" : ` to ${shortDigest(revision)}`}`;
}

function troubleOf(proxy: ProxyView): string[] {
  const { id, connected, refused, ready, notLoaded, conflict } = proxy;
  return [
    ...(connected ? [] : [`proxy ${id} is not connected`]),
    ...(conflict.length > 0 ? [`proxy ${id} is meant by two deployments: ${conflict.join(", ")}`] : []),
    ...(refused === null ? [] : [`proxy ${id} refused deployment #${refused.number}: ${refused.message}`]),
    ...notLoaded.map(({ slot, message }) => `proxy ${id} runs without slot ${slot}: ${message}`),
    ...(connected && !ready ? [`proxy ${id} is not ready`] : []),
  ];
}
