// All that main knows of one cluster's endpoints: their names' addresses, what checks found, and which are ejected.

import { formatAddress } from "../contract/index.ts";
import type { Address, ClusterConfig } from "../contract/index.ts";
import { NEVER_EJECTED, ejectedOnce, isEjected, mayEject } from "./ejection.ts";
import type { Ejection } from "./ejection.ts";
import { isPanic } from "./endpoint-news.ts";
import type { EndpointNews } from "./endpoint-news.ts";
import { HealthProbe } from "./health-probe.ts";
import { UNCHECKED, afterCheck } from "./health.ts";
import type { Health } from "./health.ts";
import { NameWatch, isWatchedName } from "./name-watch.ts";

/** One address, as it is shown. */
export interface EndpointView {
  /** `address:port`. */
  readonly endpoint: string;
  /** `host:port` of the document, where that is a name. */
  readonly name: string | null;
  readonly health: "healthy" | "unhealthy" | "unchecked";
  /** Why the last check failed. */
  readonly why: string | null;
  readonly ejectedForMs: number | null;
  readonly ejections: number;
}

export interface ClusterView {
  readonly cluster: string;
  /** So few endpoints serve that all are asked. */
  readonly isPanicking: boolean;
  readonly endpoints: readonly EndpointView[];
  /** Names that cannot be resolved at present. */
  readonly unresolved: readonly { readonly name: string; readonly why: string }[];
}

export interface ClusterWatchEvents {
  /** Workers should know. */
  changed(): void;
  /** For the log; `isBad`: an endpoint is lost. */
  note(sentence: string, isBad: boolean): void;
}

interface Target {
  readonly address: string;
  readonly authority: string;
  health: Health;
  ejection: Ejection;
  readonly probe: HealthProbe | null;
}

export class ClusterWatch {
  readonly config: ClusterConfig;
  private readonly events: ClusterWatchEvents;
  private readonly names = new Map<string, NameWatch>();
  private targets: ReadonlyMap<string, Target> = new Map();
  private readonly returns = new Set<NodeJS.Timeout>();

  /** What `before` knows of endpoints that stay is kept. */
  constructor(config: ClusterConfig, events: ClusterWatchEvents, before: ClusterWatch | null) {
    this.config = config;
    this.events = events;
    for (const { host } of config.endpoints) if (isWatchedName(host) && !this.names.has(host)) this.watchName(host);
    this.renewTargets(before?.targets ?? new Map());
    before?.close();
    for (const target of this.targets.values()) this.returnLater(target);
    for (const name of this.names.values()) name.start();
  }

  close(): void {
    for (const name of this.names.values()) name.stop();
    for (const { probe } of this.targets.values()) probe?.stop();
    for (const timer of this.returns) clearTimeout(timer);
  }

  /** null: nothing is known that a worker does not know itself. */
  get news(): EndpointNews | null {
    const down = [...this.targets.values()].filter((target) => !serves(target)).map(({ address }) => address);
    const resolved = this.resolved();
    if (down.length === 0 && Object.keys(resolved).length === 0) return null;
    return { cluster: this.config.name, resolved, down };
  }

  get view(): ClusterView {
    const now = performance.now();
    const targets = [...this.targets.values()];
    const names = [...this.names.values()];
    return {
      cluster: this.config.name,
      isPanicking: isPanic(targets.filter(serves).length, targets.length, this.config.panicPercent),
      endpoints: targets.map((target) => viewOf(target, now)),
      unresolved: names.flatMap(({ name, failure }) => (failure === null ? [] : [{ name, why: failure }])),
    };
  }

  /** A worker met too many failures in a row at this address. */
  failing(address: string): void {
    const target = this.targets.get(address);
    const { outlierDetection: outliers, name } = this.config;
    const now = performance.now();
    if (target === undefined || outliers === null || isEjected(target.ejection, now)) return;
    const ejected = [...this.targets.values()].filter(({ ejection }) => isEjected(ejection, now)).length;
    if (!mayEject(ejected, this.targets.size, outliers.ejectedPercentMax)) return;
    target.ejection = ejectedOnce(target.ejection, outliers, now);
    const seconds = Math.round((target.ejection.untilMs - now) / 100) / 10;
    this.events.note(`cluster ${name}: ${address} is ejected for ${seconds} s, requests to it failed`, true);
    this.returnLater(target);
    this.events.changed();
  }

  private watchName(host: string): void {
    this.names.set(host, new NameWatch(host, this.config.dns, () => this.nameChanged(host)));
  }

  private nameChanged(host: string): void {
    const { addresses, failure } = this.names.get(host)!;
    const { name } = this.config;
    if (failure !== null) {
      const kept = addresses === null ? "connections resolve it themselves" : "its last addresses stay in use";
      this.events.note(`cluster ${name}: ${host} cannot be resolved (${failure}), ${kept}`, true);
      return;
    }
    this.events.note(`cluster ${name}: ${host} is ${addresses!.join(", ")}`, false);
    this.renewTargets(this.targets);
    this.events.changed();
  }

  /** Makes the targets of the endpoints that there are now; those of `before` keep what is known of them. */
  private renewTargets(before: ReadonlyMap<string, Target>): void {
    const targets = new Map<string, Target>();
    for (const configured of this.config.endpoints) {
      for (const host of this.addressesOf(configured)) {
        const address = formatAddress({ host, port: configured.port });
        if (targets.has(address)) continue;
        const isOurs = before === this.targets && before.has(address);
        targets.set(address, isOurs ? before.get(address)! : this.target(configured, host, before.get(address)));
      }
    }
    const gone = [...this.targets].filter(([address, target]) => targets.get(address) !== target);
    for (const [, { probe }] of gone) probe?.stop();
    this.targets = targets;
  }

  private addressesOf({ host }: Address): readonly string[] {
    return this.names.get(host)?.addresses ?? [host];
  }

  private target(configured: Address, host: string, before: Target | undefined): Target {
    const { port } = configured;
    const { healthCheck: check, outlierDetection } = this.config;
    const authority = formatAddress(configured);
    const address = formatAddress({ host, port });
    const probe =
      check === null ? null : new HealthProbe({ host, port, authority }, check, (why) => this.checked(target, why));
    const target: Target = {
      address,
      authority,
      health: check === null ? UNCHECKED : (before?.health ?? UNCHECKED),
      ejection: outlierDetection === null ? NEVER_EJECTED : (before?.ejection ?? NEVER_EJECTED),
      probe,
    };
    probe?.start();
    return target;
  }

  private checked(target: Target, why: string | null): void {
    const before = target.health.isHealthy;
    target.health = afterCheck(target.health, why, this.config.healthCheck!);
    const { isHealthy } = target.health;
    if (isHealthy === before || (before === null && isHealthy === true)) return;
    const found = isHealthy ? "is healthy again" : `is unhealthy: ${why}`;
    this.events.note(`cluster ${this.config.name}: ${target.address} ${found}`, isHealthy === false);
    this.events.changed();
  }

  /** Told to workers the moment it is over; a timer may come a little early by the clock that we read. */
  private returnLater(target: Target): void {
    const leftMs = target.ejection.untilMs - performance.now();
    if (leftMs <= 0) return;
    const timer = setTimeout(() => {
      this.returns.delete(timer);
      if (this.targets.get(target.address) !== target) return;
      if (isEjected(target.ejection, performance.now())) this.returnLater(target);
      else {
        this.events.note(`cluster ${this.config.name}: ${target.address} is asked again`, false);
        this.events.changed();
      }
    }, leftMs + 1).unref();
    this.returns.add(timer);
  }

  private resolved(): Record<string, readonly string[]> {
    const resolved: Record<string, readonly string[]> = {};
    for (const configured of this.config.endpoints) {
      const addresses = this.names.get(configured.host)?.addresses ?? null;
      if (addresses !== null) resolved[formatAddress(configured)] = addresses;
    }
    return resolved;
  }
}

function serves({ health, ejection }: Target): boolean {
  return health.isHealthy !== false && !isEjected(ejection, performance.now());
}

function viewOf({ address, authority, health, ejection }: Target, nowMs: number): EndpointView {
  return {
    endpoint: address,
    name: authority === address ? null : authority,
    health: health.isHealthy === null ? "unchecked" : health.isHealthy ? "healthy" : "unhealthy",
    why: health.why,
    ejectedForMs: isEjected(ejection, nowMs) ? Math.round(ejection.untilMs - nowMs) : null,
    ejections: ejection.total,
  };
}
