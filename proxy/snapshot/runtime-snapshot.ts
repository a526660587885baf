// A snapshot as one worker has it: plugins started, routes and chain compiled. Made by the control path, read by
// streams, closed when it is no longer current and its last stream is gone.

import { Chain, SluiceError } from "@sluice/abi/data-path";
import type { ChainSlot, HostServices, Plugin, SlotRevision, SplitChoice } from "@sluice/abi";
import type { GaugedRevision } from "../counters/revision-gauges.ts";
import { REVISION_CELL } from "../counters/slab.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { compileCluster } from "../routing/clusters.ts";
import type { EndpointDirectory } from "../routing/endpoint-directory.ts";
import { TrustedProxies } from "../exchange/trusted-proxies.ts";
import { compileRoutes } from "../routing/route-table.ts";
import { ForcedRevisions } from "../split/forced-revisions.ts";
import { KeyFractions } from "../split/key-fractions.ts";
import { KeyedSplit } from "../split/keyed-split.ts";
import { streamKey } from "../split/stream-key.ts";
import { WatchedPlugin } from "../worker/vital-signs.ts";
import type { VitalSigns, WatchedAt } from "../worker/vital-signs.ts";
import { revisionPlace } from "./plan.ts";
import type { RevisionPlan, SlotPlan, SnapshotPlan } from "./plan.ts";
import type { Cluster, RouteTable, Snapshot, StreamLimits, Tracing, Trusted } from "./runtime.ts";

/** What of a worker a snapshot is made with. */
export interface SnapshotSurroundings {
  readonly endpoints: EndpointDirectory;
  readonly signs: VitalSigns;
  /** The host's services for a plugin of a slot of the plan. */
  services(slot: SlotPlan, plan: SnapshotPlan, clusters: ReadonlyMap<string, Cluster>): HostServices;
  /** This worker's counters of a revision. */
  counterRow(row: number): Float64Array;
  /** Counts a request that asked for a revision, by whether it got it. */
  forcedCounters(isValid: boolean): void;
}

/** A revision did not start on this worker. */
export class RevisionRefusal extends Error {
  /** `revisionPlace` in the plan. */
  readonly place: number;
  readonly refusal: SluiceError;

  constructor(slot: string, place: number, refusal: SluiceError) {
    super(`slot ${slot}: ${refusal.message}`, { cause: refusal });
    this.place = place;
    this.refusal = refusal;
  }
}

export class RuntimeSnapshot implements Snapshot {
  readonly number: number;
  readonly generation: number;
  readonly chain: Chain;
  readonly routes: RouteTable;
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly limits: StreamLimits;
  readonly trusted: Trusted | null;
  readonly tracing: Tracing | null;
  readonly counterRows: readonly (readonly Float64Array[])[];
  readonly forced: ForcedRevisions | null;
  pins = 0;
  private retired: ((snapshot: RuntimeSnapshot) => void) | null = null;

  private constructor(
    plan: SnapshotPlan,
    chain: Chain,
    clusters: ReadonlyMap<string, Cluster>,
    surroundings: SnapshotSurroundings,
  ) {
    this.number = plan.number;
    this.generation = plan.generation;
    this.chain = chain;
    this.limits = plan.limits;
    this.trusted = plan.trustedProxies.length === 0 ? null : new TrustedProxies(plan.trustedProxies);
    this.tracing = tracingOf(plan.tracing);
    this.counterRows = plan.slots.map(({ revisions }) =>
      revisions.map(({ counterRow }) => surroundings.counterRow(counterRow)),
    );
    this.forced = forcedRevisions(plan, surroundings);
    this.clusters = clusters;
    this.routes = compileRoutes(
      plan.routes,
      (route) => plan.slots.reduce((mask, slot, index) => (passes(slot, route) ? mask | (1 << index) : mask), 0),
      (name) => clusters.get(name)!,
    );
  }

  /** Starts every plugin of the plan. Throws `RevisionRefusal` when one does not start; nothing is left running then. */
  static compile(plan: SnapshotPlan, surroundings: SnapshotSurroundings): RuntimeSnapshot {
    const started: Plugin[] = [];
    // Before the plugins: one may call a cluster as soon as it starts.
    const clusters = new Map<string, Cluster>(
      plan.clusters.map((cluster) => [cluster.name, compileCluster(cluster, surroundings.endpoints)]),
    );
    try {
      const slots = plan.slots.map((slot, index) => {
        const services = (): HostServices => surroundings.services(slot, plan, clusters);
        const revisions = slot.revisions.map((revision, arm) => {
          const at = { signs: surroundings.signs, generation: plan.generation, place: revisionPlace(index, arm) };
          return slotRevision(revision, startPlugin(slot, revision, at, services, started));
        });
        return chainSlot(slot, index, revisions, splitChoice(plan, index, surroundings));
      });
      return new RuntimeSnapshot(plan, new Chain(slots, plan.limits.bodyBufferBytesMax), clusters, surroundings);
    } catch (error) {
      for (const plugin of started) plugin.close();
      throw error;
    }
  }

  pin(): void {
    this.pins++;
  }

  unpin(): void {
    this.pins--;
    if (this.pins === 0 && this.retired !== null) this.close();
  }

  /** No new stream takes it from now on; `closed` is told once its last stream has ended and its plugins are gone. */
  retire(closed: (snapshot: RuntimeSnapshot) => void): void {
    this.retired = closed;
    if (this.pins === 0) this.close();
  }

  /** Its revisions, with the counters of each. */
  get gauged(): GaugedRevision[] {
    return this.chain.slots.flatMap(({ revisions, index }) =>
      revisions.map(({ plugin }, arm) => ({ row: this.counterRows[index]![arm]!, plugin })),
    );
  }

  get instancesLive(): number {
    return this.plugins().reduce((sum, plugin) => sum + plugin.instancesLive, 0);
  }

  get memoryBytes(): number {
    return this.plugins().reduce((sum, plugin) => sum + plugin.memoryBytes, 0);
  }

  private close(): void {
    const closed = this.retired!;
    this.retired = null;
    for (const plugin of this.plugins()) plugin.close();
    closed(this);
  }

  private plugins(): Plugin[] {
    return this.chain.slots.flatMap(({ revisions }) =>
      revisions.flatMap(({ plugin }) => (plugin === null ? [] : [plugin])),
    );
  }
}

function tracingOf(config: SnapshotPlan["tracing"]): Tracing | null {
  return config === null ? null : { sampled: config.samplePercent / 100, isExported: config.otlp !== null };
}

function passes(slot: SlotPlan, route: string): boolean {
  return slot.routes.includes("*") || slot.routes.includes(route);
}

function startPlugin(
  slot: SlotPlan,
  { load, filter }: RevisionPlan,
  at: WatchedAt,
  services: () => HostServices,
  started: Plugin[],
): Plugin | null {
  if ("notLoaded" in load) return null;
  const plugin = new WatchedPlugin(load.artifact, load.spec, services(), at);
  try {
    plugin.start();
  } catch (error) {
    plugin.close();
    throw new RevisionRefusal(slot.name, at.place, asRefusal(filter, error));
  }
  started.push(plugin);
  return plugin;
}

/** Even a fault of the host while it starts a filter ends as a refusal: a worker must not die of a filter. */
function asRefusal(filter: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const message = `Filter ${filter} could not be started: ${String((error as Error).stack)}`;
  return new SluiceError(PROXY_ERRORS.internal, message, { cause: error });
}

function slotRevision(
  { filter, version, revision, load, requiresCheck }: RevisionPlan,
  plugin: Plugin | null,
): SlotRevision {
  const notLoaded = "notLoaded" in load ? load.notLoaded.message : null;
  return { plugin, filter, version, revision, notLoaded, requiresCheck };
}

function chainSlot(
  slot: SlotPlan,
  index: number,
  revisions: readonly SlotRevision[],
  split: SplitChoice | null,
): ChainSlot {
  const { name, failOpen, dryRun, bodyWhilePaused } = slot;
  return { name, index, revisions, split, failOpen, dryRun, bodyWhilePaused };
}

function splitChoice(plan: SnapshotPlan, index: number, surroundings: SnapshotSurroundings): SplitChoice | null {
  const { name, split, revisions } = plan.slots[index]!;
  if (split === null) return null;
  const stable = surroundings.counterRow(revisions[0]!.counterRow);
  return new KeyedSplit({
    key: streamKey(split.by, index),
    fractions: new KeyFractions(plan.splitSecret, name, split.salt),
    weights: revisions.map(({ weight }) => weight),
    keyless: () => stable[REVISION_CELL.keyless]!++,
  });
}

/** null where no slot allows it: then no request is looked at for it. */
function forcedRevisions(plan: SnapshotPlan, { forcedCounters }: SnapshotSurroundings): ForcedRevisions | null {
  const slots = plan.slots.flatMap(({ name, split, revisions }, index) =>
    split?.isForcible === true ? [{ name, index, revisions: revisions.map(({ revision }) => revision) }] : [],
  );
  if (slots.length === 0) return null;
  return new ForcedRevisions({
    slots,
    secret: plan.splitSecret,
    counted: (isValid) => forcedCounters(isValid),
    nowMs: Date.now,
  });
}
