// What main sends to its workers to make a snapshot of: plain values and compiled modules, nothing of one thread.

import type { ModuleArtifact, PluginSpec, QuotaPlan } from "@sluice/abi";
import { SLOT_REVISIONS_MAX } from "../contract/limits.ts";
import type { AddressRange, ClusterConfig, RouteConfig, StreamLimitsConfig, TracingConfig } from "../contract/index.ts";

export interface SnapshotPlan {
  /** The deployment's number, 0 without a registry. */
  readonly number: number;
  /** Counts publications of this process. */
  readonly generation: number;
  readonly slots: readonly SlotPlan[];
  /** The quotas that its filters may ask for. */
  readonly quotas: readonly QuotaPlan[];
  readonly routes: readonly RouteConfig[];
  readonly clusters: readonly ClusterConfig[];
  readonly limits: StreamLimitsConfig;
  readonly trustedProxies: readonly AddressRange[];
  readonly tracing: TracingConfig | null;
  /** What keys of splits are hashed with: alike on every proxy that shall split alike. Never shown, logged or reported. */
  readonly splitSecret: Uint8Array;
}

/** One place in the chain. A slot with configurations of their own for some routes has several of the same name. */
export interface SlotPlan {
  readonly name: string;
  /** Names of routes, or `*`. */
  readonly routes: readonly string[];
  /** CAUSE bits on which the slot is skipped; 0 is FAIL_CLOSE. */
  readonly failOpen: number;
  readonly dryRun: boolean;
  readonly bodyWhilePaused: boolean;
  /** Ticks run on every worker, or on the first alone. */
  readonly tickOn: "each" | "one";
  /** How streams are divided among several revisions; null: the first serves all. */
  readonly split: SplitPlan | null;
  /** At least one; the first is the stable one. */
  readonly revisions: readonly RevisionPlan[];
}

/** Which key a split goes by, and what makes its bands differ from another split's. */
export interface SplitPlan {
  readonly by: SplitKey;
  readonly salt: string;
  /** Signed requests may choose their revision (`x-sluice-revision`). */
  readonly isForcible: boolean;
}

/** Where a stream's key is found; `name` is empty for the client's address. */
export interface SplitKey {
  readonly kind: "header" | "cookie" | "attribute" | "source";
  readonly name: string;
}

/** One number for a revision's place: its slot's in the chain and its own in the slot. */
export function revisionPlace(slot: number, arm: number): number {
  return slot * SLOT_REVISIONS_MAX + arm;
}

export function slotPlaceOf(place: number): number {
  return Math.floor(place / SLOT_REVISIONS_MAX);
}

export function armOf(place: number): number {
  return place % SLOT_REVISIONS_MAX;
}

export interface RevisionPlan {
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  /** Its share of the slot's keys in percent; all of them sum to 100. */
  readonly weight: number;
  readonly requiresCheck: boolean;
  /** Row of the revision in every worker's counter slab. */
  readonly counterRow: number;
  /** What runs, or why nothing does. */
  readonly load: { readonly artifact: ModuleArtifact; readonly spec: PluginSpec } | { readonly notLoaded: NotLoaded };
}

/** Why a revision does not run. */
export interface NotLoaded {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}
