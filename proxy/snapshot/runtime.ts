// What a worker's data path reads: one immutable snapshot, compiled by the control path, pinned by every stream from
// its headers to its end. Nothing behind these faces awaits, allocates per request or looks anything up by name.

import type { Chain, Head } from "@sluice/abi";
import type { StreamLimitsConfig } from "../contract/index.ts";
import type { ForcedRevisions } from "../split/forced-revisions.ts";
import type { ClusterLoad } from "../upstream/cluster-load.ts";

/** One published state of the proxy on one worker. Streams keep the one they started with. */
export interface Snapshot {
  /** The deployment's number; 0 without a registry. */
  readonly number: number;
  /** Counts publications of this proxy process: two snapshots of one deployment number differ here. */
  readonly generation: number;
  readonly chain: Chain;
  readonly routes: RouteTable;
  /** By name: the only thing that a filter may name at run time. */
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly limits: StreamLimits;
  /** Whose word about earlier hops is kept; null: nobody's. */
  readonly trusted: Trusted | null;
  /** null: trace headers pass through as they came. */
  readonly tracing: Tracing | null;
  /** This worker's counters of each slot's revisions, by place in the chain, then by place in the slot. */
  readonly counterRows: readonly (readonly Float64Array[])[];
  /** Lets signed requests choose their revision; null where no slot allows it. */
  readonly forced: ForcedRevisions | null;
  /** Streams that hold this snapshot; when it is no longer current and reaches 0, its instances are closed. */
  readonly pins: number;
  pin(): void;
  unpin(): void;
}

export interface RouteTable {
  /** The first route that matches, null when none does. Reads `:method :path :authority` and header fields. */
  match(head: Head): Route | null;
}

export interface Route {
  readonly name: string;
  /** Place in the table; also its row in the counters. */
  readonly index: number;
  /** Which slots of the chain this route passes, as `Chain.maskOf`. */
  readonly slotMask: number;
  /** Where requests go; null: `extras` has several clusters, or an answer. */
  readonly cluster: Cluster | null;
  /** From the request head sent upstream to the response's end, all tries together; 0 = no bound. */
  readonly timeoutMs: number;
  /** What a plain route has not; null on one, which is all that its requests ask. */
  readonly extras: RouteExtras | null;
}

/** What a route does besides sending a request to its cluster; null each where it does not. */
export interface RouteExtras {
  readonly clusters: ClusterChoice | null;
  readonly answer: RouteAnswer | null;
  readonly request: RequestChange | null;
  readonly response: HeadChange | null;
  readonly retry: RetryPolicy | null;
  /** Requests may go on as WebSockets. */
  readonly upgrade: boolean;
}

/** Several clusters by weight. */
export interface ClusterChoice {
  /** `random` is from 0 up to but not 1. */
  pick(random: number): Cluster;
}

/** What a route says itself in place of an upstream. */
export interface RouteAnswer {
  /** null: there is no valid one for this request. The reply is valid until the next call. */
  replyTo(request: Head): { readonly head: Head; readonly body: Uint8Array } | null;
}

/** Rewrite and header changes of a request that goes upstream. */
export interface RequestChange {
  /** Makes `out` of `request`, which stays as filters and the record see it; false: there is no valid path for it. */
  apply(request: Head, out: Head): boolean;
}

export interface HeadChange {
  apply(head: Head): void;
}

export interface RetryPolicy {
  readonly attempts: number;
  readonly onConnectFailure: boolean;
  readonly onReset: boolean;
  readonly onTimeout: boolean;
  /** By status: 1 where the request is sent again. */
  readonly onStatus: Uint8Array;
  readonly anyMethod: boolean;
  /** Until a try's response head; 0 = no bound of its own. */
  readonly perTryTimeoutMs: number;
  readonly bodyBytesMax: number;
  /** Share of a cluster's live requests that may be retries, of 1. */
  readonly budget: number;
}

export interface Cluster {
  readonly name: string;
  /** Those that may be asked now. */
  readonly endpoints: readonly Endpoint[];
  readonly connectTimeoutMs: number;
  /** Bounds of what this worker has under way to it. */
  readonly connectionsMax: number;
  readonly pendingMax: number;
  readonly pendingTimeoutMs: number;
  readonly requestsMax: number;
  /** What this worker has under way to it, over snapshots. */
  readonly load: ClusterLoad;
  /** Who is told how endpoints do; null: nobody wants to know. */
  readonly outliers: EndpointJudge | null;
  /** By the cluster's policy; null when no endpoint may be asked. */
  nextEndpoint(asker: Asker): Endpoint | null;
  /** The same for a retry: not the one that has just failed, where there is another. */
  otherEndpoint(failed: Endpoint, asker: Asker): Endpoint | null;
}

export interface EndpointJudge {
  /** The endpoint answered with this status. */
  answered(endpoint: Endpoint, status: number): void;
  /** It could not be reached, broke off, or did not answer in time. */
  failed(endpoint: Endpoint): void;
}

/** For whom an endpoint is chosen: a policy may go by it. */
export interface Asker {
  readonly requestHead: Head;
  /** Empty where there is no client. */
  readonly sourceAddress: string;
}

/**
 * One upstream address of a cluster. The same object is handed out as long as the address is in use, over snapshots too, so
 * that a connection pool may hang on it.
 */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** `host:port` as written in the record; of a name that was resolved the address. */
  readonly address: string;
  /** `host:port` as the machine document has it. */
  readonly authority: string;
  /** Of its cluster. */
  readonly load: ClusterLoad;
  /** Requests under way to it on this worker, kept by the connection pools. */
  active: number;
  /** Failures one after the other, kept by OutlierWatch. */
  errorsInRow: number;
  gatewayFailuresInRow: number;
  toldFailingMs: number;
}

/** Proxies before this one. */
export interface Trusted {
  trusts(address: string): boolean;
  /** Who the client is, given the chain that `peer` has sent. */
  clientOf(forwardedFor: string, peer: string): string;
}

/** How traces are taken part in. */
export interface Tracing {
  /** Of traces begun here, the share that is sampled, of 1. */
  readonly sampled: number;
  /** Spans of sampled streams are wanted. */
  readonly isExported: boolean;
}

/** `limits` of sluice.yaml in numbers. */
export type StreamLimits = StreamLimitsConfig;
