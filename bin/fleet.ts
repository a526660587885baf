// Waiting for the proxies that a deployment is for: who applied it, who refused it and why, who has not answered yet.

import { setTimeout as pause } from "node:timers/promises";
import { SluiceError } from "@sluice/abi";
import type { ProxyView } from "@sluice/registry";
import { BIN_ERRORS } from "./errors.ts";
import { fleetPollMs, fleetWaitMs } from "./limits.ts";
import type { RegistryClient } from "./registry-client.ts";

/** A proxy that refused, with the refusal as it says it. */
export interface Refusing {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  /** Empty from a proxy of an older version. */
  readonly hint: string;
}

export interface FleetState {
  readonly applied: readonly string[];
  readonly refused: readonly Refusing[];
  /** Connected, and neither applied nor refused yet. */
  readonly waiting: readonly string[];
  /** Not connected: they take the deployment when they come back, so nobody waits for them. */
  readonly away: readonly string[];
}

/** How the proxies that deployment `number` is for stand to it. */
export function fleetState(proxies: readonly ProxyView[], number: number): FleetState {
  const meant = proxies.filter((proxy) => (proxy.wanted ?? 0) >= number);
  const refused = meant.filter((proxy) => proxy.connected && proxy.refused?.number === number);
  const applied = meant.filter(
    (proxy) => proxy.connected && !refused.includes(proxy) && (proxy.applied ?? 0) >= number,
  );
  const waiting = meant.filter((proxy) => proxy.connected && !applied.includes(proxy) && !refused.includes(proxy));
  return {
    applied: applied.map((proxy) => proxy.id),
    refused: refused.map(({ id, refused: why }) => ({
      id,
      code: why?.code ?? "",
      message: why?.message ?? "",
      hint: why?.hint ?? "",
    })),
    waiting: waiting.map((proxy) => proxy.id),
    away: meant.filter((proxy) => !proxy.connected).map((proxy) => proxy.id),
  };
}

/** Looks until no connected proxy is waiting, at most `fleetWaitMs`. */
export async function awaitFleet(client: RegistryClient, number: number): Promise<FleetState> {
  const deadlineMs = performance.now() + fleetWaitMs;
  for (;;) {
    const state = fleetState(await client.proxies(), number);
    if (state.waiting.length === 0 || performance.now() >= deadlineMs) return state;
    await pause(fleetPollMs);
  }
}

/** Throws SLUICE-E5011 naming every proxy that refused or lags. */
export function requireApplied(state: FleetState, number: number): void {
  const complaints = [
    ...state.refused.map(({ id, ...why }) => `${id} refused it: ${refusalText(why)}`),
    ...state.waiting.map((id) => `${id} has not answered within ${fleetWaitMs / 1000} s`),
  ];
  if (complaints.length === 0) return;
  throw new SluiceError(BIN_ERRORS.fleetLags, `Deployment ${number} is stored, but ${complaints.join("; ")}.`);
}

/** `applied by proxy-1, proxy-2`, in words. */
export function fleetSentence(state: FleetState): string {
  const away = state.away.length > 0 ? `; not connected: ${state.away.join(", ")}` : "";
  if (state.applied.length === 0) return `no proxy is connected; it is applied when one connects${away}`;
  return `applied by ${state.applied.join(", ")}${away}`;
}

/** A refusal in one line: `message – hint (code)`. */
export function refusalText(refusal: {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}): string {
  const { code, message, hint = "" } = refusal;
  return hint === "" ? `${message} (${code})` : `${message} – ${hint} (${code})`;
}
