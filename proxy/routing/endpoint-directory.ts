// The clusters of one worker as they last over snapshots: their endpoints, that connection pools hang on, their load, and
// what main found out about their endpoints (names resolved, endpoints that do not serve).

import { formatAddress } from "../contract/address.ts";
import type { Address } from "../contract/index.ts";
import { CLUSTER_ROW_CELLS } from "../counters/slab.ts";
import type { EndpointNews } from "../endpoints/endpoint-news.ts";
import type { Endpoint } from "../snapshot/runtime.ts";
import { ClusterLoad } from "../upstream/cluster-load.ts";

export interface DirectoryOptions {
  /** This worker's counters of a cluster; absent: nobody reads them. */
  rowOf?(cluster: string): Float64Array;
  /** An endpoint fails so often that it should be asked no more. */
  failing?(cluster: string, address: string): void;
  /** Where round robins begin: workers that all began with the first endpoint would all ask it first. */
  readonly firstTurn?: number;
}

export class EndpointDirectory {
  private readonly options: DirectoryOptions;
  private readonly clusters = new Map<string, KeptCluster>();

  constructor(options: DirectoryOptions = {}) {
    this.options = options;
  }

  cluster(name: string): KeptCluster {
    let kept = this.clusters.get(name);
    if (kept === undefined) {
      const row = this.options.rowOf?.(name) ?? new Float64Array(CLUSTER_ROW_CELLS);
      kept = new KeptCluster(row, (address) => this.options.failing?.(name, address));
      kept.turn = this.options.firstTurn ?? 0;
      this.clusters.set(name, kept);
    }
    return kept;
  }

  /** What main knows now of every cluster that it knows anything of. */
  take(news: readonly EndpointNews[]): void {
    const told = new Map(news.map((one) => [one.cluster, one]));
    for (const name of told.keys()) this.cluster(name);
    for (const [name, kept] of this.clusters) kept.take(told.get(name) ?? null);
  }

  /** Of every cluster that was ever served here. */
  get loads(): readonly ClusterLoad[] {
    return [...this.clusters.values()].map(({ load }) => load);
  }
}

export class KeptCluster {
  readonly load: ClusterLoad;
  /** Whose turn is next in a round robin: a new snapshot goes on where the old one was. */
  turn = 0;
  /** Counts what was told: who has arranged endpoints by an older state does so again. */
  version = 0;
  readonly failing: (endpoint: Endpoint) => void;
  private news: EndpointNews | null = null;
  private down: ReadonlySet<string> = new Set();
  private readonly endpoints = new Map<string, WeakRef<Endpoint>>();

  constructor(row: Float64Array, failing: (address: string) => void) {
    this.load = new ClusterLoad(row);
    this.failing = ({ address }) => failing(address);
  }

  /** The endpoints that a configured one stands for: several where its name has several addresses. */
  endpointsOf(configured: Address): Endpoint[] {
    const authority = formatAddress(configured);
    const resolved = this.news?.resolved[authority] ?? [configured.host];
    return resolved.map((host) => this.endpoint(authority, host, configured.port));
  }

  /** Neither a health check nor its own failures speak against it. */
  serves(endpoint: Endpoint): boolean {
    return !this.down.has(endpoint.address);
  }

  take(news: EndpointNews | null): void {
    if (news === null && this.news === null) return;
    this.news = news;
    this.down = new Set(news?.down);
    this.version++;
  }

  private endpoint(authority: string, host: string, port: number): Endpoint {
    const address = formatAddress({ host, port });
    const key = `${authority} ${address}`;
    const known = this.endpoints.get(key)?.deref();
    if (known !== undefined) return known;
    // Names move from address to address: what nobody uses any more goes when the next one comes.
    for (const [old, held] of this.endpoints) if (held.deref() === undefined) this.endpoints.delete(old);
    const fresh = newEndpoint({ host, port, address, authority, load: this.load });
    this.endpoints.set(key, new WeakRef(fresh));
    return fresh;
  }
}

type EndpointName = Pick<Endpoint, "host" | "port" | "address" | "authority" | "load">;

function newEndpoint({ host, port, address, authority, load }: EndpointName): Endpoint {
  return {
    host,
    port,
    address,
    authority,
    load,
    active: 0,
    errorsInRow: 0,
    gatewayFailuresInRow: 0,
    toldFailingMs: -Infinity,
  };
}

/** The same address for requests that are to count nowhere beside those of the endpoint itself. */
export function twinOf(endpoint: Endpoint): Endpoint {
  return newEndpoint({ ...endpoint, load: new ClusterLoad(new Float64Array(CLUSTER_ROW_CELLS)) });
}
