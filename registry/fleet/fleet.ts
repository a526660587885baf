// The proxies: who is connected, what each should run, what each says it runs. Deployments and new versions go out from
// here; what proxies report comes in here and is passed on to whoever watches events.

import { isTarget, overrideSentence } from "@sluice/proxy/contract";
import type { Deployment, Digest, ProxyStatus } from "@sluice/proxy/contract";
import type { Logger } from "pino";
import type { EventStream, ServerEvent } from "../http/event-stream.ts";
import { PROXIES_MAX, PROXY_EVENT_INTERVAL_MS, PROXY_KEPT_MS } from "../limits.ts";
import type { StoredDeployment } from "../store/deployment-table.ts";
import type { Store } from "../store/store.ts";
import type { StoredProxy } from "../store/proxy-table.ts";
import type { EventHub } from "./event-hub.ts";

export type Labels = Readonly<Record<string, string>>;

/** A proxy as `GET /v1/proxies` and the `proxy` event show it. */
export interface ProxyView {
  readonly id: string;
  readonly labels: Labels;
  readonly connected: boolean;
  readonly lastSeen: string;
  /** Name and number of the deployment meant for it; null when none is, or when two are (`conflict`). */
  readonly deployment: string | null;
  readonly wanted: number | null;
  /** Names of deployments that would both apply to it; empty when all is well. */
  readonly conflict: readonly string[];
  readonly applied: number | null;
  readonly refused: ProxyStatus["refused"];
  readonly ready: boolean;
  readonly notLoaded: ProxyStatus["notLoaded"];
  readonly overrides: ProxyStatus["overrides"];
  readonly counters: ProxyStatus["counters"] | null;
}

interface Member {
  readonly id: string;
  labels: Labels;
  stream: EventStream | null;
  status: ProxyStatus | null;
  lastSeenMs: number;
  lastEventMs: number;
}

export class Fleet {
  readonly #store: Store;
  readonly #events: EventHub;
  readonly #log: Logger;
  readonly #members = new Map<string, Member>();

  constructor(store: Store, events: EventHub, log: Logger) {
    this.#store = store;
    this.#events = events;
    this.#log = log;
    for (const stored of store.proxies.all()) this.#members.set(stored.id, memberOf(stored));
  }

  /** Takes a proxy's watch stream and sends it all it needs to run: the split secret, then its deployment. */
  connect(id: string, labels: Labels, stream: EventStream): void {
    const member = this.#member(id);
    if (member.stream !== null) {
      // After a broken network the old stream is dead and the new one real; two living proxies of one id show up here too.
      this.#log.warn({ proxy: id }, "a proxy connected under the id of a connected one; the earlier stream is closed");
      member.stream.close();
    }
    member.labels = labels;
    member.stream = stream;
    this.#seen(member);
    this.#save(member);
    stream.send({ event: "secret", data: { secret: this.#store.splitSecret } });
    this.#sendWanted(member, this.#store.deployments.allCurrent());
    this.#tell(member);
  }

  disconnect(id: string, stream: EventStream): void {
    const member = this.#members.get(id);
    if (member === undefined || member.stream !== stream) return;
    member.stream = null;
    this.#seen(member);
    this.#save(member);
    this.#tell(member);
  }

  /** Stores what a proxy says about itself. Throws when the history cannot take its events: the proxy says them again. */
  report(id: string, reported: ProxyStatus): void {
    this.#noteOverrides(id, reported.overrideEvents);
    const status = { ...reported, overrideEvents: [] };
    const member = this.#member(id);
    const isNews = hasChanged(member.status, status);
    member.status = status;
    this.#seen(member);
    if (isNews) this.#save(member);
    if (isNews || member.lastSeenMs - member.lastEventMs >= PROXY_EVENT_INTERVAL_MS) this.#tell(member);
  }

  #noteOverrides(id: string, events: ProxyStatus["overrideEvents"]): void {
    for (const event of this.#store.overrides.add(id, events)) {
      this.#log.warn({ proxy: id, event }, `override ${event.act} on ${id}: ${overrideSentence(event)}`);
      this.#events.send({ event: "override", data: event });
    }
  }

  /** Sends a deployment that has just been stored to the proxies it is for. */
  publish(deployment: StoredDeployment): void {
    const current = this.#store.deployments.allCurrent();
    for (const member of this.#members.values()) {
      if (isTarget(deployment, member.labels)) this.#sendWanted(member, current);
    }
    // Told last: what a proxy wants may have changed for those that it no longer is for, too.
    for (const member of this.#members.values()) this.#tell(member);
  }

  /** Lets the proxies that run this filter fetch and warm up a new version before anybody deploys it. */
  prepare(filter: string, digest: Digest): void {
    const current = this.#store.deployments.allCurrent();
    for (const member of this.#members.values()) {
      if (member.stream === null) continue;
      const { wanted } = wantedOf(current, member.labels);
      const runsFilter = wanted?.slots.some((slot) => slot.revisions.some((revision) => revision.filter === filter));
      if (runsFilter === true) member.stream.send({ event: "prepare", data: { digest } });
    }
  }

  /** Sends an event to the connected proxies, or to one of them; answers whom. */
  tell(event: ServerEvent, only: string | null): string[] {
    const told = [...this.#members.values()].filter(({ id, stream }) => stream !== null && (only ?? id) === id);
    for (const { stream } of told) stream!.send(event);
    return told.map(({ id }) => id);
  }

  /** Known proxies to which both deployments would apply. */
  meetingPoints(one: Deployment, other: Deployment): string[] {
    return this.#known()
      .filter(({ labels }) => isTarget(one, labels) && isTarget(other, labels))
      .map(({ id }) => id);
  }

  list(): ProxyView[] {
    const current = this.#store.deployments.allCurrent();
    return this.#known()
      .map((member) => viewOf(member, current))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Keeps the last word of every proxy for the next start. */
  close(): void {
    this.#keep(() => this.#store.proxies.saveAll([...this.#members.values()].map(storedOf)));
  }

  #member(id: string): Member {
    const known = this.#members.get(id);
    if (known !== undefined) return known;
    const member: Member = { id, labels: {}, stream: null, status: null, lastSeenMs: 0, lastEventMs: 0 };
    if (this.#members.size >= PROXIES_MAX) this.#forgetOldest();
    this.#members.set(id, member);
    return member;
  }

  #known(): Member[] {
    const sinceMs = Date.now() - PROXY_KEPT_MS;
    for (const { id, stream, lastSeenMs } of this.#members.values()) {
      if (stream === null && lastSeenMs < sinceMs) this.#forget(id);
    }
    return [...this.#members.values()];
  }

  #forget(id: string): void {
    this.#members.delete(id);
    this.#keep(() => this.#store.proxies.remove(id));
  }

  #forgetOldest(): void {
    const away = [...this.#members.values()].filter(({ stream }) => stream === null);
    const oldest = away.reduce<Member | null>((a, b) => (a === null || b.lastSeenMs < a.lastSeenMs ? b : a), null);
    if (oldest !== null) this.#forget(oldest.id);
  }

  #sendWanted(member: Member, current: readonly StoredDeployment[]): void {
    if (member.stream === null) return;
    const { wanted, conflict } = wantedOf(current, member.labels);
    if (conflict.length > 0) {
      this.#log.error(
        { proxy: member.id, deployments: conflict },
        "two deployments apply to this proxy: it gets neither and keeps what it runs",
      );
    }
    if (wanted !== null) member.stream.send({ event: "deployment", id: wanted.number, data: wanted });
  }

  #seen(member: Member): void {
    member.lastSeenMs = Date.now();
  }

  #save(member: Member): void {
    this.#keep(() => this.#store.proxies.save(storedOf(member)));
  }

  /** Proxies on disk are for the next start only: a full disk must not keep a deployment from the one that connects. */
  #keep(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#log.error({ err: error }, "what is known of the proxies could not be stored; it is gone with this process");
    }
  }

  #tell(member: Member): void {
    if (this.#events.size === 0) return;
    member.lastEventMs = member.lastSeenMs;
    this.#events.send({ event: "proxy", data: viewOf(member, this.#store.deployments.allCurrent()) });
  }
}

/** The one deployment that applies to a proxy; none when two do, for either might open a door the other keeps shut. */
function wantedOf(
  current: readonly StoredDeployment[],
  labels: Labels,
): { readonly wanted: StoredDeployment | null; readonly conflict: readonly string[] } {
  const meant = current.filter((deployment) => isTarget(deployment, labels));
  if (meant.length > 1) return { wanted: null, conflict: meant.map(({ name }) => name) };
  return { wanted: meant[0] ?? null, conflict: [] };
}

function viewOf(member: Member, current: readonly StoredDeployment[]): ProxyView {
  const { wanted, conflict } = wantedOf(current, member.labels);
  const { status } = member;
  return {
    id: member.id,
    labels: member.labels,
    connected: member.stream !== null,
    lastSeen: new Date(member.lastSeenMs).toISOString(),
    deployment: wanted?.name ?? null,
    wanted: wanted?.number ?? null,
    conflict,
    applied: status?.applied ?? null,
    refused: status?.refused ?? null,
    ready: member.stream !== null && (status?.ready ?? false),
    notLoaded: status?.notLoaded ?? [],
    overrides: status?.overrides ?? [],
    counters: status?.counters ?? null,
  };
}

/** Whether anything but the counters is new: that is stored and told at once. */
function hasChanged(before: ProxyStatus | null, after: ProxyStatus): boolean {
  return before === null || withoutCounters(before) !== withoutCounters(after);
}

function withoutCounters(status: ProxyStatus): string {
  return JSON.stringify({ ...status, counters: null });
}

function storedOf({ id, labels, status, lastSeenMs }: Member): StoredProxy {
  return { id, labels, status, lastSeen: new Date(lastSeenMs).toISOString() };
}

function memberOf({ id, labels, status, lastSeen }: StoredProxy): Member {
  return { id, labels, stream: null, status, lastSeenMs: Date.parse(lastSeen), lastEventMs: 0 };
}
