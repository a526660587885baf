// The guests of the behaviour filter, and what their SDKs cannot do.

import type { Ability } from "./cases.ts";

export type GuestName = "assemblyscript" | "solo" | "rust" | "go" | "c" | "c-0-1-0";

/** Why a guest cannot do a thing, and the hostcall that it therefore must not import. */
export interface Lack {
  readonly because: string;
  readonly name: string;
}

export interface Guest {
  readonly name: GuestName;
  readonly title: string;
  readonly abi: "0.1.0" | "0.2.0" | "0.2.1";
  /** As `inspect` tells it. */
  readonly language: string;
  readonly lacks: Readonly<Partial<Record<Ability, Lack>>>;
}

const NO_ENVIRONMENT: Lack = { because: "AssemblyScript knows no environment", name: "environ_get" };

export const GUESTS: readonly Guest[] = [
  {
    name: "assemblyscript",
    title: "AssemblyScript with @sluice/sdk-filter",
    abi: "0.2.1",
    language: "AssemblyScript",
    lacks: {
      environment: NO_ENVIRONMENT,
      tcp: { because: "the SDK is for HTTP", name: "proxy_on_new_connection" },
    },
  },
  {
    name: "solo",
    title: "AssemblyScript with @solo-io/proxy-runtime",
    abi: "0.2.0",
    language: "AssemblyScript",
    lacks: {
      bodyRewrite: {
        because: "it declares proxy_set_buffer_status, which no ABI has, in the place of proxy_set_buffer_bytes",
        name: "proxy_set_buffer_bytes",
      },
      grpc: {
        because: "it declares proxy_grpc_call without the metadata, so a module that calls it links nowhere",
        name: "proxy_grpc_call",
      },
      grpcStream: {
        because: "it declares proxy_grpc_stream without the metadata, so a module that calls it links nowhere",
        name: "proxy_grpc_stream",
      },
      environment: NO_ENVIRONMENT,
      tcp: { because: "it exports none of the callbacks of connections", name: "proxy_on_new_connection" },
    },
  },
  { name: "rust", title: "Rust with the proxy-wasm crate", abi: "0.2.1", language: "Rust", lacks: {} },
  {
    name: "go",
    title: "Go with proxy-wasm-go-sdk",
    abi: "0.2.0",
    language: "Go",
    lacks: {
      grpc: { because: "the SDK has no gRPC: neither the hostcalls nor the callbacks", name: "proxy_grpc_call" },
      grpcStream: { because: "the SDK has no gRPC", name: "proxy_grpc_stream" },
    },
  },
  { name: "c", title: "C by the raw ABI", abi: "0.2.1", language: "C", lacks: {} },
  {
    name: "c-0-1-0",
    title: "C by the raw ABI of 0.1.0, as a command",
    abi: "0.1.0",
    language: "C",
    lacks: { tcp: { because: "in 0.1.0 no filter can close a connection", name: "proxy_on_new_connection" } },
  },
];
