// What a module exports, as the host uses it: its callbacks by number, and what the meter added.

export type GuestFunction = (...args: number[]) => unknown;

/** The callbacks that Instance calls, by their place in CALLBACK_EXPORTS. */
export const CALLBACK = {
  contextCreate: 0,
  check: 1,
  requestHeaders: 2,
  requestBody: 3,
  requestTrailers: 4,
  responseHeaders: 5,
  responseBody: 6,
  responseTrailers: 7,
  report: 8,
  log: 9,
  done: 10,
  delete: 11,
  vmStart: 12,
  configure: 13,
  tick: 14,
  httpCallResponse: 15,
  grpcInitialMetadata: 16,
  grpcReceive: 17,
  grpcTrailingMetadata: 18,
  grpcClose: 19,
  queueReady: 20,
  foreignFunction: 21,
  newConnection: 22,
  downstreamData: 23,
  downstreamClose: 24,
  upstreamData: 25,
  upstreamClose: 26,
} as const;

/** How guests spell them. */
export const CALLBACK_EXPORTS = [
  "proxy_on_context_create",
  "policy_on_check",
  "proxy_on_request_headers",
  "proxy_on_request_body",
  "proxy_on_request_trailers",
  "proxy_on_response_headers",
  "proxy_on_response_body",
  "proxy_on_response_trailers",
  "policy_on_report",
  "proxy_on_log",
  "proxy_on_done",
  "proxy_on_delete",
  "proxy_on_vm_start",
  "proxy_on_configure",
  "proxy_on_tick",
  "proxy_on_http_call_response",
  "proxy_on_grpc_receive_initial_metadata",
  "proxy_on_grpc_receive",
  "proxy_on_grpc_receive_trailing_metadata",
  "proxy_on_grpc_close",
  "proxy_on_queue_ready",
  "proxy_on_foreign_function",
  "proxy_on_new_connection",
  "proxy_on_downstream_data",
  "proxy_on_downstream_connection_close",
  "proxy_on_upstream_data",
  "proxy_on_upstream_connection_close",
] as const;

/** The exports of a fresh wasm instance that the host uses; instantiate.ts makes it. */
export interface GuestExports {
  readonly memory: WebAssembly.Memory;
  readonly allocator: ((size: number) => number) | null;
  readonly functions: ReadonlyMap<string, GuestFunction>;
  /** Sets and tells the instructions left; null in a module that is not metered, like the others. */
  readonly refuel: ((fuel: number) => void) | null;
  readonly fuelLeft: (() => number) | null;
  /** Calls that may still nest. */
  readonly depth: WebAssembly.Global | null;
  /** Blocks of memory written since it was last asked, as bits. */
  readonly takeDirty: (() => number) | null;
  /** The same of mutable globals. */
  readonly takeChanged: (() => number) | null;
  /** Mutable globals, for the image. */
  readonly globals: readonly WebAssembly.Global[];
}
