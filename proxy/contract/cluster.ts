// One cluster of sluice.yaml: its endpoints, how one of them is chosen, how much it may be asked at a time, and how it is
// found out which of them serve. What a missing field means is filled in here.

import { DurationSchema, durationMs } from "@sluice/abi";
import type { Complain } from "@sluice/abi";
import { Type } from "typebox";
import type { Static } from "typebox";
import { ADDRESS_DESCRIPTION, AddressSchema } from "./address-schema.ts";
import { isPort, parseAddress } from "./address.ts";
import type { Address } from "./address.ts";
import {
  CLUSTER_CONNECTIONS_DEFAULT,
  CLUSTER_ENDPOINTS_MAX,
  CLUSTER_PENDING_DEFAULT,
  CLUSTER_REQUESTS_MAX,
  ENDPOINT_WEIGHT_MAX,
  NAME_SERVERS_MAX,
  PATH_CHARS_MAX,
} from "./limits.ts";
import { NameSchema } from "./names.ts";

const closed = { additionalProperties: false } as const;
const Percent = Type.Integer({ minimum: 0, maximum: 100 });
const Times = Type.Integer({ minimum: 1, maximum: 100 });

export interface WeightedAddress {
  readonly address: string;
  readonly weight?: number;
}

const EndpointSchema = Type.Unsafe<string | WeightedAddress>({
  anyOf: [
    AddressSchema,
    Type.Object(
      { address: AddressSchema, weight: Type.Optional(Type.Integer({ minimum: 1, maximum: ENDPOINT_WEIGHT_MAX })) },
      closed,
    ),
  ],
  description: `${ADDRESS_DESCRIPTION}, or { address: host:port, weight: 1 to ${ENDPOINT_WEIGHT_MAX} }`,
});

const HealthCheckSchema = Type.Object(
  {
    path: Type.String({ pattern: "^/[!-~]*$", maxLength: PATH_CHARS_MAX, description: "a path such as /healthz" }),
    host: Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: "^[!-~]+$" })),
    interval: Type.Optional(DurationSchema),
    timeout: Type.Optional(DurationSchema),
    healthyAfter: Type.Optional(Times),
    unhealthyAfter: Type.Optional(Times),
    statuses: Type.Optional(
      Type.Array(Type.Integer({ minimum: 200, maximum: 599 }), { minItems: 1, maxItems: 32, uniqueItems: true }),
    ),
  },
  closed,
);

const OutliersSchema = Type.Object(
  {
    consecutive5xx: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    consecutiveGatewayFailures: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000 })),
    ejectionTime: Type.Optional(DurationSchema),
    ejectionTimeMax: Type.Optional(DurationSchema),
    ejectedPercentMax: Type.Optional(Percent),
  },
  closed,
);

const DnsSchema = Type.Object(
  {
    refresh: Type.Optional(DurationSchema),
    servers: Type.Optional(Type.Array(AddressSchema, { minItems: 1, maxItems: NAME_SERVERS_MAX })),
    family: Type.Optional(Type.Enum(["ipv4", "ipv6", "both"])),
  },
  closed,
);

export const ClusterSchema = Type.Object(
  {
    name: NameSchema,
    endpoints: Type.Array(EndpointSchema, { maxItems: CLUSTER_ENDPOINTS_MAX }),
    connectTimeout: Type.Optional(DurationSchema),
    policy: Type.Optional(Type.Enum(["roundRobin", "leastRequest", "consistentHash"])),
    hashOn: Type.Optional(
      Type.String({
        pattern: "^((header|cookie):[!-~]{1,128}|source|path)$",
        description: "header:NAME, cookie:NAME, source or path",
      }),
    ),
    connectionsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: CLUSTER_REQUESTS_MAX })),
    pendingMax: Type.Optional(Type.Integer({ minimum: 0, maximum: CLUSTER_REQUESTS_MAX })),
    pendingTimeout: Type.Optional(DurationSchema),
    requestsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: CLUSTER_REQUESTS_MAX })),
    panicPercent: Type.Optional(Percent),
    healthCheck: Type.Optional(HealthCheckSchema),
    outlierDetection: Type.Optional(OutliersSchema),
    dns: Type.Optional(DnsSchema),
  },
  closed,
);

export type ClusterDocument = Static<typeof ClusterSchema>;

export interface ClusterConfig {
  readonly name: string;
  readonly endpoints: readonly Address[];
  /** By endpoint; null: all alike. */
  readonly weights: readonly number[] | null;
  readonly connectTimeoutMs: number;
  /** Which endpoint is asked: each in turn, of two at random the one with fewer requests under way, or one by a key. */
  readonly policy: "roundRobin" | "leastRequest" | "consistentHash";
  /** Where a request's key stands; null unless the policy goes by one. */
  readonly hashOn: HashOn | null;
  /** Of one worker: connections to all endpoints together, requests that wait for one, and for how long. */
  readonly connectionsMax: number;
  readonly pendingMax: number;
  readonly pendingTimeoutMs: number;
  /** Of one worker: requests under way and waiting. */
  readonly requestsMax: number;
  /** With a smaller share of endpoints that serve, all are asked again. */
  readonly panicPercent: number;
  readonly healthCheck: HealthCheckConfig | null;
  readonly outlierDetection: OutlierConfig | null;
  readonly dns: DnsConfig;
}

export interface HashOn {
  readonly kind: "header" | "cookie" | "source" | "path";
  readonly name: string;
}

export interface HealthCheckConfig {
  readonly path: string;
  /** null: the endpoint's address. */
  readonly host: string | null;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
  /** Empty: any from 200 to 299. */
  readonly statuses: readonly number[];
}

export interface OutlierConfig {
  /** 0: not looked at. */
  readonly consecutive5xx: number;
  readonly consecutiveGatewayFailures: number;
  readonly ejectionTimeMs: number;
  readonly ejectionTimeMaxMs: number;
  readonly ejectedPercentMax: number;
}

export interface DnsConfig {
  readonly refreshMs: number;
  /** Empty: as this machine resolves names. */
  readonly servers: readonly string[];
  readonly family: "ipv4" | "ipv6" | "both";
}

/** What a cluster is that says nothing but its name and endpoints. */
export const CLUSTER_DEFAULTS: Omit<ClusterConfig, "name" | "endpoints"> = {
  weights: null,
  connectTimeoutMs: 1_000,
  policy: "roundRobin",
  hashOn: null,
  connectionsMax: CLUSTER_CONNECTIONS_DEFAULT,
  pendingMax: CLUSTER_PENDING_DEFAULT,
  pendingTimeoutMs: 1_000,
  requestsMax: CLUSTER_REQUESTS_MAX,
  panicPercent: 50,
  healthCheck: null,
  outlierDetection: null,
  dns: { refreshMs: 10_000, servers: [], family: "ipv4" },
};

export function checkCluster(cluster: ClusterDocument, at: readonly (string | number)[], complain: Complain): void {
  cluster.endpoints.forEach((endpoint, place) => {
    const address = addressOf(endpoint);
    if (!isPort(parseAddress(address).port))
      complain([...at, "endpoints", place], `"${address}" has no valid port`, "0 to 65535");
  });
  const isHashed = cluster.policy === "consistentHash";
  if (isHashed && cluster.hashOn === undefined)
    complain([...at, "policy"], `cluster ${cluster.name} has no key to hash`, "hashOn: header:x-user", "value");
  if (!isHashed && cluster.hashOn !== undefined)
    complain([...at, "hashOn"], "only one policy goes by a key", "policy: consistentHash", "key");
  checkTimes(cluster, at, complain);
}

function checkTimes(
  { healthCheck, outlierDetection }: ClusterDocument,
  at: readonly (string | number)[],
  complain: Complain,
): void {
  const positive = (time: string | undefined, ...path: string[]): void => {
    if (time !== undefined && durationMs(time) <= 0) complain([...at, ...path], `${path.at(-1)} is 0`, "more than 0s");
  };
  positive(healthCheck?.interval, "healthCheck", "interval");
  positive(healthCheck?.timeout, "healthCheck", "timeout");
  positive(outlierDetection?.ejectionTime, "outlierDetection", "ejectionTime");
}

export function settleCluster(document: ClusterDocument): ClusterConfig {
  const { name, endpoints, connectTimeout, pendingTimeout, hashOn, healthCheck, outlierDetection, dns } = document;
  const weights = endpoints.map((endpoint) => (typeof endpoint === "string" ? 1 : (endpoint.weight ?? 1)));
  const { policy, connectionsMax, pendingMax, requestsMax, panicPercent } = { ...CLUSTER_DEFAULTS, ...document };
  return {
    name,
    endpoints: endpoints.map((endpoint) => parseAddress(addressOf(endpoint))),
    weights: weights.every((weight) => weight === weights[0]) ? null : weights,
    connectTimeoutMs: connectTimeout === undefined ? CLUSTER_DEFAULTS.connectTimeoutMs : durationMs(connectTimeout),
    policy,
    hashOn: hashOn === undefined ? null : settleHashOn(hashOn),
    connectionsMax,
    pendingMax,
    pendingTimeoutMs: pendingTimeout === undefined ? CLUSTER_DEFAULTS.pendingTimeoutMs : durationMs(pendingTimeout),
    requestsMax,
    panicPercent,
    healthCheck: healthCheck === undefined ? null : settleHealthCheck(healthCheck),
    outlierDetection: outlierDetection === undefined ? null : settleOutliers(outlierDetection),
    dns: dns === undefined ? CLUSTER_DEFAULTS.dns : settleDns(dns),
  };
}

function addressOf(endpoint: string | WeightedAddress): string {
  return typeof endpoint === "string" ? endpoint : endpoint.address;
}

function settleHashOn(text: string): HashOn {
  const colon = text.indexOf(":");
  return {
    kind: (colon < 0 ? text : text.slice(0, colon)) as HashOn["kind"],
    name: colon < 0 ? "" : text.slice(colon + 1),
  };
}

function settleHealthCheck(check: Static<typeof HealthCheckSchema>): HealthCheckConfig {
  return {
    path: check.path,
    host: check.host ?? null,
    intervalMs: durationMs(check.interval ?? "5s"),
    timeoutMs: durationMs(check.timeout ?? "1s"),
    healthyAfter: check.healthyAfter ?? 2,
    unhealthyAfter: check.unhealthyAfter ?? 3,
    statuses: check.statuses ?? [],
  };
}

function settleOutliers(outliers: Static<typeof OutliersSchema>): OutlierConfig {
  return {
    consecutive5xx: outliers.consecutive5xx ?? 5,
    consecutiveGatewayFailures: outliers.consecutiveGatewayFailures ?? 5,
    ejectionTimeMs: durationMs(outliers.ejectionTime ?? "30s"),
    ejectionTimeMaxMs: durationMs(outliers.ejectionTimeMax ?? "5m"),
    ejectedPercentMax: outliers.ejectedPercentMax ?? 50,
  };
}

function settleDns({ refresh = "10s", servers = [], family = "ipv4" }: Static<typeof DnsSchema>): DnsConfig {
  return { refreshMs: durationMs(refresh), servers, family };
}
