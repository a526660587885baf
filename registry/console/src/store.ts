// Everything the pages show, in one value. Events of the registry say that something changed; what changed is then
// fetched whole, at most four times a second, so that a busy fleet costs no more redraws than a quiet one.

import * as api from "./api.ts";

export interface Rate {
  /** Requests per second between the last two reports of the fleet; null before there are two. */
  perSecond: number | null;
  count: number;
}

export interface State {
  phase: "loading" | "signedOut" | "ready" | "failed";
  problem: api.Problem | null;
  filters: api.FilterSummary[];
  versions: Record<string, api.FilterVersion[]>;
  deployments: api.StoredDeployment[];
  history: Record<string, api.HistoryEntry[]>;
  proxies: api.ProxyView[];
  /** Decisions of each revision, by `slot NUL revision`. */
  rates: ReadonlyMap<string, Rate>;
  requests: Rate;
  /** When the registry was last heard, ms since the epoch. */
  heardAt: number;
  live: boolean;
}

const REDRAW_INTERVAL_MS = 250;

export class Store {
  state: State = {
    phase: "loading",
    problem: null,
    filters: [],
    versions: {},
    deployments: [],
    history: {},
    proxies: [],
    rates: new Map(),
    requests: { perSecond: null, count: 0 },
    heardAt: 0,
    live: false,
  };
  private readonly listeners = new Set<() => void>();
  private readonly stale = new Set<"filters" | "deployments" | "proxies">();
  private events: EventSource | null = null;
  private refreshTimer = 0;
  private countedAt = 0;

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async signIn(token: string): Promise<void> {
    await api.openSession(token);
    await this.start();
  }

  /** Loads everything, then follows the registry's events. */
  async start(): Promise<void> {
    try {
      await Promise.all([this.loadFilters(), this.loadDeployments(), this.loadProxies()]);
      this.change({ phase: "ready", problem: null, heardAt: Date.now() });
      this.follow();
    } catch (error) {
      this.fail(error);
    }
  }

  private follow(): void {
    this.events?.close();
    const events = new EventSource("/v1/events");
    this.events = events;
    events.addEventListener("open", () => {
      // What happened while the stream was down was missed: everything is asked again.
      this.refreshSoon("filters", "deployments", "proxies");
      this.change({ live: true, heardAt: Date.now() });
    });
    events.addEventListener("error", () => this.change({ live: false }));
    events.addEventListener("version", () => this.refreshSoon("filters"));
    events.addEventListener("deployment", () => this.refreshSoon("deployments", "proxies"));
    events.addEventListener("proxy", () => this.refreshSoon("proxies"));
    events.addEventListener("heartbeat", () => this.change({ heardAt: Date.now() }));
  }

  private refreshSoon(...parts: ("filters" | "deployments" | "proxies")[]): void {
    for (const part of parts) this.stale.add(part);
    if (this.refreshTimer !== 0) return;
    this.refreshTimer = window.setTimeout(() => void this.refresh(), REDRAW_INTERVAL_MS);
  }

  private async refresh(): Promise<void> {
    const parts = new Set(this.stale);
    this.stale.clear();
    try {
      await Promise.all([
        parts.has("filters") ? this.loadFilters() : null,
        parts.has("deployments") ? this.loadDeployments() : null,
        parts.has("proxies") ? this.loadProxies() : null,
      ]);
      this.change({ heardAt: Date.now() });
    } catch (error) {
      this.fail(error);
    } finally {
      this.refreshTimer = 0;
      if (this.stale.size > 0) this.refreshSoon();
    }
  }

  private async loadFilters(): Promise<void> {
    const { filters } = await api.fetchFilters();
    const lists = await Promise.all(filters.map((filter) => api.fetchVersions(filter.name)));
    const versions = Object.fromEntries(filters.map((filter, i) => [filter.name, lists[i]?.versions ?? []]));
    Object.assign(this.state, { filters, versions });
  }

  private async loadDeployments(): Promise<void> {
    const { deployments } = await api.fetchDeployments();
    const lists = await Promise.all(deployments.map((deployment) => api.fetchHistory(deployment.name)));
    const history = Object.fromEntries(deployments.map((deployment, i) => [deployment.name, lists[i]?.history ?? []]));
    Object.assign(this.state, { deployments, history });
  }

  private async loadProxies(): Promise<void> {
    const { proxies } = await api.fetchProxies();
    const now = performance.now();
    const seconds = (now - this.countedAt) / 1000;
    const counts = countDecisions(proxies);
    const rates = new Map<string, Rate>();
    for (const [key, count] of counts) rates.set(key, rateOf(count, this.state.rates.get(key), seconds));
    const requests = proxies.reduce((sum, proxy) => sum + (proxy.counters?.requests ?? 0), 0);
    Object.assign(this.state, { proxies, rates, requests: rateOf(requests, this.state.requests, seconds) });
    this.countedAt = now;
  }

  private fail(error: unknown): void {
    if (error instanceof api.ApiError && (error.status === 401 || error.status === 403)) {
      this.events?.close();
      this.change({ phase: "signedOut", problem: null, live: false });
      return;
    }
    const problem =
      error instanceof api.ApiError
        ? error.problem
        : { code: "", message: "the registry does not answer", hint: "is it running? this page tries again by itself" };
    this.change({ phase: this.state.phase === "ready" ? "ready" : "failed", problem, live: false });
  }

  private change(changes: Partial<State>): void {
    this.state = { ...this.state, ...changes };
    for (const listener of this.listeners) listener();
  }
}

export function decisionKey(slot: string, revision: string): string {
  return `${slot}\0${revision}`;
}

/** Decisions of the revision that is deployed, over all proxies. */
export interface Decisions {
  noOpinion: number;
  allow: number;
  deny: number;
  error: number;
  /** By google.rpc code and by cause. */
  denied: Record<string, number>;
  errors: Record<string, number>;
  lastError: api.RevisionCounters["lastError"];
}

export function decisionsOf(proxies: api.ProxyView[], slot: string, version: string): Decisions {
  const sum: Decisions = { noOpinion: 0, allow: 0, deny: 0, error: 0, denied: {}, errors: {}, lastError: null };
  for (const row of countersOf(proxies)) {
    if (row.slot !== slot || row.version !== version) continue;
    sum.noOpinion += row.noOpinion;
    sum.allow += row.allowed;
    sum.deny += total(row.denied);
    sum.error += total(row.errors);
    addCounts(sum.denied, row.denied);
    addCounts(sum.errors, row.errors);
    if (row.lastError !== null && row.lastError.time > (sum.lastError?.time ?? "")) sum.lastError = row.lastError;
  }
  return sum;
}

function countDecisions(proxies: api.ProxyView[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of countersOf(proxies)) {
    const key = decisionKey(row.slot, row.version);
    counts.set(key, (counts.get(key) ?? 0) + row.noOpinion + row.allowed + total(row.denied) + total(row.errors));
  }
  return counts;
}

/** Of what is deployed now: a version's earlier configurations would otherwise be counted with it. */
function countersOf(proxies: readonly api.ProxyView[]): api.RevisionCounters[] {
  return proxies.flatMap((proxy) => proxy.counters?.revisions ?? []).filter((row) => row.current);
}

function total(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function addCounts(into: Record<string, number>, counts: Record<string, number>): void {
  for (const [name, count] of Object.entries(counts)) into[name] = (into[name] ?? 0) + count;
}

function rateOf(count: number, before: Rate | undefined, seconds: number): Rate {
  // A proxy that restarted counts from zero again: that is no negative rate.
  if (before === undefined || seconds <= 0 || seconds > 60 || count < before.count) return { count, perSecond: null };
  return { count, perSecond: (count - before.count) / seconds };
}
