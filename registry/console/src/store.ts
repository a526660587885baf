// Everything the pages show, in one value. Events of the registry say that something changed; what changed is then
// fetched whole, at most four times a second, so that a busy fleet costs no more redraws than a quiet one.

import * as api from "./api.ts";
import { countFleet } from "./fleet-counts.ts";
import type { RevisionCount } from "./fleet-counts.ts";
import { Recorder } from "./recorder.ts";

export interface State {
  phase: "loading" | "signedOut" | "ready" | "failed";
  problem: api.Problem | null;
  session: api.Session | null;
  filters: readonly api.FilterSummary[];
  /** Of the filters that were looked at. */
  versions: Readonly<Record<string, readonly api.FilterVersion[]>>;
  deployments: readonly api.StoredDeployment[];
  /** Digests by deployment and slot, in the order of the slot's revisions. */
  revisions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  history: Readonly<Record<string, History>>;
  proxies: readonly api.ProxyView[];
  /** By revision key. */
  counts: ReadonlyMap<string, RevisionCount>;
  requests: number;
  /** When the registry was last heard, ms since the epoch. */
  heardAt: number;
  live: boolean;
}

export interface History {
  readonly entries: readonly api.HistoryEntry[];
  /** What was done to single proxies under these numbers, newest first. */
  readonly overrides: readonly api.OverrideEvent[];
  /** The `before` of the next older page; null when all is here. */
  readonly next: number | null;
}

type Part = "filters" | "deployments" | "proxies";

const REDRAW_INTERVAL_MS = 250;
/** Reports of a proxy come a second apart; a sample for each, and one without a report when none comes. */
const SAMPLE_INTERVAL_MS = 900;
const IDLE_SAMPLE_INTERVAL_MS = 2_000;
const RETRY_MS = 3_000;
/** Entries of a history kept in memory. */
const HISTORY_MAX = 10_000;

export class Store {
  state: State = {
    phase: "loading",
    problem: null,
    session: null,
    filters: [],
    versions: {},
    deployments: [],
    revisions: {},
    history: {},
    proxies: [],
    counts: new Map(),
    requests: 0,
    heardAt: 0,
    live: false,
  };
  readonly recorder = new Recorder();
  private readonly listeners = new Set<() => void>();
  private readonly stale = new Set<Part>();
  private readonly staleVersions = new Set<string>();
  private events: EventSource | null = null;
  private refreshTimer = 0;
  private idleTimer = 0;
  private sampledAt = 0;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  may(act: api.Act): boolean {
    return this.state.session?.acts.includes(act) === true;
  }

  async signIn(token: string): Promise<void> {
    await api.openSession(token);
    await this.start();
  }

  async signOut(): Promise<void> {
    await api.closeSession();
    this.leave(null);
  }

  /** Loads everything, then follows the registry's events. */
  async start(): Promise<void> {
    try {
      const session = await api.fetchSession();
      await Promise.all([this.loadFilters(), this.loadDeployments(), this.loadProxies()]);
      this.change({ phase: "ready", problem: null, session, heardAt: Date.now() });
      this.follow();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Asks for a filter's versions unless they are here; they are kept fresh from then on. */
  async needVersions(filter: string): Promise<void> {
    if (filter in this.state.versions) return;
    await this.attempt(() => this.loadVersions(filter));
  }

  /** The next older page of a deployment's history. */
  async needOlder(deployment: string): Promise<void> {
    const history = this.state.history[deployment];
    if (history === undefined || history.next === null || history.entries.length >= HISTORY_MAX) return;
    await this.attempt(async () => {
      const page = await api.fetchHistory(deployment, history.next);
      const entries = [...history.entries, ...page.history];
      this.setHistory(deployment, { entries, overrides: [...history.overrides, ...page.overrides], next: page.next });
    });
  }

  /** Everything that a write may have changed, at once. */
  async renew(): Promise<void> {
    await this.attempt(() => Promise.all([this.loadDeployments(), this.loadProxies()]));
  }

  private follow(): void {
    this.events?.close();
    window.clearInterval(this.idleTimer);
    this.idleTimer = window.setInterval(() => this.sampleIdle(), IDLE_SAMPLE_INTERVAL_MS / 2);
    const events = new EventSource("/v1/events");
    this.events = events;
    events.addEventListener("open", () => {
      // What happened while the stream was down was missed: everything is asked again.
      for (const filter of Object.keys(this.state.versions)) this.staleVersions.add(filter);
      this.refreshSoon("filters", "deployments", "proxies");
      this.change({ live: true, heardAt: Date.now() });
    });
    events.addEventListener("error", () => this.change({ live: false }));
    events.addEventListener("version", (event: MessageEvent<string>) => {
      this.staleVersions.add((JSON.parse(event.data) as { filter: string }).filter);
      this.refreshSoon("filters");
    });
    events.addEventListener("deployment", () => this.refreshSoon("deployments", "proxies"));
    events.addEventListener("override", () => this.refreshSoon("deployments", "proxies"));
    events.addEventListener("proxy", () => this.refreshSoon("proxies"));
    events.addEventListener("heartbeat", () => this.change({ heardAt: Date.now() }));
  }

  private refreshSoon(...parts: Part[]): void {
    for (const part of parts) this.stale.add(part);
    if (this.refreshTimer !== 0) return;
    this.refreshTimer = window.setTimeout(() => void this.refresh(), REDRAW_INTERVAL_MS);
  }

  private async refresh(): Promise<void> {
    const parts = new Set(this.stale);
    const versions = [...this.staleVersions].filter((filter) => filter in this.state.versions);
    this.stale.clear();
    this.staleVersions.clear();
    await this.attempt(() =>
      Promise.all([
        parts.has("filters") ? this.loadFilters() : null,
        parts.has("deployments") ? this.loadDeployments() : null,
        parts.has("proxies") ? this.loadProxies() : null,
        ...versions.map((filter) => this.loadVersions(filter)),
      ]),
    );
    this.refreshTimer = 0;
    if (this.stale.size > 0) this.refreshSoon();
  }

  private async attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.change({ heardAt: Date.now(), problem: null });
    } catch (error) {
      this.fail(error);
    }
  }

  private async loadFilters(): Promise<void> {
    const { filters } = await api.fetchFilters();
    this.state.filters = filters;
  }

  private async loadVersions(filter: string): Promise<void> {
    const { versions } = await api.fetchVersions(filter);
    this.state.versions = { ...this.state.versions, [filter]: versions };
  }

  private async loadDeployments(): Promise<void> {
    const { deployments, revisions } = await api.fetchDeployments();
    const pages = await Promise.all(deployments.map(({ name }) => api.fetchHistory(name, null)));
    deployments.forEach(({ name }, i) => this.setHistory(name, withNewest(this.state.history[name], pages[i]!)));
    Object.assign(this.state, { deployments, revisions });
  }

  private setHistory(deployment: string, history: History): void {
    this.state.history = { ...this.state.history, [deployment]: history };
  }

  private async loadProxies(): Promise<void> {
    const { proxies } = await api.fetchProxies();
    this.sample(proxies, SAMPLE_INTERVAL_MS);
    const requests = proxies.reduce((sum, proxy) => sum + (proxy.counters?.requests ?? 0), 0);
    Object.assign(this.state, { proxies, counts: countFleet(proxies), requests });
  }

  private sample(proxies: readonly api.ProxyView[], intervalMs: number): void {
    const now = performance.now();
    if (now - this.sampledAt < intervalMs) return;
    this.sampledAt = now;
    this.recorder.record(proxies, Date.now());
  }

  /** Proxies without traffic report nothing: that is a rate of zero, not an unknown one. */
  private sampleIdle(): void {
    if (!this.state.live) return;
    const { count } = this.recorder;
    this.sample(this.state.proxies, IDLE_SAMPLE_INTERVAL_MS);
    if (this.recorder.count !== count) this.change({});
  }

  private fail(error: unknown): void {
    const { phase } = this.state;
    const status = error instanceof api.ApiError ? error.status : 0;
    if (status === 401) return this.leave(null);
    // A token that may not read, such as a proxy's, is no way in.
    if (status === 403 && phase !== "ready") return this.leave(api.problemOf(error));
    if (phase !== "ready") window.setTimeout(() => void this.start(), RETRY_MS);
    this.change({ phase: phase === "ready" ? phase : "failed", problem: api.problemOf(error), live: false });
  }

  private leave(problem: api.Problem | null): void {
    this.events?.close();
    this.change({ phase: "signedOut", problem, session: null, live: false });
  }

  private change(changes: Partial<State>): void {
    this.state = { ...this.state, ...changes };
    for (const listener of this.listeners) listener();
  }
}

/** A fresh first page before what is already here; what lies between them and is not known is asked for again. */
function withNewest(known: History | undefined, page: api.HistoryPage): History {
  const { history, overrides, next } = page;
  const oldest = history.at(-1)?.number;
  const touches = oldest !== undefined && known?.entries.some(({ number }) => number >= oldest) === true;
  const older = touches ? known!.entries.filter(({ number }) => number < oldest) : [];
  if (older.length === 0) return { entries: history, overrides, next };
  const olderOverrides = known!.overrides.filter(({ deployment }) => deployment.number < oldest!);
  return { entries: [...history, ...older], overrides: [...overrides, ...olderOverrides], next: known!.next };
}
