// The harness: a filter in the real host and the real stream engine, without proxy and sockets. Time passes while the
// filter holds a request, and else when the test moves it; two runs of a test see the same.
//
//   const f = await FilterUnderTest.load("build/public-only.wasm", { config: { areas: [] } });
//   const r = f.request({ path: "/internal/x", headers: [["x-role", "guest"]] });
//   expect(r.verdict).toEqual({ kind: "deny", code: "PERMISSION_DENIED", reason: "area-closed" });

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import {
  chainOfOne,
  MemoryConnection,
  MemoryServices,
  Plugin,
  ReadLog,
  RecordedExchange,
  SluiceError,
  calloutScript,
  headOf,
  pluginConfigBytes,
  prepareModule,
  takeStream,
} from "@sluice/abi";
import type {
  CalloutEntry,
  CalloutScript,
  Chain,
  ManualClock,
  MemoryMetrics,
  ModuleArtifact,
  PluginSpec,
  QuotaDefinition,
  RecordedCallout,
} from "@sluice/abi";
import { DEFAULT_CAPABILITIES, LogLevel } from "@sluice/abi/spec";
import type { CapabilityFamily } from "@sluice/abi/spec";
import { SDK_ERRORS } from "../errors.ts";
import { DEPTH_MAX, FUEL_MAX, HELD_MS_MAX, HELD_STEP_MS, MEMORY_BYTES_MAX } from "../limits.ts";
import { requestHeadOf, responseHeadOf } from "./test-request.ts";
import type { TestRequest } from "./test-request.ts";
import { resultOf } from "./test-result.ts";
import type { TestResult } from "./test-result.ts";

export interface LoadOptions {
  /** The plugin configuration: an object as its JSON, a string as it is; absent: zero bytes. */
  readonly config?: unknown;
  /** Capabilities beyond the default ones. */
  readonly capabilities?: readonly CapabilityFamily[];
  /** `requires: [check]` of filter.yaml: then "no opinion" is an error. Default false. */
  readonly requiresCheck?: boolean;
  /** `stream` (default) gives every request a fresh instance, `shared` one for all, as deployment.yaml says it. */
  readonly isolation?: "stream" | "shared";
  /** Wall clock at the start, milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  readonly nowMs?: number;
  /** The deployment's quotas, in memory of their own. Absent: none. */
  readonly quotas?: readonly QuotaDefinition[];
  /**
   * What clusters answer, as in a request file's case, or a function that says it; where nothing is said nobody is there.
   * Answers come when the clock passes: by itself while the filter holds a request, else by `clock.advance`.
   */
  readonly callouts?: readonly CalloutEntry[] | CalloutScript;
  /** Clusters that there are for mirrors and callouts. Absent: every name is one. */
  readonly clusters?: readonly string[];
  /** What WASI shows as the environment, as a revision's `environment`. Default: nothing. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Callbacks may spend this much; default as a proxy's. */
  readonly fuelMax?: number;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
}

export class FilterUnderTest {
  readonly clock: ManualClock;
  /** Counters and gauges by `valueOf(name)`, histograms by `observedOf(name)`. */
  readonly metrics: MemoryMetrics;
  private readonly services: MemoryServices;
  private readonly plugin: Plugin;
  private readonly chain: Chain;
  private readonly clusters: readonly string[] | null;

  /**
   * Loads a module (a file or its bytes) and starts it. Throws SluiceError: the refusal of the host when the module is
   * none, E4009 with what the filter logged when it refuses its configuration or traps.
   */
  static async load(module: string | Uint8Array, options: LoadOptions = {}): Promise<FilterUnderTest> {
    const bytes = typeof module === "string" ? new Uint8Array(await readFile(module)) : module;
    const name = typeof module === "string" ? basename(module, ".wasm") : "filter";
    return new FilterUnderTest(name, prepareModule(bytes), options);
  }

  private constructor(name: string, artifact: ModuleArtifact, options: LoadOptions) {
    const { nowMs, quotas = [], callouts = [], clusters } = options;
    this.services = new MemoryServices({
      quotas,
      clusters,
      calloutScript: typeof callouts === "function" ? callouts : calloutScript(callouts),
      ...(nowMs === undefined ? {} : { nowMs }),
    });
    this.clusters = options.clusters ?? null;
    this.clock = this.services.clock;
    this.metrics = this.services.metrics;
    this.plugin = new Plugin(artifact, specOf(name, artifact, options), this.services);
    this.start();
    this.chain = chainOfOne(this.plugin);
  }

  /** Everything the filter logged so far. */
  get logs(): LogLine[] {
    return this.services.logs.map(({ level, message }) => ({ level: LEVEL_NAMES[level]!, message }));
  }

  /** Everything the filter asked of clusters so far, in order, with what became of it. */
  get callouts(): readonly RecordedCallout[] {
    return this.services.memoryCallouts.asked;
  }

  /** Bytes of guest memory the filter's instances hold. */
  get memoryBytes(): number {
    return this.plugin.memoryBytes;
  }

  /** Sends a request through the filter, and the upstream's answer back unless the filter answered itself. */
  request(request: TestRequest = {}): TestResult {
    const exchange = new RecordedExchange(this.chain.all, propertiesOf(request), this.clusters);
    const stream = takeStream();
    const reads = new ReadLog();
    stream.open(this.chain, this.chain.all, exchange, requestHeadOf(request));
    stream.readLog = reads;
    sendRequest(stream, request);
    let heldMs = this.waitWhileHeld(stream);
    if (exchange.awaitsUpstream) {
      sendResponse(stream, exchange, request);
      heldMs += this.waitWhileHeld(stream);
    }
    stream.finish();
    const result = resultOf(stream, exchange, reads.names(), heldMs);
    stream.end();
    return result;
  }

  /**
   * A client connects through the filter to an upstream, both in memory: `clientSays`, `upstreamSays`, `clientCloses` …, and
   * what each of them got. Of a request its source and destination port count, as the connection's properties.
   */
  connect(request: Pick<TestRequest, "source" | "destinationPort"> = {}): MemoryConnection {
    return new MemoryConnection({ chain: this.chain, properties: Object.fromEntries(propertiesOf(request)) });
  }

  /** Ends the plugin as a replaced revision ends. */
  close(): void {
    this.plugin.close();
  }

  /** Lets the clock pass, so that ticks come, until the filter lets go or the stream's idle time is over; answers how long. */
  private waitWhileHeld(stream: OpenStream): number {
    let heldMs = 0;
    for (; stream.isPaused && heldMs < HELD_MS_MAX; heldMs += HELD_STEP_MS) this.clock.advance(HELD_STEP_MS);
    if (stream.isPaused) stream.idleTimeout();
    return heldMs;
  }

  private start(): void {
    try {
      this.plugin.start();
    } catch (cause) {
      const said = this.logs.map(({ message }) => message).join("; ");
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SluiceError(SDK_ERRORS.configurationRefused, said === "" ? why : `${why}: ${said}`, { cause });
    }
  }
}

const LEVEL_NAMES = Object.keys(LogLevel).map((name) => name.toLowerCase());

type OpenStream = ReturnType<typeof takeStream>;

function sendRequest(stream: OpenStream, { chunks = [], trailers = [] }: TestRequest): void {
  const endsWithHead = chunks.length === 0 && trailers.length === 0;
  stream.requestHeaders(endsWithHead);
  chunks.forEach((chunk, i) => {
    stream.requestData(Buffer.from(chunk), i === chunks.length - 1 && trailers.length === 0);
  });
  if (trailers.length > 0) stream.requestTrailers(headOf(trailers));
}

function sendResponse(stream: OpenStream, exchange: RecordedExchange, { response = {} }: TestRequest): void {
  const { chunks = [], trailers = [] } = response;
  exchange.upstreamAnswers();
  stream.responseHeaders(responseHeadOf(response), chunks.length === 0 && trailers.length === 0);
  chunks.forEach((chunk, i) => {
    stream.responseData(Buffer.from(chunk), i === chunks.length - 1 && trailers.length === 0);
  });
  if (trailers.length > 0) stream.responseTrailers(headOf(trailers));
}

/** What the proxy's connection would answer, in the encodings of the ABI. */
function propertiesOf({ source = "198.51.100.7:40000", destinationPort = 80 }: TestRequest): Map<string, Uint8Array> {
  const port = new Uint8Array(8);
  new DataView(port.buffer).setBigInt64(0, BigInt(destinationPort), true);
  const properties = new Map([["destination\0port", port]]);
  if (source !== null) properties.set("source\0address", Buffer.from(source));
  return properties;
}

function specOf(name: string, artifact: ModuleArtifact, options: LoadOptions): PluginSpec {
  const {
    config,
    environment = {},
    capabilities = [],
    requiresCheck = false,
    isolation = "stream",
    fuelMax = FUEL_MAX,
  } = options;
  return {
    slot: "test",
    filter: name,
    version: artifact.digest,
    revision: artifact.digest,
    pluginName: name,
    rootId: name,
    vmId: "test",
    pluginConfig: pluginConfigBytes(config),
    vmConfig: new Uint8Array(0),
    environment,
    capabilities: [...new Set([...DEFAULT_CAPABILITIES, ...capabilities])],
    limits: { memoryBytes: MEMORY_BYTES_MAX, fuel: fuelMax, depth: DEPTH_MAX },
    isolation,
    requiresCheck,
    bodyCallbacks: "all",
  };
}
