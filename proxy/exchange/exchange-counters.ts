// HOT: bench proxy.
// The data path's counters: a slab with one writer (this worker) and fixed places. Whoever owns the memory (the
// counters of the worker) hands a Float64Array of at least EXCHANGE_COUNTER_COUNT places; it may be shared memory.

/** Place of each counter in the slab. Those named `…Live` are gauges; all others only grow. */
export const EXCHANGE_COUNTER = {
  connectionsTotal: 0,
  connectionsLive: 1,
  streamsTotal: 2,
  streamsLive: 3,
  responses1xx: 4,
  responses2xx: 5,
  responses3xx: 6,
  responses4xx: 7,
  responses5xx: 8,
  bytesIn: 9,
  bytesOut: 10,
  protocolErrors: 11,
  noRoute: 12,
  upstreamConnectsTotal: 13,
  upstreamConnectFailures: 14,
  upstreamConnectionsLive: 15,
  upstreamConnectionsIdle: 16,
  upstreamTimeouts: 17,
  upstreamResets: 18,
  upstreamRetries: 19,
  downstreamVanished: 20,
  headTimeouts: 21,
  idleTimeouts: 22,
  overloadRefusals: 23,
  resets: 24,
  /** Requests that asked for a revision (`x-sluice-revision`): that got it, and that were not heeded. */
  revisionsForced: 25,
  forcesIgnored: 26,
  /** Requests that failed with all their retries used, and those that a cluster's budget for retries left without one. */
  retriesExhausted: 27,
  retriesOverBudget: 28,
} as const;

export const EXCHANGE_COUNTER_COUNT = 32;

export type WorkerCounters = Float64Array;
