// Machine document, deployment and loaded revisions to the plan that workers make a snapshot of. Decides, does nothing.

import { SluiceError, causeMask, pluginConfigBytes } from "@sluice/abi";
import {
  FILTER_DEPTH_DEFAULT,
  filterLimits,
  grantedCapabilities,
  revisionDigest,
  settleSlot,
  sha256,
} from "../contract/index.ts";
import type { Deployment, Digest, Machine, Revision, SettledSlot, Slot } from "../contract/index.ts";
import type { RevisionName } from "../counters/revision-rows.ts";
import { PROXY_ERRORS } from "../errors.ts";
import type { SlotPlan, SnapshotPlan } from "../snapshot/plan.ts";
import type { FailedLoad, LoadedRevision } from "./revision-loader.ts";

export interface PlanParts {
  readonly machine: Machine;
  readonly deployment: Deployment | null;
  /** There should be a deployment and none is known: nobody knows which policies a request must pass. */
  readonly isClosed: boolean;
  readonly generation: number;
  /** By slot name, for every slot of the deployment. */
  readonly loads: ReadonlyMap<string, LoadedRevision | FailedLoad>;
  /** The counter row of a revision. */
  rowOf(name: RevisionName): number;
}

export function compilePlan(parts: PlanParts): SnapshotPlan {
  const { machine, deployment, isClosed, generation } = parts;
  const slots = isClosed ? [closedSlot(parts)] : (deployment?.slots ?? []).map((slot) => slotPlan(slot, parts));
  const { routes, clusters, limits } = machine;
  return { number: deployment?.number ?? 0, generation, slots, routes, clusters, limits };
}

/** Throws E2004 when the deployment asks for what this version does not serve: better refused than half done. */
export function refuseUnserved(deployment: Deployment): void {
  const split = deployment.slots.find((slot) => slot.revisions.length > 1);
  if (split !== undefined)
    throw unserved(`slot ${split.name} splits traffic between ${split.revisions.length} revisions`);
  if ((deployment.quotas ?? []).length > 0) throw unserved(`deployment ${deployment.name} has quotas`);
}

/** Slots whose `match.routes` names a route this machine does not have: a slip there is a door left open. */
export function unknownRoutes(deployment: Deployment, machine: Machine): string[] {
  const known = new Set(["*", ...machine.routes.map((route) => route.name)]);
  return deployment.slots.flatMap((slot) =>
    settleSlot(slot)
      .routes.filter((route) => !known.has(route))
      .map((route) => `slot ${slot.name} matches route "${route}", which this proxy does not have`),
  );
}

function unserved(what: string): SluiceError {
  return new SluiceError(PROXY_ERRORS.notServedYet, `Not served by this version: ${what}.`);
}

function slotPlan(slot: Slot, parts: PlanParts): SlotPlan {
  const settled = settleSlot(slot);
  const revision = slot.revisions[0]!;
  const load = parts.loads.get(slot.name)!;
  const isLoaded = "artifact" in load;
  const named = revisionName(slot, revision, isLoaded ? load : load.loaded);
  return {
    name: slot.name,
    filter: named.filter,
    version: named.version,
    revision: named.revision,
    routes: settled.routes,
    failOpen: causeMask(settled.failOpenOn),
    dryRun: settled.dryRun,
    bodyWhilePaused: settled.bodyWhilePaused,
    requiresCheck: isLoaded && requiresCheck(load),
    tickOn: settled.tickOn,
    counterRow: parts.rowOf(named),
    load: isLoaded
      ? { artifact: load.artifact, spec: pluginSpec(settled, revision, load) }
      : { notLoaded: { code: load.code, message: load.message } },
  };
}

/** Which revision a slot has, also when it could not be loaded. */
function revisionName(slot: Slot, revision: Revision, load: LoadedRevision | null): RevisionName {
  // A module named by file that could not be read has no digest; its name stands in for one.
  const version = load?.version ?? revision.version ?? sha256(revision.module ?? "");
  return {
    slot: slot.name,
    filter: revision.filter,
    version,
    revision: load?.revision ?? revisionDigest({ ...revision, version }),
  };
}

function pluginSpec(
  slot: SettledSlot,
  revision: Revision,
  load: LoadedRevision,
): Extract<SlotPlan["load"], { spec: unknown }>["spec"] {
  const { memoryBytes, fuel } = filterLimits(revision);
  return {
    slot: slot.name,
    filter: revision.filter,
    version: load.version,
    revision: load.revision,
    pluginName: slot.name,
    rootId: revision.filter,
    vmId: slot.vmId,
    pluginConfig: pluginConfigBytes(revision.pluginConfig),
    vmConfig: new Uint8Array(0),
    environment: {},
    capabilities: grantedCapabilities(revision),
    limits: { memoryBytes, fuel, depth: FILTER_DEPTH_DEFAULT },
    isolation: slot.isolation,
    requiresCheck: requiresCheck(load),
    bodyCallbacks: load.document?.body === "none" ? "none" : "all",
  };
}

function requiresCheck(load: LoadedRevision): boolean {
  return load.document?.requires?.includes("check") === true;
}

/** A slot that nothing serves, for all routes: every request is answered 503. */
function closedSlot(parts: PlanParts): SlotPlan {
  const none: Digest = sha256("");
  const named = { filter: "none", version: none, revision: none };
  return {
    name: CLOSED_SLOT,
    ...named,
    routes: ["*"],
    failOpen: 0,
    dryRun: false,
    bodyWhilePaused: false,
    requiresCheck: false,
    tickOn: "each",
    counterRow: parts.rowOf({ slot: CLOSED_SLOT, ...named }),
    load: { notLoaded: { code: PROXY_ERRORS.noDeployment.code, message: PROXY_ERRORS.noDeployment.meaning } },
  };
}

const CLOSED_SLOT = "deployment";
