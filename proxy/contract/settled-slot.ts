// What a slot means once every default is filled in: the form that a proxy compiles.

import { sizeBytes } from "@sluice/abi";
import { DEFAULT_CAPABILITIES } from "@sluice/abi/spec";
import type { CapabilityFamily } from "@sluice/abi/spec";
import type { FailureCause, Phase, Revision, Slot } from "./deployment.ts";
import { FILTER_FUEL_DEFAULT, FILTER_MEMORY_BYTES_DEFAULT } from "./limits.ts";

export interface SettledSlot {
  readonly name: string;
  readonly phase: Phase;
  /** Names of routes, or `*` for all. */
  readonly routes: readonly string[];
  readonly failStrategy: "FAIL_CLOSE" | "FAIL_OPEN";
  /** Empty under FAIL_CLOSE. */
  readonly failOpenOn: readonly FailureCause[];
  readonly isolation: "stream" | "shared";
  readonly dryRun: boolean;
  readonly tickOn: "each" | "one";
  readonly vmId: string;
  readonly bodyWhilePaused: boolean;
  readonly onRevoke: "reset" | "finish";
}

const FAIL_OPEN_ON_DEFAULT: readonly FailureCause[] = ["notLoaded", "backend"];

export function settleSlot(slot: Slot): SettledSlot {
  const guards = slot.phase === "AUTHN" || slot.phase === "AUTHZ";
  const failStrategy = slot.failStrategy ?? "FAIL_CLOSE";
  return {
    name: slot.name,
    phase: slot.phase,
    routes: slot.match?.routes ?? ["*"],
    failStrategy,
    failOpenOn: failStrategy === "FAIL_OPEN" ? (slot.failOpenOn ?? FAIL_OPEN_ON_DEFAULT) : [],
    isolation: slot.isolation ?? (guards ? "stream" : "shared"),
    dryRun: slot.dryRun ?? false,
    tickOn: slot.tickOn ?? "each",
    vmId: slot.vmId ?? slot.name,
    bodyWhilePaused: slot.bodyWhilePaused ?? false,
    onRevoke: slot.onRevoke ?? (guards ? "reset" : "finish"),
  };
}

/** The default families and those the revision was granted beyond them. */
export function grantedCapabilities(revision: Revision): CapabilityFamily[] {
  return [...new Set([...DEFAULT_CAPABILITIES, ...(revision.capabilities ?? [])])];
}

export function filterLimits(revision: Revision): { readonly memoryBytes: number; readonly fuel: number } {
  const { memory, fuel = FILTER_FUEL_DEFAULT } = revision.limits ?? {};
  return { memoryBytes: memory === undefined ? FILTER_MEMORY_BYTES_DEFAULT : sizeBytes(memory), fuel };
}
