// What the conformance suite needs of a proxy-wasm host. sluice-host.ts is ours, tiny-host.ts the smallest that shows
// another; host-under-test.ts says which one the suite asks.
import type { CapabilityFamily } from "@sluice/abi/spec";
import type { Exchange, Pairs } from "./exchange.ts";

export interface Host {
  readonly name: string;
  /**
   * Instantiates a guest, runs its start function, makes its root context (id 1) and configures it. Throws what ended
   * the guest on the way, and when it returned false.
   */
  start(module: Uint8Array, settings: GuestSettings): HostedGuest;
}

/** What a guest is started with. A host without grants, quotas or the like leaves those out. */
export interface GuestSettings {
  readonly capabilities: readonly CapabilityFamily[];
  readonly pluginName: string;
  readonly rootId: string;
  readonly vmId: string;
  readonly pluginConfig: Uint8Array;
  readonly vmConfig: Uint8Array;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: { readonly memoryBytes: number; readonly fuel: number; readonly depth: number };
  /** Wall clock at the start, and the seed of random bytes: the same answers on every run. */
  readonly nowMs?: number;
  readonly seed?: number;
  readonly logLevel?: 0 | 1 | 2 | 3 | 4 | 5;
  /** Properties that need no stream, by path. */
  readonly nodeProperties?: Readonly<Record<string, Uint8Array>>;
  readonly quotas?: readonly {
    readonly name: string;
    readonly windows: readonly { readonly count: number; readonly perMs: number; readonly burst: number }[];
  }[];
  /** Names that callouts may be sent to; without it there are none. */
  readonly clusters?: readonly string[];
}

/** A callout that a guest made, and how a test answers it: `answer` and `fail` one over HTTP, `tell` one over gRPC. */
export interface MadeCallout {
  readonly kind: "http" | "grpcCall" | "grpcStream";
  readonly cluster: string;
  /** Headers, or `:path` and metadata. */
  readonly fields: Pairs;
  readonly trailers: Pairs | null;
  /** The body, or messages in order. */
  readonly sent: string[];
  readonly timeoutMs: number | null;
  state: "open" | "halfClosed" | "cancelled";
  answer(headers: Pairs, body: string, trailers?: Pairs): void;
  fail(reason: string): void;
  /** What is given is told in this order. */
  tell(news: {
    readonly initial?: Pairs;
    readonly message?: string;
    readonly trailing?: Pairs;
    readonly closed?: readonly [status: number, message: string];
  }): void;
}

export interface LogLine {
  readonly level: number;
  readonly message: string;
  readonly source: "guest" | "host";
  readonly contextId: number;
}

/** A guest that was started. Once a call has thrown it is over. */
export interface HostedGuest {
  readonly logs: readonly LogLine[];
  /** Callouts that went out, in order. */
  readonly callouts: readonly MadeCallout[];
  /** Makes a stream context over the exchange and runs proxy_on_context_create; gives its id, which is 2 for the first. */
  createStream(exchange: Exchange): number;
  /**
   * Runs a callback: its context, then its other parameters as the specification orders them, 0 where left out. Gives
   * the result as the host takes it, 0 for none. Its effects have been done when it returns.
   */
  call(callback: string, contextId: number, ...rest: number[]): number;
  /** Calls a function that host and filter agreed on: proxy_on_foreign_function, the arguments in buffer CallData. */
  callForeign(functionId: number, args: string): void;
  /** Its whole memory, as a copy. */
  memory(): Uint8Array;
  /** A counter's or a gauge's value, null when nobody defined it; what a histogram was told. */
  metric(name: string): number | null;
  observed(name: string): readonly number[];
  /** Time passes: what falls due on the way is called. */
  advance(byMs: number): void;
}

export const ROOT_CONTEXT = 1;
export const FIRST_STREAM = 2;
