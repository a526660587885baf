// `limits` of sluice.yaml: what a client may make the proxy hold, and for how long. Every bound has a safe default, so a
// document without the section is bounded too.

import { DurationSchema, SizeSchema, durationMs, sizeBytes } from "@sluice/abi";
import { Type } from "typebox";
import type { Static } from "typebox";
import { CONNECTIONS_MAX, CONNECTION_REQUESTS_MAX } from "./limits.ts";

const closed = { additionalProperties: false } as const;
const Connections = Type.Integer({ minimum: 1, maximum: CONNECTIONS_MAX });

export const LimitsSchema = Type.Object(
  {
    headBytes: Type.Optional(SizeSchema),
    headFields: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    headTimeout: Type.Optional(DurationSchema),
    underscores: Type.Optional(Type.Enum(["refuse", "drop", "pass"])),
    keepAliveTimeout: Type.Optional(DurationSchema),
    requestTimeout: Type.Optional(DurationSchema),
    streamTimeout: Type.Optional(DurationSchema),
    streamIdleTimeout: Type.Optional(DurationSchema),
    connections: Type.Optional(Connections),
    connectionsPerSource: Type.Optional(Connections),
    upstreamConnections: Type.Optional(Connections),
    requestsPerConnection: Type.Optional(Type.Integer({ minimum: 1, maximum: CONNECTION_REQUESTS_MAX })),
    bodyBufferBytes: Type.Optional(SizeSchema),
    workerBufferBytes: Type.Optional(SizeSchema),
    drainTimeout: Type.Optional(DurationSchema),
    drainingSnapshots: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
    overload: Type.Optional(
      Type.Object(
        {
          loopDelay: Type.Optional(DurationSchema),
          pendingRequests: Type.Optional(Type.Integer({ minimum: 1, maximum: CONNECTIONS_MAX })),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** In numbers. Times in ms; where a time may be 0 that means no bound. */
export interface StreamLimitsConfig {
  readonly headBytesMax: number;
  readonly headFieldsMax: number;
  /** What becomes of request fields with `_` in their names: where names become variables, `a_b` and `a-b` are one. */
  readonly underscores: "refuse" | "drop" | "pass";
  /** From a head's first byte to its last. */
  readonly headTimeoutMs: number;
  /** A connection may be without a request for so long. */
  readonly keepAliveTimeoutMs: number;
  /** From a request's head to the last byte of its body; 0: no bound. */
  readonly requestTimeoutMs: number;
  /** From a request's head to the last byte of its answer, unless it was upgraded; 0: no bound. */
  readonly streamTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  /** Clients' connections to one listener, over all workers. */
  readonly connectionsMax: number;
  /** The same from one address; an IPv6 /64 is one address. */
  readonly connectionsPerSourceMax: number;
  /** Connections to all upstreams, over all workers. */
  readonly upstreamConnectionsMax: number;
  readonly requestsPerConnectionMax: number;
  readonly bodyBufferBytesMax: number;
  /** What one worker holds for slow peers, filters and retries together. */
  readonly workerBufferBytesMax: number;
  readonly drainTimeoutMs: number;
  readonly drainingSnapshotsMax: number;
  readonly overload: OverloadLimitsConfig;
}

/** Where a worker's signals of overload are full; the levels are shares of these. */
export interface OverloadLimitsConfig {
  /** Median lateness of the event loop; 0: it is not watched. */
  readonly loopDelayMs: number;
  /** Requests of one worker that wait for a connection to an upstream. */
  readonly pendingRequestsMax: number;
}

export function settleLimits(limits: Static<typeof LimitsSchema>): StreamLimitsConfig {
  return {
    headBytesMax: sizeBytes(limits.headBytes ?? "32KiB"),
    headFieldsMax: limits.headFields ?? 100,
    underscores: limits.underscores ?? "refuse",
    headTimeoutMs: durationMs(limits.headTimeout ?? "10s"),
    keepAliveTimeoutMs: durationMs(limits.keepAliveTimeout ?? "75s"),
    requestTimeoutMs: durationMs(limits.requestTimeout ?? "5m"),
    streamTimeoutMs: durationMs(limits.streamTimeout ?? "1h"),
    streamIdleTimeoutMs: durationMs(limits.streamIdleTimeout ?? "5m"),
    connectionsMax: limits.connections ?? 50_000,
    connectionsPerSourceMax: limits.connectionsPerSource ?? 1_024,
    upstreamConnectionsMax: limits.upstreamConnections ?? 16_384,
    requestsPerConnectionMax: limits.requestsPerConnection ?? 10_000,
    bodyBufferBytesMax: sizeBytes(limits.bodyBufferBytes ?? "1MiB"),
    workerBufferBytesMax: sizeBytes(limits.workerBufferBytes ?? "512MiB"),
    drainTimeoutMs: durationMs(limits.drainTimeout ?? "10m"),
    drainingSnapshotsMax: limits.drainingSnapshots ?? 8,
    overload: {
      loopDelayMs: durationMs(limits.overload?.loopDelay ?? "500ms"),
      pendingRequestsMax: limits.overload?.pendingRequests ?? 10_000,
    },
  };
}
