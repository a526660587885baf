// One revision on one thread: its root context, its instances, its ticks. The control path makes and closes it; the
// stream engine acquires instances from it and gives them back.

import type { ModuleArtifact } from "../module/artifact.ts";
import type { CapabilityFamily } from "../spec/row.ts";
import { ABI_ERRORS } from "../error-table.ts";
import { SluiceError } from "../errors.ts";
import type { Caller } from "./caller.ts";
import { GuestFailure } from "./guest-failure.ts";
import type { Image } from "./image.ts";
import { importsFor } from "./imports.ts";
import type { Instance } from "./instance.ts";
import { InstancePool, type InstanceSource } from "./instance-pool.ts";
import { instantiate, runStartFunction } from "./instantiate.ts";
import {
  PENDING_DONE_MS_MAX,
  RESTART_BACKOFF_MS_MAX,
  RESTART_BACKOFF_MS_MIN,
  START_FUEL,
  STREAM_START_FUEL,
  TICK_FUEL_PER_MS,
  TICK_PERIOD_MS_MAX,
  TICK_PERIOD_MS_MIN,
} from "./limits.ts";
import { PHASE, PHASE_EXPORTS } from "./phase.ts";
import { PluginScope, type RootControl } from "./plugin-scope.ts";
import type { HostServices, TickTarget } from "./services.ts";

/** What a guest may use. */
export interface PluginLimits {
  readonly memoryBytes: number;
  /** Instructions a callback may spend. */
  readonly fuel: number;
  readonly depth: number;
}

/** One revision in one slot, everything compiled from documents. */
export interface PluginSpec {
  readonly slot: string;
  readonly filter: string;
  /** Digest of the version. */
  readonly version: string;
  /** Digest of the revision. */
  readonly revision: string;
  /** What `plugin_name`, `plugin_root_id` and `plugin_vm_id` say. Shared data is named by the vm id. */
  readonly pluginName: string;
  readonly rootId: string;
  readonly vmId: string;
  readonly pluginConfig: Uint8Array;
  readonly vmConfig: Uint8Array;
  /** What WASI `environ_get` shows; never the process's own. */
  readonly environment: Readonly<Record<string, string>>;
  /** The whole grant, defaults included. */
  readonly capabilities: readonly CapabilityFamily[];
  readonly limits: PluginLimits;
  readonly isolation: "stream" | "shared";
  /** `requires: [check]` of filter.yaml. */
  readonly requiresCheck: boolean;
  /** `none`: body callbacks are not called though they are exported. */
  readonly bodyCallbacks: "all" | "none";
  /** The module's source map as its author pushed it: failures then name file and line. */
  readonly sourceMap?: string | null;
}

/** One revision on one thread. Make it, `start` it, put it into a chain or `acquire` instances of it, `close` it when no stream has any. */
export class Plugin implements RootControl, InstanceSource, TickTarget {
  readonly artifact: ModuleArtifact;
  readonly spec: PluginSpec;
  readonly services: HostServices;
  /** Bits of PHASE: the callbacks streams call. Known before start(). */
  readonly phases: number;
  /** Why no instance can be had now: starting one anew failed. Null while all is well; then `acquire` returning null means "pool empty". */
  failure: string | null = null;
  /** The last failure of a root callback (ticks), for status pages; streams' failures are thrown to the engine. */
  lastRootFailure: GuestFailure | null = null;
  /** Raised by every root callback after start: it may have changed what instances start from. */
  epoch = 0;
  private readonly scope: PluginScope;
  private readonly imports: WebAssembly.Imports;
  private readonly pool: InstancePool;
  private readonly ending: TickTarget = { tick: () => this.rootDone() };
  private root: Instance | null = null;
  private imageNow: Image | null = null;
  /** What streams with an instance of their own start from, and the root's image that it was made of. */
  private streamImage: Image | null = null;
  private streamImageOf: Image | null = null;
  private imageEpoch = -1;
  private tickPeriodMs = 0;
  private restartAtMs = 0;
  /** Why the last start failed; null when it did not. */
  private refusal: SluiceError | null = null;
  private backoffMs = RESTART_BACKOFF_MS_MIN;
  private isClosed = false;

  constructor(artifact: ModuleArtifact, spec: PluginSpec, services: HostServices) {
    this.artifact = artifact;
    this.spec = spec;
    this.services = services;
    this.phases = phasesOf(artifact, spec);
    this.scope = new PluginScope(spec, artifact, services, this);
    this.imports = importsFor(this.scope);
    this.pool = new InstancePool(this);
  }

  /** Instantiates, starts and configures the root. Throws SluiceError (E12xx) when the guest refuses or fails. */
  start(): void {
    this.root = this.startInstance();
    // The image is taken before anything else runs: a shared instance that dies is made anew from it.
    this.image();
  }

  /** An instance for one stream's slot; null when the pool is empty or `failure` is set. A dead root is remade here. */
  acquire(): Instance | null {
    if (this.root === null || this.root.failed) this.remakeRoot();
    if (this.root === null) return null;
    return this.spec.isolation === "shared" ? this.root : this.take();
  }

  /** Gives an instance back after the last phase of the stream (dead ones too). Isolated ones are reset from the image. */
  release(instance: Instance): void {
    if (this.spec.isolation === "stream") this.pool.giveBack(instance);
  }

  /** Instances alive on this thread, the root's included. */
  get instancesLive(): number {
    return (this.root === null ? 0 : 1) + this.pool.size;
  }

  /** Bytes of guest memory held. */
  get memoryBytes(): number {
    return (this.root?.memoryBytes ?? 0) + this.pool.memoryBytes;
  }

  /**
   * proxy_on_done and proxy_on_delete of the root, ticks stopped, instances dropped. Streams must be gone. A root that
   * says "not done" keeps its ticks until it calls proxy_done, at most PENDING_DONE_MS_MAX.
   */
  close(): void {
    const { root } = this;
    if (root === null) return;
    this.pool.clear();
    if (root.failed || this.asksRoot(() => root.rootDone()) !== false) this.rootDone();
    else this.services.timers.schedule(this.ending, PENDING_DONE_MS_MAX);
  }

  /** RootControl: the root's delete, after which nothing of the plugin runs. */
  rootDone(): void {
    const { root } = this;
    this.services.timers.cancel(this);
    this.services.timers.cancel(this.ending);
    this.services.queues.forget(this);
    if (root !== null && !root.failed) this.asksRoot(() => root.rootDelete());
    root?.detachCallouts();
    this.root = null;
    this.isClosed = true;
  }

  /** RootControl. */
  arrives(guest: Caller, callback: () => void): void {
    if (this.isClosed) return;
    this.asksRoot(callback);
    if (this.root !== null && this.root.isOf(guest)) this.epoch++;
  }

  /** QueueReceiver: an item is in a queue that the root registered. From the event loop, never within a hostcall. */
  queueReady(token: number): void {
    if (this.tellRoot((root) => root.queueReady(token))) return;
    // The root cannot be started now. The item waits, and so must the word of it: nobody else is told.
    this.services.timers.schedule({ tick: () => this.queueReady(token) }, RESTART_BACKOFF_MS_MIN);
  }

  /** Calls a function that host and filter agreed on: proxy_on_foreign_function. `args` are copied when the guest reads them. */
  callForeign(functionId: number, args: Uint8Array): void {
    this.tellRoot((root) => root.foreignFunction(functionId, args));
  }

  /** RootControl: 0 stops the ticks. */
  setTickPeriod(periodMs: number): void {
    this.tickPeriodMs = periodMs === 0 ? 0 : Math.min(Math.max(periodMs, TICK_PERIOD_MS_MIN), TICK_PERIOD_MS_MAX);
    if (this.tickPeriodMs === 0) this.services.timers.cancel(this);
    else this.services.timers.schedule(this, this.tickPeriodMs);
  }

  /** TickTarget. The next tick is armed when this one has returned, the later the more it spent: slow ticks do not pile up. */
  tick(): void {
    this.tellRoot((told) => told.tick());
    const { root } = this;
    if (this.tickPeriodMs === 0 || this.isClosed) return;
    const restMs = root === null ? 0 : Math.ceil(root.fuelUsed / TICK_FUEL_PER_MS);
    this.services.timers.schedule(this, Math.max(this.tickPeriodMs, restMs));
  }

  /** InstanceSource: an instance as the image has it; one that is started and configured when there is no image. */
  make(): Instance {
    // Every stream would try again what costs a whole start.
    if (this.refusal !== null && this.waits) throw this.refusal;
    const image = this.image();
    const instance = image === null ? this.startInstance(STREAM_START_FUEL) : this.makeFrom(image);
    this.recovered();
    return instance;
  }

  /** InstanceSource: the root's image, with a stream's context in it where that can be. */
  image(): Image | null {
    const image = this.rootImage();
    if (image === null || this.spec.isolation === "shared") return image;
    if (this.streamImageOf !== image) {
      this.streamImage = this.withContext(image);
      this.streamImageOf = image;
    }
    return this.streamImage;
  }

  /** Taken anew after a root callback; of a shared root only once, before its first stream. */
  private rootImage(): Image | null {
    if (!this.artifact.meter.resettable) return null;
    const isStale = this.imageNow === null || (this.spec.isolation === "stream" && this.imageEpoch !== this.epoch);
    if (isStale && this.root !== null && !this.root.failed) {
      this.imageNow = this.root.takeImage();
      this.imageEpoch = this.epoch;
    }
    return this.imageNow;
  }

  private makeFrom(image: Image | null): Instance {
    if (image === null) return this.startInstance();
    const { instance } = this.link();
    instance.reset(image);
    return instance;
  }

  private withContext(image: Image): Image {
    if ((this.phases & PHASE.contextCreate) === 0) return image;
    try {
      const instance = this.makeFrom(image);
      return instance.makeContextAhead() ? instance.takeImage(true) : image;
    } catch (refused) {
      // No room for one more instance now: contexts are then made stream by stream.
      if (!(refused instanceof SluiceError)) throw refused;
      return image;
    }
  }

  private take(): Instance | null {
    try {
      return this.pool.take();
    } catch (refused) {
      if (refused !== this.refusal) this.backOff(refused);
      return null;
    }
  }

  private startInstance(fuel = START_FUEL): Instance {
    const linked = this.link();
    const { instance, exports } = linked;
    if (fuel !== START_FUEL) exports.refuel?.(fuel);
    try {
      runStartFunction(linked);
      const refusedIn = instance.startRoot();
      if (refusedIn !== null)
        throw new SluiceError(ABI_ERRORS.guestStartRefused, `${this.title} returned false from ${refusedIn}`);
    } catch (thrown) {
      if (!(thrown instanceof GuestFailure)) throw thrown;
      throw new SluiceError(ABI_ERRORS.guestStartFailed, thrown.message, { cause: thrown });
    }
    return instance;
  }

  private link(): ReturnType<typeof instantiate> {
    try {
      return instantiate(this.artifact, this.scope, this.imports);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      throw new SluiceError(ABI_ERRORS.guestNotLinked, `${this.title} could not be instantiated: ${reason}`, {
        cause: thrown,
      });
    }
  }

  /** After a trap a fresh one is there at once, from the image; only a start that fails waits before it is tried again. */
  private remakeRoot(): void {
    const dead = this.root;
    this.root = null;
    if (this.isClosed || this.waits) return;
    try {
      const image = this.rootImage();
      this.root = successorOf(dead, image) ?? this.makeFrom(image);
      this.recovered();
    } catch (refused) {
      this.backOff(refused);
    }
  }

  private backOff(refused: unknown): void {
    if (!(refused instanceof SluiceError)) throw refused;
    this.failure = refused.message;
    this.refusal = refused;
    this.restartAtMs = this.services.clock.monotonicMs() + this.jittered(this.backoffMs);
    this.backoffMs = Math.min(this.backoffMs * 2, RESTART_BACKOFF_MS_MAX);
    this.scope.logHost(4, 0, refused.message);
  }

  private recovered(): void {
    this.failure = null;
    this.refusal = null;
    this.backoffMs = RESTART_BACKOFF_MS_MIN;
  }

  /** A start that failed is not tried again yet. */
  private get waits(): boolean {
    return this.services.clock.monotonicMs() < this.restartAtMs;
  }

  /** Half of a wait is left to chance, so that workers and proxies do not try again in step. */
  private jittered(waitMs: number): number {
    const chance = new Uint8Array(1);
    this.services.random(chance);
    return (waitMs / 2) * (1 + chance[0]! / 255);
  }

  /** False: there is no root to be told now, and one will be. */
  private tellRoot(tell: (root: Instance) => void): boolean {
    if (this.isClosed) return true;
    if (this.root === null || this.root.failed) this.remakeRoot();
    const { root } = this;
    if (root === null) return false;
    this.asksRoot(() => tell(root));
    this.epoch++;
    return true;
  }

  /** A root callback's failure harms no stream of an isolated plugin, and is nobody's to catch: it is kept and logged. */
  private asksRoot<T>(ask: () => T): T | null {
    try {
      return ask();
    } catch (failure) {
      if (!(failure instanceof GuestFailure)) throw failure;
      this.lastRootFailure = failure;
      this.scope.logHost(4, 1, failure.message);
      return null;
    }
  }

  private get title(): string {
    return `filter ${this.spec.filter} (slot ${this.spec.slot})`;
  }
}

/**
 * A dead root's WebAssembly instance, put back and used again, unless its memory grew. With a trap in every second request of
 * a shared filter, making each anew cost five sixths of the throughput: 8 GiB of address space each, for the collector.
 */
function successorOf(dead: Instance | null, image: Image | null): Instance | null {
  if (dead === null || image === null || dead.memoryBytes > image.memoryBytes) return null;
  const instance = dead.successor();
  instance.reset(image);
  return instance;
}

const BODY_PHASES = PHASE.requestBody | PHASE.responseBody;

function phasesOf({ inspection }: ModuleArtifact, spec: PluginSpec): number {
  const exported = PHASE_EXPORTS.filter(([, name]) => inspection.callbacks.includes(name));
  const all = exported.reduce((mask, [bit]) => mask | bit, 0);
  // Delete comes when the instance is given back. In an instance of the stream's own nobody else could notice when that
  // is, so nothing waits for it: kept until the stream's end, it would be missing to the next stream all that time.
  const phases = spec.isolation === "stream" ? all & ~PHASE.delete : all;
  return spec.bodyCallbacks === "none" ? phases & ~BODY_PHASES : phases;
}

export type { GuestFailure, Instance };
