// The attributes that properties and policy_attribute know by name, with their types, and the ids a plugin resolved. Names
// are Envoy's; a map takes a key in brackets (`request.headers[x-role]`). Values come from the stream.

import { ATTRIBUTES_MAX, NAME_BYTES_MAX } from "./limits.ts";
import type { StreamMapType } from "./stream-context.ts";

/** How a value is encoded. `int` and `uint`, `timestamp` and `duration` are 8 bytes LE; `bool` one byte. */
export type AttributeType = "string" | "int" | "bool" | "timestamp" | "duration" | "map" | "message";

const NAMES: Readonly<Record<Exclude<AttributeType, "map">, string>> = {
  string: `request.path request.raw_path request.url_path request.host request.scheme request.method request.referer
    request.useragent request.id request.protocol request.query response.code_details source.address destination.address
    connection.requested_server_name connection.tls_version connection.subject_local_certificate
    connection.subject_peer_certificate connection.dns_san_local_certificate connection.dns_san_peer_certificate
    connection.uri_san_local_certificate connection.uri_san_peer_certificate
    connection.sha256_peer_certificate_digest connection.peer_certificate connection.transport_failure_reason
    connection.termination_details upstream.address upstream.local_address upstream.tls_version
    upstream.subject_local_certificate upstream.subject_peer_certificate upstream.dns_san_local_certificate
    upstream.dns_san_peer_certificate upstream.uri_san_local_certificate upstream.uri_san_peer_certificate
    upstream.sha256_peer_certificate_digest upstream.peer_certificate upstream.transport_failure_reason
    xds.cluster_name xds.route_name xds.virtual_host_name xds.filter_chain_name cluster_name route_name
    plugin_name plugin_root_id plugin_vm_id`,
  int: `request.headers_bytes request.size request.total_size response.code response.flags response.grpc_status
    response.headers_bytes response.size response.total_size source.port destination.port connection.id connection_id
    upstream.port upstream.local_port upstream.num_endpoints upstream.request_attempt_count xds.listener_direction
    listener_direction`,
  bool: "connection.mtls",
  timestamp: "request.time",
  duration: "request.duration response.backend_latency upstream.cx_pool_ready_duration",
  message: `upstream.locality metadata filter_state upstream_filter_state xds.node xds.cluster_metadata
    xds.listener_metadata xds.route_metadata xds.virtual_host_metadata xds.upstream_host_metadata
    xds.upstream_host_locality_metadata node cluster_metadata listener_metadata route_metadata upstream_host_metadata`,
};

/** Header maps by attribute name. */
const MAPS: ReadonlyMap<string, StreamMapType> = new Map([
  ["request.headers", 0],
  ["request.trailers", 1],
  ["response.headers", 2],
  ["response.trailers", 3],
]);

const TYPES: ReadonlyMap<string, AttributeType> = new Map([
  ...Object.entries(NAMES).flatMap(([type, names]) =>
    names.split(/\s+/).map((name) => [name, type as AttributeType] as const),
  ),
  ...[...MAPS.keys()].map((name) => [name, "map"] as const),
]);

const BUILT_IN_TOPS: ReadonlySet<string> = new Set(["quota", ...[...TYPES.keys()].map((name) => name.split(".")[0]!)]);

/** Does the host answer this property path itself? Such paths are read-only. `path`: segments joined by NUL. */
export function isBuiltIn(path: string): boolean {
  return BUILT_IN_TOPS.has(path.split("\0", 1)[0]!);
}

/** An attribute as resolved once, at configure: nothing of a name is looked at on the data path. */
export interface Attribute {
  readonly type: AttributeType;
  /** Property path, segments joined by NUL. */
  readonly path: string;
  /** For one key of a header map: which map and the name's bytes (lower case). */
  readonly header: { readonly mapType: StreamMapType; readonly name: Uint8Array } | null;
}

/** null: no such attribute. */
export function parseAttribute(name: string): Attribute | null {
  const keyed = /^([a-z._]+)\[([^\]]+)\]$/.exec(name);
  if (keyed !== null) return headerAttribute(keyed[1]!, keyed[2]!.toLowerCase());
  const type = TYPES.get(name);
  return type === undefined ? null : { type, path: name.replaceAll(".", "\0"), header: null };
}

function headerAttribute(map: string, key: string): Attribute | null {
  const mapType = MAPS.get(map);
  if (mapType === undefined) return null;
  const name = mapType === 0 && key === "host" ? ":authority" : key;
  return {
    type: "string",
    path: `${map.replaceAll(".", "\0")}\0${name}`,
    header: { mapType, name: Buffer.from(name, "latin1") },
  };
}

/** Ids from 1 on, per plugin; the same name has the same id in every instance. */
export class AttributeTable {
  private readonly idByName = new Map<string, number>();
  private readonly attributes: Attribute[] = [];

  /** 0: unknown, or too many. */
  resolve(name: string): number {
    const known = this.idByName.get(name);
    if (known !== undefined) return known;
    if (name.length > NAME_BYTES_MAX || this.attributes.length >= ATTRIBUTES_MAX) return 0;
    const attribute = parseAttribute(name);
    if (attribute === null) return 0;
    this.attributes.push(attribute);
    this.idByName.set(name, this.attributes.length);
    return this.attributes.length;
  }

  get(id: number): Attribute | null {
    return this.attributes[(id >>> 0) - 1] ?? null;
  }
}
