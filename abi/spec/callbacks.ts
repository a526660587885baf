// Every callback of proxy-wasm 0.1.0 to 0.2.1: what the host calls in the guest. Those of the policy extension stand in
// policy.ts. The groups at the top are how hostcall rows say where they may be called.
import { ABI_VERSIONS, type CallbackRow } from "./row.ts";

const SINCE_0_2 = ["0.2.0", "0.2.1"] as const;

/** Root context only: life of a plugin. */
export const LIFE = ["proxy_on_context_create", "proxy_on_vm_start", "proxy_on_configure"] as const;

/** Called on the root when something from outside arrives; the guest reaches a stream by proxy_set_effective_context. */
export const ARRIVALS = [
  "proxy_on_tick",
  "proxy_on_http_call_response",
  "proxy_on_grpc_receive_initial_metadata",
  "proxy_on_grpc_receive",
  "proxy_on_grpc_receive_trailing_metadata",
  "proxy_on_grpc_close",
  "proxy_on_queue_ready",
  "proxy_on_foreign_function",
] as const;

export const CONNECTION = [
  "proxy_on_new_connection",
  "proxy_on_downstream_data",
  "proxy_on_downstream_connection_close",
  "proxy_on_upstream_data",
  "proxy_on_upstream_connection_close",
] as const;

export const REQUEST = ["proxy_on_request_headers", "proxy_on_request_body", "proxy_on_request_trailers"] as const;

export const RESPONSE = ["proxy_on_response_headers", "proxy_on_response_body", "proxy_on_response_trailers"] as const;

export const END = ["proxy_on_done", "proxy_on_log", "proxy_on_delete"] as const;

export const CHECK = ["policy_on_check"] as const;
export const REPORT = ["policy_on_report"] as const;

/** Every callback; not the start function and not the allocator. */
export const ANY = [...LIFE, ...ARRIVALS, ...CONNECTION, ...CHECK, ...REQUEST, ...RESPONSE, ...REPORT, ...END] as const;

/** Not callbacks: `_initialize` or `_start`, and the guest's allocator. Restricted, since no context exists. */
export const MOMENTS = ["start", "allocator"] as const;

export const CALLBACKS: readonly CallbackRow[] = [
  {
    name: "proxy_on_context_create",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "parentContextId"],
    result: null,
    context: "either",
    prose: "A context begins; parent 0 makes it a root context. Comes before every other callback of that context.",
  },
  {
    name: "proxy_on_vm_start",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId", "vmConfigurationSize"],
    result: "bool",
    context: "root",
    prose: "The instance starts; false refuses the revision.",
  },
  {
    name: "proxy_on_configure",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId", "pluginConfigurationSize"],
    result: "bool",
    context: "root",
    prose: "The plugin reads its configuration; false refuses the revision.",
  },
  {
    name: "proxy_on_tick",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId"],
    result: null,
    context: "root",
    prose: "The tick period has passed.",
  },
  {
    name: "proxy_on_new_connection",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId"],
    result: "Action",
    context: "stream",
    prose: "A TCP connection was accepted.",
  },
  {
    name: "proxy_on_downstream_data",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "dataSize", "endOfStream"],
    result: "Action",
    context: "stream",
    prose: "Bytes came from the downstream.",
  },
  {
    name: "proxy_on_downstream_connection_close",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "peerType"],
    result: null,
    context: "stream",
    prose: "The downstream connection closed.",
  },
  {
    name: "proxy_on_upstream_data",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "dataSize", "endOfStream"],
    result: "Action",
    context: "stream",
    prose: "Bytes came from the upstream.",
  },
  {
    name: "proxy_on_upstream_connection_close",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "peerType"],
    result: null,
    context: "stream",
    prose: "The upstream connection closed.",
  },
  {
    name: "proxy_on_request_headers",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "headerCount", "endOfStream"],
    paramsIn: { "0.1.0": ["contextId", "headerCount"] },
    result: "HeadersStatus",
    context: "stream",
    prose: "The request's head is there.",
  },
  {
    name: "proxy_on_request_body",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "bodySize", "endOfStream"],
    result: "DataStatus",
    context: "stream",
    prose: "Bytes of the request body are there; the size counts all that is buffered.",
  },
  {
    name: "proxy_on_request_trailers",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "trailerCount"],
    result: "TrailersStatus",
    context: "stream",
    prose: "The request's trailers are there; they end it.",
  },
  {
    name: "proxy_on_response_headers",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "headerCount", "endOfStream"],
    paramsIn: { "0.1.0": ["contextId", "headerCount"] },
    result: "HeadersStatus",
    context: "stream",
    prose: "The response's head is there.",
  },
  {
    name: "proxy_on_response_body",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "bodySize", "endOfStream"],
    result: "DataStatus",
    context: "stream",
    prose: "Bytes of the response body are there; the size counts all that is buffered.",
  },
  {
    name: "proxy_on_response_trailers",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId", "trailerCount"],
    result: "TrailersStatus",
    context: "stream",
    prose: "The response's trailers are there; they end it.",
  },
  {
    name: "proxy_on_http_call_response",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId", "callId", "headerCount", "bodySize", "trailerCount"],
    result: null,
    context: "root",
    prose: "A callout's answer; no headers means that it failed.",
  },
  {
    name: "proxy_on_grpc_receive_initial_metadata",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId", "token", "elementCount"],
    result: null,
    context: "root",
    prose: "First metadata of a gRPC stream.",
  },
  {
    name: "proxy_on_grpc_receive",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId", "token", "messageSize"],
    result: null,
    context: "root",
    prose: "A gRPC message; for a call it also means success.",
  },
  {
    name: "proxy_on_grpc_receive_trailing_metadata",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId", "token", "elementCount"],
    result: null,
    context: "root",
    prose: "Last metadata of a gRPC stream.",
  },
  {
    name: "proxy_on_grpc_close",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId", "token", "grpcStatus"],
    result: null,
    context: "root",
    prose: "A gRPC call failed, or the peer closed the stream.",
  },
  {
    name: "proxy_on_queue_ready",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["rootContextId", "queueToken"],
    result: null,
    context: "root",
    prose: "An item was put into a queue this root registered last.",
  },
  {
    name: "proxy_on_foreign_function",
    module: "env",
    versions: SINCE_0_2,
    params: ["contextId", "functionId", "argumentsSize"],
    result: null,
    context: "either",
    prose: "The host calls a function it agreed on with the guest.",
  },
  {
    name: "proxy_on_done",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId"],
    result: "bool",
    context: "either",
    prose: "The context is at its end; a root that returns false ends it later by proxy_done.",
  },
  {
    name: "proxy_on_log",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId"],
    result: null,
    context: "either",
    prose: "The stream has ended; everything about it may be read, nothing changed.",
  },
  {
    name: "proxy_on_delete",
    module: "env",
    versions: ABI_VERSIONS,
    params: ["contextId"],
    result: null,
    context: "either",
    prose: "The context is gone; its id is never used again.",
  },
];
