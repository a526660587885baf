// A worker's answer to being asked for too much: it looks at its signals a few times a second and does, in a fixed order,
// what costs clients least first. The admin port and the supervisor are not served by workers, so they are never refused.

import { EXCHANGE_COUNTER, type WorkerCounters } from "../exchange/exchange-counters.ts";
import { ACTION_SHARES, RELEASE_SHARE } from "./limits.ts";
import { ACTIONS, LEVEL, OverloadLevel, type OverloadAction } from "./overload-level.ts";
import { SIGNALS, type SignalName, type SignalShares } from "./signals.ts";

/** What the actions act on: a listener's server, or whoever keeps something that can be done without. */
export interface OverloadTarget {
  /** So many actions are in force from now on. */
  overloaded(level: number): void;
  /** Called at every look while caches are to be small that hold what is short: to fill them again costs time. */
  shrinkCaches(short: { readonly bytes: boolean; readonly descriptors: boolean }): void;
}

export interface OverloadChange {
  readonly level: number;
  readonly before: number;
  /** The fullest signal, and how full it is. */
  readonly signal: SignalName;
  readonly share: number;
}

/** Actions in force and what each signal was at the last look. */
export interface OverloadState {
  readonly level: number;
  readonly actions: readonly OverloadAction[];
  readonly signals: SignalShares;
}

export interface OverloadManagerOptions {
  readonly counters: WorkerCounters;
  /** Reads all signals. */
  read(): SignalShares;
  /** Told once a change. */
  changed(change: OverloadChange): void;
}

const COUNTER_OF = {
  dropMirrors: EXCHANGE_COUNTER.actionDropMirrors,
  shrinkCaches: EXCHANGE_COUNTER.actionShrinkCaches,
  closeConnections: EXCHANGE_COUNTER.actionCloseConnections,
  refuseStreams: EXCHANGE_COUNTER.actionRefuseStreams,
  refuseConnections: EXCHANGE_COUNTER.actionRefuseConnections,
} as const satisfies Record<OverloadAction, number>;

export class OverloadManager {
  private readonly options: OverloadManagerOptions;
  private readonly targets: OverloadTarget[] = [];
  private readonly level = new OverloadLevel();
  private shares: SignalShares = { loopDelay: 0, bytes: 0, descriptors: 0, pending: 0 };

  constructor(options: OverloadManagerOptions) {
    this.options = options;
  }

  add(target: OverloadTarget): void {
    this.targets.push(target);
    target.overloaded(this.level.value);
  }

  get state(): OverloadState {
    const { value: level } = this.level;
    return { level, actions: ACTIONS.slice(0, level), signals: { ...this.shares } };
  }

  /** Called a few times a second. */
  look(): void {
    this.shares = this.options.read();
    const signal = SIGNALS.reduce((fullest, one) => (this.shares[one] > this.shares[fullest] ? one : fullest));
    const before = this.level.value;
    if (this.level.look(this.shares[signal])) this.change(before, signal);
    if (this.level.value >= LEVEL.shrinkCaches) this.shrink();
  }

  private shrink(): void {
    const share = ACTION_SHARES[LEVEL.shrinkCaches - 1]! - RELEASE_SHARE;
    const short = { bytes: this.shares.bytes >= share, descriptors: this.shares.descriptors >= share };
    for (const target of this.targets) target.shrinkCaches(short);
  }

  private change(before: number, signal: SignalName): void {
    const { value: level } = this.level;
    for (const action of ACTIONS.slice(before, level)) this.options.counters[COUNTER_OF[action]]!++;
    this.options.counters[EXCHANGE_COUNTER.workersOverloadedLive] = level === 0 ? 0 : 1;
    for (const target of this.targets) target.overloaded(level);
    this.options.changed({ level, before, signal, share: this.shares[signal] });
  }
}
