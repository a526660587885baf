// A request as tests write it, and what it becomes for the engine. Only what a test cares about need be written.

import { headOf } from "@sluice/abi";
import type { Head } from "@sluice/abi";

export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** One exchange: what the client sends and what the upstream would answer. */
export interface TestRequest {
  /** Default GET. */
  readonly method?: string;
  /** With its query, as the proxy would show it (already normalised). Default `/`. */
  readonly path?: string;
  /** Default `test`. */
  readonly authority?: string;
  /** Default `http`. */
  readonly scheme?: string;
  /** In order; a name may stand several times. */
  readonly headers?: HeaderPairs;
  /** Each chunk is one body callback. */
  readonly chunks?: readonly string[];
  readonly trailers?: HeaderPairs;
  /** `ip:port` of the client. Default 198.51.100.7:40000; null: not known. */
  readonly source?: string | null;
  /** The listener's port. Default 80. */
  readonly destinationPort?: number;
  readonly response?: TestResponse;
}

export interface TestResponse {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: HeaderPairs;
  readonly chunks?: readonly string[];
  readonly trailers?: HeaderPairs;
}

export function requestHeadOf({ method, path, authority, scheme, headers }: TestRequest): Head {
  return headOf([
    [":method", method ?? "GET"],
    [":path", path ?? "/"],
    [":authority", authority ?? "test"],
    [":scheme", scheme ?? "http"],
    ...(headers ?? []),
  ]);
}

export function responseHeadOf({ status, headers }: TestResponse): Head {
  return headOf([[":status", String(status ?? 200)], ...(headers ?? [])]);
}
