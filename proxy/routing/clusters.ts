// HOT: bench proxy.
// Clusters of one worker. Endpoints live as long as their address is in use, over snapshots, so that connection pools
// may hang on them; the round robin goes on where it was.

import { formatAddress } from "../contract/address.ts";
import type { Address, ClusterConfig } from "../contract/index.ts";
import type { Cluster, Endpoint } from "../snapshot/runtime.ts";

/** Hands the same Endpoint object to every snapshot that names its address. */
export class EndpointDirectory {
  private readonly endpoints = new Map<string, WeakRef<Endpoint>>();

  endpoint(address: Address): Endpoint {
    const text = formatAddress(address);
    const known = this.endpoints.get(text)?.deref();
    if (known !== undefined) return known;
    const endpoint: Endpoint = { host: address.host, port: address.port, address: text };
    this.endpoints.set(text, new WeakRef(endpoint));
    return endpoint;
  }
}

export function compileCluster(config: ClusterConfig, directory: EndpointDirectory): Cluster {
  return new RoundRobinCluster(
    config,
    config.endpoints.map((address) => directory.endpoint(address)),
  );
}

class RoundRobinCluster implements Cluster {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly connectTimeoutMs: number;
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
}
