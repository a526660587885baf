// What main tells workers about the endpoints of a cluster. Plain values; a cluster of which nothing is known has none.

export interface EndpointNews {
  readonly cluster: string;
  /** Addresses of each configured endpoint (`host:port`) whose name was resolved. */
  readonly resolved: Readonly<Record<string, readonly string[]>>;
  /** Endpoints that are not to be asked, as `address:port`. */
  readonly down: readonly string[];
}

/** So few endpoints serve that it is better to ask them all: what is wrong is then rather the check, or everything. */
export function isPanic(serving: number, all: number, panicPercent: number): boolean {
  return serving * 100 < all * panicPercent;
}
