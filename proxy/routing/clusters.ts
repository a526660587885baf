// HOT: bench proxy.
// Clusters of one worker. Endpoints live as long as their address is in use, over snapshots, so that connection pools
// may hang on them, and with them what a balancing policy goes by; the round robin starts anew.

import { formatAddress } from "../contract/address.ts";
import type { Address, ClusterConfig, WeightedClusterConfig } from "../contract/index.ts";
import type { Cluster, ClusterChoice, Endpoint } from "../snapshot/runtime.ts";

/** Hands the same Endpoint object to every snapshot that names its address. */
export class EndpointDirectory {
  private readonly endpoints = new Map<string, WeakRef<Endpoint>>();

  endpoint(address: Address): Endpoint {
    const text = formatAddress(address);
    const known = this.endpoints.get(text)?.deref();
    if (known !== undefined) return known;
    const endpoint: Endpoint = { host: address.host, port: address.port, address: text, active: 0 };
    this.endpoints.set(text, new WeakRef(endpoint));
    return endpoint;
  }
}

/** `random` gives numbers from 0 up to but not 1. */
export function compileCluster(
  config: ClusterConfig,
  directory: EndpointDirectory,
  random: () => number = Math.random,
): Cluster {
  const endpoints = config.endpoints.map((address) => directory.endpoint(address));
  if (config.policy === "leastRequest" && endpoints.length > 1)
    return new LeastRequestCluster(config, endpoints, random);
  return new RoundRobinCluster(config, endpoints);
}

class RoundRobinCluster implements Cluster {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly connectTimeoutMs: number;
  retries = 0;
  private next = 0;

  constructor(config: ClusterConfig, endpoints: readonly Endpoint[]) {
    this.name = config.name;
    this.endpoints = endpoints;
    this.connectTimeoutMs = config.connectTimeoutMs;
  }

  nextEndpoint(): Endpoint | null {
    const endpoints = this.endpoints;
    if (endpoints.length === 0) return null;
    if (this.next >= endpoints.length) this.next = 0;
    return endpoints[this.next++]!;
  }

  /** The next behind it, without taking another request's turn: else every turn of a dead one would meet its retry's. */
  otherEndpoint(failed: Endpoint): Endpoint | null {
    const { endpoints } = this;
    return endpoints.length === 0 ? null : endpoints[(endpoints.indexOf(failed) + 1) % endpoints.length]!;
  }
}

/**
 * Of two endpoints drawn at random the one with fewer requests under way: nearly as even as asking all, without herding
 * every worker to the one that was idlest a moment ago.
 */
class LeastRequestCluster implements Cluster {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly connectTimeoutMs: number;
  retries = 0;
  private readonly random: () => number;

  /** At least two endpoints. */
  constructor(config: ClusterConfig, endpoints: readonly Endpoint[], random: () => number) {
    this.name = config.name;
    this.endpoints = endpoints;
    this.connectTimeoutMs = config.connectTimeoutMs;
    this.random = random;
  }

  nextEndpoint(): Endpoint {
    const { endpoints } = this;
    const first = (this.random() * endpoints.length) | 0;
    return lessBusy(endpoints[first]!, endpoints[this.drawBut(first)]!);
  }

  otherEndpoint(failed: Endpoint): Endpoint {
    const { endpoints } = this;
    const at = endpoints.indexOf(failed);
    // Not of this cluster: a filter sent the request elsewhere since.
    if (at < 0) return this.nextEndpoint();
    const first = this.drawBut(at);
    const second = this.drawBut(at);
    return lessBusy(endpoints[first]!, endpoints[second]!);
  }

  /** A place other than `taken`, each as likely. */
  private drawBut(taken: number): number {
    const drawn = (this.random() * (this.endpoints.length - 1)) | 0;
    return drawn >= taken ? drawn + 1 : drawn;
  }
}

function lessBusy(first: Endpoint, second: Endpoint): Endpoint {
  return second.active < first.active ? second : first;
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
