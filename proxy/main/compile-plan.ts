// Machine document, deployment and loaded revisions to the plan that workers make a snapshot of. Decides, does nothing.

import { SluiceError, causeMask, pluginConfigBytes, unservedQuota } from "@sluice/abi";
import type { QuotaPlan } from "@sluice/abi";
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
import type { NotLoaded, RevisionPlan, SlotPlan, SnapshotPlan, SplitPlan } from "../snapshot/plan.ts";
import type { ChainPlace } from "./chain-places.ts";
import type { FailedLoad, LoadedRevision } from "./revision-loader.ts";

export interface PlanParts {
  readonly machine: Machine;
  readonly deployment: Deployment | null;
  /** There should be a deployment and none is known: nobody knows which policies a request must pass. */
  readonly isClosed: boolean;
  readonly generation: number;
  /** Of the deployment and the machine; without a deployment none. */
  readonly places: readonly ChainPlace[];
  /** For every revision of every place, by the place's own object. */
  readonly loads: ReadonlyMap<Revision, LoadedRevision | FailedLoad>;
  readonly splitSecret: Uint8Array;
  /** Of the deployment, with their places in shared memory. */
  readonly quotas: readonly QuotaPlan[];
  /** The counter row of a revision. */
  rowOf(name: RevisionName): number;
}

export function compilePlan(parts: PlanParts): SnapshotPlan {
  const { machine, deployment, isClosed, generation, quotas, splitSecret } = parts;
  const slots = isClosed ? [closedSlot(parts)] : parts.places.map((place) => slotPlan(place, parts));
  const { routes, clusters, limits, trustedProxies, tracing } = machine;
  const number = deployment?.number ?? 0;
  return { number, generation, slots, quotas, routes, clusters, limits, trustedProxies, tracing, splitSecret };
}

/** Throws E2004 when the deployment asks for what this version does not serve: better refused than half done. */
export function refuseUnserved(deployment: Deployment): void {
  for (const quota of deployment.quotas ?? []) {
    const what = unservedQuota(quota);
    if (what !== null) throw unserved(what);
  }
}

/** Slots whose `match.routes` names a route this machine does not have: a slip there is a door left open. */
export function unknownRoutes(deployment: Deployment, machine: Machine): string[] {
  const known = new Set(["*", ...machine.routes.map((route) => route.name)]);
  return deployment.slots.flatMap((slot) =>
    [...settleSlot(slot).routes, ...(slot.perRoute ?? []).flatMap(({ routes }) => routes)]
      .filter((route) => !known.has(route))
      .map((route) => `slot ${slot.name} matches route "${route}", which this proxy does not have`),
  );
}

function unserved(what: string): SluiceError {
  return new SluiceError(PROXY_ERRORS.notServedYet, `Not served by this version: ${what}.`);
}

function slotPlan({ slot, routes, revisions }: ChainPlace, parts: PlanParts): SlotPlan {
  const settled = settleSlot(slot);
  return {
    name: slot.name,
    routes,
    failOpen: causeMask(settled.failOpenOn),
    dryRun: settled.dryRun,
    bodyWhilePaused: settled.bodyWhilePaused,
    tickOn: settled.tickOn,
    split: revisions.length > 1 ? splitPlan(slot.split!) : null,
    revisions: revisions.map((revision) => revisionPlan(settled, revision, shareOf(revision, revisions), parts)),
  };
}

function splitPlan({ by, salt = "", force = false }: NonNullable<Slot["split"]>): SplitPlan {
  const colon = by.indexOf(":");
  const kind = (colon < 0 ? by : by.slice(0, colon)) as SplitPlan["by"]["kind"];
  return { by: { kind, name: colon < 0 ? "" : by.slice(colon + 1) }, salt, isForcible: force };
}

/** Without a word the only revision has all; among several, one without a weight has nothing. */
function shareOf({ weight }: Revision, revisions: readonly Revision[]): number {
  return weight ?? (revisions.length === 1 ? 100 : 0);
}

function revisionPlan(slot: SettledSlot, revision: Revision, weight: number, parts: PlanParts): RevisionPlan {
  const load = parts.loads.get(revision)!;
  const isLoaded = "artifact" in load;
  const named = revisionName(slot, revision, isLoaded ? load : load.loaded);
  return {
    filter: named.filter,
    version: named.version,
    revision: named.revision,
    weight,
    requiresCheck: isLoaded && requiresCheck(load),
    counterRow: parts.rowOf(named),
    load: isLoaded
      ? { artifact: load.artifact, spec: pluginSpec(slot, revision, load) }
      : { notLoaded: { code: load.code, message: load.message, hint: load.hint } },
  };
}

/** Which revision it is, also when it could not be loaded. */
function revisionName(slot: SettledSlot, revision: Revision, load: LoadedRevision | null): RevisionName {
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
): Extract<RevisionPlan["load"], { spec: unknown }>["spec"] {
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
    environment: revision.environment ?? {},
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

const NO_DEPLOYMENT: NotLoaded = {
  code: PROXY_ERRORS.noDeployment.code,
  message: PROXY_ERRORS.noDeployment.meaning,
  hint: PROXY_ERRORS.noDeployment.hint,
};

/** A slot that nothing serves, for all routes: every request is answered 503. */
function closedSlot(parts: PlanParts): SlotPlan {
  const none: Digest = sha256("");
  const named = { filter: "none", version: none, revision: none };
  return {
    name: CLOSED_SLOT,
    routes: ["*"],
    failOpen: 0,
    dryRun: false,
    bodyWhilePaused: false,
    tickOn: "each",
    split: null,
    revisions: [
      {
        ...named,
        weight: 100,
        requiresCheck: false,
        counterRow: parts.rowOf({ slot: CLOSED_SLOT, ...named }),
        load: { notLoaded: NO_DEPLOYMENT },
      },
    ],
  };
}

const CLOSED_SLOT = "deployment";
