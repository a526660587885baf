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
  /** Requests whose body was not whole in time, and streams that were cut because they took too long. */
  requestTimeouts: 64,
  streamTimeouts: 65,
  /** Connections closed because they had served as many requests as one may. */
  connectionsSpent: 66,
  /** Connections closed as soon as they were accepted, by what was full. */
  refusedByListener: 67,
  refusedBySource: 68,
  refusedByOverload: 69,
  /** Connections that could not be accepted at all: no descriptor was left. */
  acceptFailures: 70,
  /** How often each action against overload was begun. */
  actionDropMirrors: 71,
  actionShrinkCaches: 72,
  actionCloseConnections: 73,
  actionRefuseStreams: 74,
  actionRefuseConnections: 75,
  /** 1 while any of them is in force. */
  workersOverloadedLive: 76,
  /** Streams whose snapshot had drained for too long: cut, and gone on without it. */
  drainCuts: 100,
  drainDetached: 101,
} as const;

export const EXCHANGE_COUNTER_COUNT = 128;

export type WorkerCounters = Float64Array;
