// What tests of callouts share: a guest that may call the cluster "backend", and good requests to it.
import { call, OUT, type Call, type GuestOptions } from "./guest.ts";
import { pairsOf } from "./pairs.ts";

export const MAY_CALL = {
  capabilities: ["callout", "headers", "body", "log"],
  settings: { clusters: ["backend"] },
} as const;

export const REQUEST = [
  [":method", "GET"],
  [":path", "/a"],
  [":authority", "backend.test"],
  ["x-a", "1"],
] as const;

export const httpCall = (): Call => call("proxy_http_call", "backend", pairsOf(REQUEST), "", "", 500, OUT);

export const grpcCall = (): Call => call("proxy_grpc_call", "backend", "s.Service", "Method", "", "asked", 500, OUT);

export const grpcStream = (): Call => call("proxy_grpc_stream", "backend", "s.Service", "Method", "", OUT);

/** The first id of each kind. */
export const HTTP_ID = 4;
export const GRPC_CALL_ID = 5;
export const GRPC_STREAM_ID = 6;

/** A guest that makes the calls when a callback tells of an answer. */
export function hearing(callback: string, ...calls: readonly Call[]): GuestOptions {
  return { ...MAY_CALL, later: { in: callback, calls } };
}
