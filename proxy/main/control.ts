// The control path's centre: takes wanted deployments and machine documents, makes plans of them, publishes them or
// refuses them as a whole. What is refused is tried again with back-off, for a registry may have been down; the snapshot
// before stays in charge.

import { isDeepStrictEqual } from "node:util";
import { SluiceError, quotaDefinitions } from "@sluice/abi";
import type { QuotaBook } from "@sluice/abi";
import type { Logger } from "pino";
import { deploymentWarnings, overrideSentence, settleSlot } from "../contract/index.ts";
import type { Deployment, Digest, Machine, ProxyStatus, Revision } from "../contract/index.ts";
import type { RevisionName, RevisionRows } from "../counters/revision-rows.ts";
import { PROXY_ERRORS } from "../errors.ts";
import { armOf, slotPlaceOf } from "../snapshot/plan.ts";
import type { NotLoaded, RevisionPlan, SlotPlan, SnapshotPlan } from "../snapshot/plan.ts";
import { applyOverrides, overridesOf } from "./apply-overrides.ts";
import type { OverrideInForce } from "./apply-overrides.ts";
import { Backoff } from "./backoff.ts";
import { chainPlaces } from "./chain-places.ts";
import type { ChainPlace } from "./chain-places.ts";
import { compilePlan, refuseUnserved, unknownRoutes } from "./compile-plan.ts";
import { APPLY_RETRY_FIRST_MS, APPLY_RETRY_MAX_MS } from "./limits.ts";
import type { FailedLoad, LoadedRevision, RevisionLoader } from "./revision-loader.ts";
import { Serial } from "./serial.ts";
import { StepTimes } from "./step-times.ts";
import type { VersionSource } from "./version-source.ts";
import type { Prepared } from "./worker-handle.ts";

export interface ControlOptions {
  readonly loader: RevisionLoader;
  readonly rows: RevisionRows;
  readonly log: Logger;
  /** Number of a deployment that must not serve: the process died of it. 0: none. */
  readonly without: number;
  /** Main's book of the quotas in shared memory. */
  readonly quotas: QuotaBook;
  publish(plan: SnapshotPlan, times: StepTimes): Promise<Prepared>;
  /** Of splits; asked for every plan. */
  splitSecret(): Uint8Array;
  /** Something that `status` shows has changed. */
  changed(): void;
  /** A deployment serves as a whole; it may be kept for the next start. */
  applied(deployment: Deployment): Promise<void>;
}

/** What is in charge. */
export interface Serving {
  readonly machine: Machine;
  /** As it was wanted; the plan has it with the overrides in force. */
  readonly deployment: Deployment | null;
  readonly plan: SnapshotPlan;
}

export class Control {
  serving: Serving | null = null;
  refused: ProxyStatus["refused"] = null;
  private readonly options: ControlOptions;
  private readonly serial = new Serial();
  private readonly backoff = new Backoff(APPLY_RETRY_FIRST_MS, APPLY_RETRY_MAX_MS);
  private machine: Machine;
  private source: VersionSource | null = null;
  private overrides: readonly OverrideInForce[] = [];
  private wanted: Deployment | null = null;
  private generation = 0;
  private retry: NodeJS.Timeout | undefined;

  constructor(machine: Machine, options: ControlOptions) {
    this.machine = machine;
    this.options = options;
  }

  /** First snapshot: with `deployment`, or closed (503) when there should be one and none is known. */
  async open(
    deployment: Deployment | null,
    source: VersionSource,
    overrides: readonly OverrideInForce[] = [],
  ): Promise<void> {
    this.source = source;
    this.overrides = overrides;
    if (deployment !== null) await this.want(deployment);
    if (this.serving === null) await this.serial.run(() => this.apply(null, this.machine));
  }

  /** Makes `deployment` the wanted one. Resolves when it was applied or refused; which, stands in `refused`. */
  async want(deployment: Deployment): Promise<void> {
    if (this.options.without !== 0 && deployment.number === this.options.without)
      return this.refuse(deployment.number, deadly(deployment));
    // A registry says what it wants at every connect; what serves as a whole needs no second publication.
    if (this.applied !== null && isDeepStrictEqual(deployment, this.serving?.deployment)) return;
    this.warnWhenBackwards(deployment);
    this.wanted = deployment;
    this.backoff.reset();
    await this.serial.run(() => this.tryWanted(deployment));
  }

  /** Another machine document or another deployment file, as a whole or not at all. Throws the SluiceError of a refusal. */
  reload(machine: Machine, deployment: Deployment | null, source: VersionSource): Promise<void> {
    return this.serial.run(async () => {
      // From a registry comes no new one: what serves is compiled anew, what was refused stays refused.
      const wanted = deployment ?? this.serving?.deployment ?? null;
      const before = this.source;
      this.source = source;
      try {
        await this.apply(wanted, machine);
      } catch (error) {
        this.source = before;
        throw error;
      }
      this.machine = machine;
      if (deployment !== null) this.wanted = deployment;
    });
  }

  /**
   * Serves what is in charge under other overrides, as a whole or not at all; `decide` says which, from what serves when
   * it is this act's turn. Throws what `decide` throws, or the SluiceError of a refusal. `served` ends the act.
   */
  override(
    decide: (serving: Serving | null) => readonly OverrideInForce[],
    served: (overrides: readonly OverrideInForce[]) => Promise<void>,
  ): Promise<void> {
    return this.serial.run(async () => {
      const { overrides, refused } = this;
      this.overrides = decide(this.serving);
      try {
        await this.apply(this.serving?.deployment ?? null, this.machine);
      } catch (error) {
        this.overrides = overrides;
        throw error;
      }
      await served(this.overrides);
      this.retryRefused(refused);
    });
  }

  /** What splits are drawn with has changed: what serves is published anew where it has splits. */
  renewSplits(): Promise<void> {
    return this.serial.run(async () => {
      const { serving, refused } = this;
      if (serving === null || serving.plan.slots.every(({ split }) => split === null)) return;
      try {
        await this.apply(serving.deployment, serving.machine);
        this.refused ??= refused;
      } catch (error) {
        this.refuse(serving.plan.number, error);
      }
    });
  }

  /** What was refused before stays refused, and is tried at once: an override may be all that it needed. */
  private retryRefused(refused: ProxyStatus["refused"]): void {
    const { wanted } = this;
    if (refused === null || wanted === null || wanted === this.serving?.deployment) return;
    this.refused ??= refused;
    void this.serial.run(() => this.tryWanted(wanted));
  }

  /** A version was pushed: load it as it would run in the slots of its filter, so that a deploy finds it ready. */
  async prepare(digest: Digest): Promise<void> {
    const { loader, log } = this.options;
    const times = new StepTimes();
    try {
      const { document } = await this.source!.version({ filter: "", version: digest });
      const revisions = (this.wanted?.slots ?? [])
        .flatMap((slot) => slot.revisions)
        .filter(({ filter }) => filter === document?.name);
      await Promise.all(
        revisions.map((revision) => loader.load({ ...revision, version: digest }, this.source!, times)),
      );
      log.info({ version: digest, filter: document?.name, ms: times }, "pushed version is loaded and ready");
    } catch (error) {
      log.warn({ version: digest, err: error }, "pushed version cannot be loaded; what serves is not touched");
    }
  }

  /** Something is being applied. */
  get isBusy(): boolean {
    return this.serial.isBusy;
  }

  /** Slots in charge with a revision that does not run. */
  get notLoaded(): ({ slot: string } & NotLoaded)[] {
    return (this.serving?.plan.slots ?? []).flatMap((slot) =>
      causesOf(slot).map((notLoaded) => ({ slot: slot.name, ...notLoaded })),
    );
  }

  /** Number of the deployment that serves as a whole. */
  get applied(): number | null {
    const deployment = this.serving?.deployment ?? null;
    return deployment === null || this.notLoaded.length > 0 ? null : (deployment.number ?? 0);
  }

  /** Names a place in a chain, for the log; by its numbers when that snapshot is gone. */
  slotAt(entered: { readonly generation: number; readonly place: number } | null): object | null {
    const plan = this.serving?.plan;
    if (entered === null || plan?.generation !== entered.generation) return entered;
    const { name, revisions } = plan.slots[slotPlaceOf(entered.place)]!;
    const { filter, revision } = revisions[armOf(entered.place)]!;
    return { slot: name, filter, revision };
  }

  /** Why requests may not be sent here; empty when all is well. */
  get unreadiness(): string[] {
    if (this.serving === null) return ["no snapshot is in charge"];
    return this.serving.plan.slots
      .filter((slot) => slot.failOpen === 0)
      .flatMap((slot) =>
        causesOf(slot).map(({ message }) => `slot ${slot.name} is FAIL_CLOSE and does not run: ${message}`),
      );
  }

  close(): void {
    clearTimeout(this.retry);
  }

  private async tryWanted(deployment: Deployment): Promise<void> {
    // A newer one is queued behind: it alone matters.
    if (deployment !== this.wanted) return;
    clearTimeout(this.retry);
    try {
      await this.apply(deployment, this.machine);
    } catch (error) {
      this.refuse(deployment.number ?? 0, error);
    }
    if (this.applied !== (deployment.number ?? 0) || this.refused !== null) this.tryAgain(deployment);
  }

  private async apply(deployment: Deployment | null, machine: Machine): Promise<void> {
    const times: ApplyTimes = { slots: {}, steps: new StepTimes() };
    const none = { deployment, served: null, machine, places: [], loads: new Map() };
    if (deployment === null) return this.publish(none, times);
    const served = applyOverrides(deployment, this.overrides);
    refuseUnserved(served);
    const routeNames = machine.routes.map((route) => route.name);
    const places = chainPlaces(served, routeNames);
    const loads = await times.steps.of("load", this.loadAll(places, times));
    const failed = [...loads.values()].find((load): load is FailedLoad => "code" in load);
    // With nothing older in charge the slots that run are better than none; the others follow their failStrategy.
    if (failed !== undefined && this.hasOlder) throw refusal(failed);
    await this.publish({ deployment, served, machine, places, loads }, times);
  }

  private async publish(loaded: Loaded, times: ApplyTimes): Promise<void> {
    const { rows, log, quotas, splitSecret } = this.options;
    const { deployment, served, machine, places, loads } = loaded;
    for (;;) {
      const generation = ++this.generation;
      const isClosed = deployment === null && (machine.registry !== null || machine.deployment !== null);
      const rowOf = (name: RevisionName): number => rows.rowOf(name);
      const plan = compilePlan({
        machine,
        deployment: served,
        isClosed,
        generation,
        places,
        loads,
        quotas: quotas.plan(quotaDefinitions(served?.quotas ?? [])),
        splitSecret: splitSecret(),
        rowOf,
      });
      const prepared = await this.options.publish(plan, times.steps);
      if (prepared.ok) {
        quotas.apply(plan.quotas);
        return this.took(machine, deployment, plan, times);
      }
      const { place, why } = prepared;
      if (this.hasOlder || place === null) throw refusal(why);
      const { slot, revisions } = places[slotPlaceOf(place)]!;
      log.error({ slot: slot.name, code: why.code }, why.message);
      const revision = revisions[armOf(place)]!;
      const load = loads.get(revision)!;
      loads.set(revision, { ...why, loaded: "artifact" in load ? load : load.loaded });
    }
  }

  private async took(
    machine: Machine,
    deployment: Deployment | null,
    plan: SnapshotPlan,
    times: ApplyTimes,
  ): Promise<void> {
    const { rows, log } = this.options;
    this.serving = { machine, deployment, plan };
    rows.serve(
      new Map(plan.slots.flatMap(({ revisions }) => revisions.map(({ counterRow, weight }) => [counterRow, weight]))),
    );
    const missing = this.notLoaded[0];
    this.refused =
      missing === undefined || deployment === null
        ? null
        : { number: plan.number, code: missing.code, message: missing.message, hint: missing.hint };
    log.info(
      {
        deployment: plan.number,
        generation: plan.generation,
        slots: plan.slots.map((slot) => slot.name),
        ms: { ...times.steps.toJSON(), slots: times.slots },
      },
      "snapshot published",
    );
    if (deployment !== null)
      for (const warning of [...deploymentWarnings(deployment), ...unknownRoutes(deployment, machine)])
        log.warn(warning);
    for (const override of overridesOf(deployment, this.overrides))
      log.warn(`OVERRIDE: deployment ${plan.number} serves, but ${overrideSentence(override)}`);
    // Kept first: who hears "applied" may count on it after a crash.
    if (this.applied !== null) await this.options.applied(deployment!);
    this.options.changed();
  }

  /** Numbers of one name only grow, a rollback's too: the registry has lost what was deployed since, as after a restore. */
  private warnWhenBackwards({ name, number = 0 }: Deployment): void {
    const serving = this.serving?.deployment ?? null;
    if (serving === null || serving.name !== name || number >= (serving.number ?? 0)) return;
    this.options.log.warn(
      { deployment: number, serving: serving.number },
      "the registry went back to an earlier number; the proxy follows it",
    );
  }

  /** Notes that this number cannot be taken, and why. What serves is kept. */
  refuse(number: number, error: unknown): void {
    const { code, message, hint } =
      error instanceof SluiceError ? error : { ...PROXY_ERRORS.internal, message: String((error as Error).stack) };
    this.refused = { number, code, message, hint };
    this.options.log.error(
      { deployment: number, serving: this.serving?.plan.number ?? null, code },
      `deployment refused: ${message}`,
    );
    this.options.changed();
  }

  private tryAgain(deployment: Deployment): void {
    if (this.refused?.code === PROXY_ERRORS.notServedYet.code) return;
    this.retry = setTimeout(() => void this.serial.run(() => this.tryWanted(deployment)), this.backoff.next()).unref();
  }

  private async loadAll(places: readonly ChainPlace[], times: ApplyTimes): Promise<Loads> {
    const loads = await Promise.all(
      places.flatMap((place) => {
        const slotTimes = (times.slots[place.slot.name] ??= new StepTimes());
        return place.revisions.map(
          async (revision) => [revision, await this.load(place, revision, slotTimes)] as const,
        );
      }),
    );
    return new Map(loads);
  }

  private async load({ slot }: ChainPlace, revision: Revision, times: StepTimes): Promise<LoadedRevision | FailedLoad> {
    const { loader, log } = this.options;
    try {
      return await loader.load(revision, this.source!, times);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      log.error({ slot: slot.name, phase: settleSlot(slot).phase, code: error.code }, `cannot load: ${error.message}`);
      return { code: error.code, message: `slot ${slot.name}: ${error.message}`, hint: error.hint, loaded: null };
    }
  }

  /** True when a deployment is in charge that a new one must not make worse. */
  private get hasOlder(): boolean {
    return (this.serving?.deployment ?? null) !== null;
  }
}

/** A deployment on its way to the workers. */
interface Loaded {
  readonly deployment: Deployment | null;
  /** With the overrides in force. */
  readonly served: Deployment | null;
  readonly machine: Machine;
  readonly places: readonly ChainPlace[];
  readonly loads: Loads;
}

type Loads = Map<Revision, LoadedRevision | FailedLoad>;

/** Why revisions of a slot do not run; empty when all do. */
function causesOf({ revisions }: SlotPlan): NotLoaded[] {
  return revisions.flatMap(({ load }: RevisionPlan) => ("notLoaded" in load ? [load.notLoaded] : []));
}

/** What an application took: its own steps, and by slot those of loading that were not done before. */
interface ApplyTimes {
  readonly steps: StepTimes;
  readonly slots: Record<string, StepTimes>;
}

function deadly({ number }: Deployment): SluiceError {
  return new SluiceError(
    PROXY_ERRORS.deadly,
    `The proxy process died three times within a minute with deployment ${number}.`,
  );
}

/** A plain refusal as the error it was before it crossed a thread. */
function refusal({ code, message, hint }: NotLoaded): SluiceError {
  return new SluiceError({ code: code as `SLUICE-E${number}`, meaning: message, hint }, message);
}
