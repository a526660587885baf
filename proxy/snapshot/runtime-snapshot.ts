// A snapshot as one worker has it: plugins started, routes and chain compiled. Made by the control path, read by
// streams, closed when it is no longer current and its last stream is gone.

import { Chain, SluiceError } from "@sluice/abi/data-path";
import type { ChainSlot, HostServices, Plugin } from "@sluice/abi";
import { PROXY_ERRORS } from "../errors.ts";
import { compileCluster } from "../routing/clusters.ts";
import type { EndpointDirectory } from "../routing/clusters.ts";
import { compileRoutes } from "../routing/route-table.ts";
import { WatchedPlugin } from "../worker/vital-signs.ts";
import type { VitalSigns, WatchedAt } from "../worker/vital-signs.ts";
import type { SlotPlan, SnapshotPlan } from "./plan.ts";
import type { Cluster, RouteTable, Snapshot, StreamLimits } from "./runtime.ts";

/** What of a worker a snapshot is made with. */
export interface SnapshotSurroundings {
  readonly endpoints: EndpointDirectory;
  readonly signs: VitalSigns;
  /** The host's services for a slot's plugin. */
  services(slot: SlotPlan): HostServices;
  /** This worker's counters of a revision. */
  counterRow(row: number): Float64Array;
}

/** A slot's revision did not start on this worker. */
export class SlotRefusal extends Error {
  readonly slot: string;
  readonly refusal: SluiceError;

  constructor(slot: string, refusal: SluiceError) {
    super(`slot ${slot}: ${refusal.message}`, { cause: refusal });
    this.slot = slot;
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
  readonly counterRows: readonly (readonly Float64Array[])[];
  pins = 0;
  private retired: ((snapshot: RuntimeSnapshot) => void) | null = null;

  private constructor(plan: SnapshotPlan, chain: Chain, surroundings: SnapshotSurroundings) {
    this.number = plan.number;
    this.generation = plan.generation;
    this.chain = chain;
    this.limits = plan.limits;
    this.counterRows = plan.slots.map((slot) => [surroundings.counterRow(slot.counterRow)]);
    const clusters = new Map<string, Cluster>(
      plan.clusters.map((cluster) => [cluster.name, compileCluster(cluster, surroundings.endpoints)]),
    );
    this.clusters = clusters;
    this.routes = compileRoutes(
      plan.routes,
      (route) => chain.maskOf(plan.slots.filter((slot) => passes(slot, route)).map((slot) => slot.name)),
      (name) => clusters.get(name)!,
    );
  }

  /** Starts every plugin of the plan. Throws `SlotRefusal` when one does not start; nothing is left running then. */
  static compile(plan: SnapshotPlan, surroundings: SnapshotSurroundings): RuntimeSnapshot {
    const started: Plugin[] = [];
    try {
      const slots = plan.slots.map((slot, index) =>
        chainSlot(
          slot,
          index,
          startPlugin(
            slot,
            { signs: surroundings.signs, generation: plan.generation, place: index },
            surroundings,
            started,
          ),
        ),
      );
      return new RuntimeSnapshot(plan, new Chain(slots, plan.limits.bodyBufferBytesMax), surroundings);
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

function passes(slot: SlotPlan, route: string): boolean {
  return slot.routes.includes("*") || slot.routes.includes(route);
}

function startPlugin(
  slot: SlotPlan,
  at: WatchedAt,
  surroundings: SnapshotSurroundings,
  started: Plugin[],
): Plugin | null {
  if ("notLoaded" in slot.load) return null;
  const plugin = new WatchedPlugin(slot.load.artifact, slot.load.spec, surroundings.services(slot), at);
  try {
    plugin.start();
  } catch (error) {
    plugin.close();
    throw new SlotRefusal(slot.name, asRefusal(slot, error));
  }
  started.push(plugin);
  return plugin;
}

/** Even a fault of the host while it starts a filter ends as a refusal: a worker must not die of a filter. */
function asRefusal(slot: SlotPlan, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const message = `Filter ${slot.filter} could not be started: ${String((error as Error).stack)}`;
  return new SluiceError(PROXY_ERRORS.internal, message, { cause: error });
}

function chainSlot(slot: SlotPlan, index: number, plugin: Plugin | null): ChainSlot {
  return {
    name: slot.name,
    index,
    revisions: [
      {
        plugin,
        filter: slot.filter,
        version: slot.version,
        revision: slot.revision,
        notLoaded: "notLoaded" in slot.load ? slot.load.notLoaded.message : null,
        requiresCheck: slot.requiresCheck,
      },
    ],
    split: null,
    failOpen: slot.failOpen,
    dryRun: slot.dryRun,
    bodyWhilePaused: slot.bodyWhilePaused,
  };
}
