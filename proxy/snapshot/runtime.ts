// What a worker's data path reads: one immutable snapshot, compiled by the control path, pinned by every stream from
// its headers to its end. Nothing behind these faces awaits, allocates per request or looks anything up by name.

import type { Chain, Head } from "@sluice/abi";

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
  /** This worker's counters of each slot's revisions, by place in the chain, then by place in the slot. */
  readonly counterRows: readonly (readonly Float64Array[])[];
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
  readonly cluster: Cluster;
  /** From the request head sent upstream to the response's end; 0 = no bound. */
  readonly timeoutMs: number;
}

export interface Cluster {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly connectTimeoutMs: number;
  /** Round robin; null when the cluster has no endpoint. */
  nextEndpoint(): Endpoint | null;
}

/**
 * One upstream address. The same object is handed out as long as the address is in use, over snapshots too, so that a
 * connection pool may hang on it.
 */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** `host:port` as written in the record. */
  readonly address: string;
}

/** `limits` of sluice.yaml in numbers. */
export interface StreamLimits {
  readonly headBytesMax: number;
  readonly headFieldsMax: number;
  readonly headTimeoutMs: number;
  readonly streamIdleTimeoutMs: number;
  readonly bodyBufferBytesMax: number;
  readonly drainTimeoutMs: number;
  readonly drainingSnapshotsMax: number;
}
