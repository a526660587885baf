// What main sends to its workers to make a snapshot of: plain values and compiled modules, nothing of one thread.

import type { ModuleArtifact, PluginSpec } from "@sluice/abi";
import type { ClusterConfig, RouteConfig, StreamLimitsConfig } from "../contract/index.ts";

export interface SnapshotPlan {
  /** The deployment's number, 0 without a registry. */
  readonly number: number;
  /** Counts publications of this process. */
  readonly generation: number;
  readonly slots: readonly SlotPlan[];
  readonly routes: readonly RouteConfig[];
  readonly clusters: readonly ClusterConfig[];
  readonly limits: StreamLimitsConfig;
}

export interface SlotPlan {
  readonly name: string;
  readonly filter: string;
  readonly version: string;
  readonly revision: string;
  /** Names of routes, or `*`. */
  readonly routes: readonly string[];
  /** CAUSE bits on which the slot is skipped; 0 is FAIL_CLOSE. */
  readonly failOpen: number;
  readonly dryRun: boolean;
  readonly bodyWhilePaused: boolean;
  readonly requiresCheck: boolean;
  /** Ticks run on every worker, or on the first alone. */
  readonly tickOn: "each" | "one";
  /** Row of the revision in every worker's counter slab. */
  readonly counterRow: number;
  /** What serves the slot, or why nothing does. */
  readonly load: { readonly artifact: ModuleArtifact; readonly spec: PluginSpec } | { readonly notLoaded: NotLoaded };
}

/** Why a slot has nothing to run. */
export interface NotLoaded {
  readonly code: string;
  readonly message: string;
}
