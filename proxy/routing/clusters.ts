// HOT: bench proxy.
// Clusters of one snapshot: which endpoints may be asked, and which of them is. What lasts over snapshots is the
// directory's; when main has told it something new, a cluster arranges its endpoints anew at the next request.

import type { ClusterConfig, WeightedClusterConfig } from "../contract/index.ts";
import { isPanic } from "../endpoints/endpoint-news.ts";
import type { Asker, Cluster, ClusterChoice, Endpoint, EndpointJudge } from "../snapshot/runtime.ts";
import type { ClusterLoad } from "../upstream/cluster-load.ts";
import { OutlierWatch } from "../upstream/outlier-watch.ts";
import type { EndpointDirectory, KeptCluster } from "./endpoint-directory.ts";
import { NO_KEY, hashOfText, mix, requestHash } from "./request-hash.ts";
import type { RequestHash } from "./request-hash.ts";

/** `random` gives numbers from 0 up to but not 1. */
export function compileCluster(
  config: ClusterConfig,
  directory: EndpointDirectory,
  random: () => number = Math.random,
): Cluster {
  const kept = directory.cluster(config.name);
  switch (config.policy) {
    case "roundRobin":
      return new RoundRobinCluster(config, kept);
    case "leastRequest":
      return new LeastRequestCluster(config, kept, random);
    case "consistentHash":
      return new HashCluster(config, kept, random);
  }
}

abstract class PolicyCluster implements Cluster {
  readonly name: string;
  readonly connectTimeoutMs: number;
  readonly connectionsMax: number;
  readonly pendingMax: number;
  readonly pendingTimeoutMs: number;
  readonly requestsMax: number;
  readonly load: ClusterLoad;
  readonly outliers: EndpointJudge | null;
  protected serving: readonly Endpoint[] = [];
  private readonly config: ClusterConfig;
  protected readonly kept: KeptCluster;
  private version: number;

  constructor(config: ClusterConfig, kept: KeptCluster) {
    this.name = config.name;
    this.connectTimeoutMs = config.connectTimeoutMs;
    this.connectionsMax = config.connectionsMax;
    this.pendingMax = config.pendingMax;
    this.pendingTimeoutMs = config.pendingTimeoutMs;
    this.requestsMax = config.requestsMax;
    this.load = kept.load;
    this.outliers = config.outlierDetection === null ? null : new OutlierWatch(config.outlierDetection, kept.failing);
    this.config = config;
    this.kept = kept;
    this.version = -1;
  }

  get endpoints(): readonly Endpoint[] {
    this.refresh();
    return this.serving;
  }

  abstract nextEndpoint(asker: Asker): Endpoint | null;
  abstract otherEndpoint(failed: Endpoint, asker: Asker): Endpoint | null;

  /** Called when `serving` is another; `weights` by endpoint, null: all alike. */
  protected abstract arrange(weights: readonly number[] | null): void;

  /** Costs a comparison as long as nothing was told. */
  protected refresh(): void {
    if (this.version !== this.kept.version) this.renew();
  }

  private renew(): void {
    const { config, kept } = this;
    const all = config.endpoints.map((configured) => kept.endpointsOf(configured));
    const serving = all.flat().filter((endpoint) => kept.serves(endpoint));
    const isPanicking = isPanic(serving.length, all.flat().length, config.panicPercent);
    const asked = all.map((some) => (isPanicking ? some : some.filter((endpoint) => kept.serves(endpoint))));
    this.version = kept.version;
    this.serving = asked.flat();
    const { weights } = config;
    this.arrange(weights === null ? null : asked.flatMap((some, at) => some.map(() => weights[at]!)));
  }
}

class RoundRobinCluster extends PolicyCluster {
  private turns: readonly Endpoint[] = [];

  nextEndpoint(): Endpoint | null {
    this.refresh();
    const { turns, kept } = this;
    if (turns.length === 0) return null;
    if (kept.turn >= turns.length) kept.turn %= turns.length;
    return turns[kept.turn++]!;
  }

  /** The next behind it, without taking another request's turn: else every turn of a dead one would meet its retry's. */
  otherEndpoint(failed: Endpoint): Endpoint | null {
    const { endpoints } = this;
    return endpoints.length === 0 ? null : endpoints[(endpoints.indexOf(failed) + 1) % endpoints.length]!;
  }

  protected arrange(weights: readonly number[] | null): void {
    this.turns = weights === null ? this.serving : turnsByWeight(this.serving, weights);
  }
}

/** One turn each for its weight, every endpoint's spread as evenly as they go: a heavy one is not asked in bursts. */
function turnsByWeight(endpoints: readonly Endpoint[], weights: readonly number[]): Endpoint[] {
  const turns = endpoints.flatMap((endpoint, place) =>
    Array.from({ length: weights[place]! }, (_, turn) => ({ endpoint, at: (turn + 0.5) / weights[place]! })),
  );
  return turns.toSorted((first, second) => first.at - second.at).map(({ endpoint }) => endpoint);
}

/**
 * Of two endpoints drawn at random the one with fewer requests under way for its weight: nearly as even as asking all,
 * without herding every worker to the one that was idlest a moment ago.
 */
class LeastRequestCluster extends PolicyCluster {
  private weights: readonly number[] | null = null;
  /** Where each endpoint's share of the weights ends. */
  private ends: readonly number[] = [];
  private readonly random: () => number;

  constructor(config: ClusterConfig, kept: KeptCluster, random: () => number) {
    super(config, kept);
    this.random = random;
  }

  nextEndpoint(): Endpoint | null {
    this.refresh();
    const { length } = this.serving;
    if (length < 2) return length === 0 ? null : this.serving[0]!;
    const first = this.draw();
    return this.lessBusy(first, this.drawBut(first));
  }

  otherEndpoint(failed: Endpoint): Endpoint | null {
    const at = this.endpoints.indexOf(failed);
    // Not among them: it serves no more, or a filter sent the request elsewhere since.
    if (at < 0 || this.serving.length < 2) return this.nextEndpoint();
    return this.lessBusy(this.drawBut(at), this.drawBut(at));
  }

  protected arrange(weights: readonly number[] | null): void {
    let end = 0;
    this.weights = weights;
    this.ends = weights === null ? [] : weights.map((weight) => (end += weight));
  }

  /** A place, by weight. */
  private draw(): number {
    const { ends, serving } = this;
    if (this.weights === null) return (this.random() * serving.length) | 0;
    const at = this.random() * ends.at(-1)!;
    let place = 0;
    while (at >= ends[place]!) place++;
    return place;
  }

  /** A place other than `taken`, each as likely. */
  private drawBut(taken: number): number {
    const drawn = (this.random() * (this.serving.length - 1)) | 0;
    return drawn >= taken ? drawn + 1 : drawn;
  }

  /** The first of equals, so that weights also hold where nothing is under way. */
  private lessBusy(first: number, second: number): Endpoint {
    const { serving, weights } = this;
    const one = serving[first]!;
    const other = serving[second]!;
    if (weights === null) return other.active < one.active ? other : one;
    return other.active * weights[first]! < one.active * weights[second]! ? other : one;
  }
}

/**
 * Every request of a key goes to the endpoint that ranks highest for it (rendezvous hashing). When one goes, its keys and no
 * others move, spread over all that are left; when it comes back they return. A ring or a table would need fewer steps
 * for hundreds of endpoints, and would have to be built anew at each change; 256 of them are ranked in a microsecond.
 */
class HashCluster extends PolicyCluster {
  private seeds: Int32Array = new Int32Array(0);
  private weights: readonly number[] | null = null;
  private readonly hashOf: RequestHash;
  private readonly random: () => number;

  constructor(config: ClusterConfig, kept: KeptCluster, random: () => number) {
    super(config, kept);
    this.hashOf = requestHash(config.hashOn!);
    this.random = random;
  }

  nextEndpoint(asker: Asker): Endpoint | null {
    this.refresh();
    return this.highest(asker, null);
  }

  /** The second for its key. */
  otherEndpoint(failed: Endpoint, asker: Asker): Endpoint | null {
    this.refresh();
    return this.highest(asker, this.serving.length > 1 ? failed : null);
  }

  protected arrange(weights: readonly number[] | null): void {
    this.weights = weights;
    this.seeds = Int32Array.from(this.serving, ({ address }) => hashOfText(address));
  }

  private highest(asker: Asker, but: Endpoint | null): Endpoint | null {
    const { serving, seeds } = this;
    let key = this.hashOf(asker);
    // Without a key any will do, and always the same one would be a bad choice.
    if (key === NO_KEY) key = this.random() * 2 ** 32;
    let highest: Endpoint | null = null;
    let top = -1;
    for (let place = 0; place < serving.length; place++) {
      const rank = this.rank(mix(key ^ seeds[place]!), place);
      if (rank <= top || serving[place] === but) continue;
      top = rank;
      highest = serving[place]!;
    }
    return highest;
  }

  /** With these ranks an endpoint is the highest for so many of all keys as its weight is of all weights. */
  private rank(drawn: number, place: number): number {
    return this.weights === null ? drawn : -this.weights[place]! / Math.log((drawn + 1) / (2 ** 32 + 1));
  }
}

/** Clusters with weights that sum to 100. Each request draws anew: who must stay needs a split, which is by key. */
export class WeightedClusters implements ClusterChoice {
  private readonly clusters: readonly Cluster[];
  /** Where each cluster's band ends, of 100. */
  private readonly ends: Int32Array;

  constructor(configs: readonly WeightedClusterConfig[], cluster: (name: string) => Cluster) {
    this.clusters = configs.map(({ name }) => cluster(name));
    this.ends = new Int32Array(configs.length);
    let end = 0;
    configs.forEach(({ weight }, place) => (this.ends[place] = end += weight));
  }

  pick(random: number): Cluster {
    const at = random * 100;
    let place = 0;
    while (at >= this.ends[place]!) place++;
    return this.clusters[place]!;
  }
}
