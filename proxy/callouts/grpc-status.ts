// gRPC's statuses: as trailers say them, as HTTP and HTTP/2 mean them, and as our own failures are told.

import type { CalloutFailure } from "./pending-callout.ts";

export const GRPC = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

const STATUS_MAX = 16;

/** `grpc-status`; what is no status, or one that nobody knows yet, is "unknown". */
export function grpcStatusOf(text: string): number {
  const status = /^\d{1,2}$/.test(text) ? Number(text) : GRPC.unknown;
  return status > STATUS_MAX ? GRPC.unknown : status;
}

/** `grpc-message`: percent-encoded UTF-8. What is wrongly encoded stays as it came. */
export function grpcMessageOf(text: string): string {
  const bytes = text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** What an answer without `grpc-status` means ("HTTP to gRPC Status Code Mapping"). */
export function statusOfHttp(status: number): number {
  switch (status) {
    case 400:
      return GRPC.internal;
    case 401:
      return GRPC.unauthenticated;
    case 403:
      return GRPC.permissionDenied;
    case 404:
      return GRPC.unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GRPC.unavailable;
    default:
      return GRPC.unknown;
  }
}

/** What RST_STREAM of the peer means ("gRPC over HTTP2", errors). */
export function statusOfReset(code: number): number {
  switch (code) {
    case 7:
      return GRPC.unavailable;
    case 8:
      return GRPC.cancelled;
    case 11:
      return GRPC.resourceExhausted;
    case 12:
      return GRPC.permissionDenied;
    default:
      return GRPC.internal;
  }
}

export const STATUS_OF_FAILURE: Readonly<Record<CalloutFailure, number>> = {
  noEndpoint: GRPC.unavailable,
  overload: GRPC.resourceExhausted,
  connect: GRPC.unavailable,
  reset: GRPC.unavailable,
  timeout: GRPC.deadlineExceeded,
  protocol: GRPC.internal,
  tooLarge: GRPC.resourceExhausted,
  shutdown: GRPC.unavailable,
};

const TIMEOUT_DIGITS_MAX = 99_999_999;

/** `grpc-timeout`: at most eight digits, so a long time is told in seconds. */
export function grpcTimeout(timeoutMs: number): string {
  return timeoutMs <= TIMEOUT_DIGITS_MAX ? `${Math.ceil(timeoutMs)}m` : `${Math.ceil(timeoutMs / 1000)}S`;
}
