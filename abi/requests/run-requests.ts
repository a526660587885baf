// Runs the cases of a request file against a module: the real host and the real stream engine, a clock that stands until
// the case lets it pass, a plugin of its own for every case so that cases do not see each other.

import { headOf } from "../head/head.ts";
import { Plugin } from "../host/plugin.ts";
import type { PluginLimits, PluginSpec } from "../host/plugin.ts";
import { MemoryServices } from "../host/memory-services.ts";
import type { QuotaDefinition } from "../quota/quota-backend.ts";
import { quotaDefinitions } from "../quota/quota-document.ts";
import type { ModuleArtifact } from "../module/artifact.ts";
import { DEFAULT_CAPABILITIES } from "../spec/row.ts";
import type { CapabilityFamily } from "../spec/row.ts";
import { chainOfOne } from "../stream/chain.ts";
import type { StreamFlag } from "../stream/driver.ts";
import { ReadLog } from "../stream/read-log.ts";
import type { SlotReport } from "../stream/slot-report.ts";
import { takeStream } from "../stream/stream.ts";
import type { Stream } from "../stream/stream.ts";
import type { VerdictKind } from "../stream/verdict.ts";
import type { RecordedCallout, ScriptedAnswer } from "../host/memory-callouts.ts";
import type { CalloutDocument } from "./callout-document.ts";
import { calloutScript } from "./callout-script.ts";
import { calloutName, failedExpectations } from "./expectations.ts";
import type { FilterDocument } from "./filter-document.ts";
import { CASE_DEPTH, CASE_FUEL, CASE_MEMORY_BYTES, CASE_PAUSED_MS_MAX, CASE_STEP_MS } from "./limits.ts";
import { pluginConfigBytes } from "./plugin-config.ts";
import { RecordedExchange } from "./recorded-exchange.ts";
import type { RecordedMessage, RecordedMirror } from "./recorded-exchange.ts";
import type { RequestCase, RequestsDocument } from "./request-document.ts";

/** What a run differs in from a deployment's defaults. */
export interface RunOptions {
  /** Name, `requires`, `body`, `capabilities` and `exampleConfig` are used; null for a bare module. */
  readonly filter: FilterDocument | null;
  /** What the filter is called; absent: what its document says, else `module`. */
  readonly name?: string;
  /** In place of the request file's own configuration. */
  readonly pluginConfig?: unknown;
  /** Granted beyond the default; absent: what the filter asks for. */
  readonly capabilities?: readonly CapabilityFamily[];
  readonly limits?: Partial<PluginLimits>;
  /** In place of the request file's own. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What became of one case. */
export interface CaseOutcome {
  readonly verdict: { readonly kind: VerdictKind; readonly code: string | null; readonly reason: string | null };
  /** Of the response the client got; null when nothing was sent. */
  readonly status: number | null;
  /** Why the stream ended otherwise than well. */
  readonly flag: StreamFlag | null;
  /** What the upstream got; null when nothing went on. */
  readonly forwarded: RecordedMessage | null;
  /** What the client got; null when nothing was sent. */
  readonly response: RecordedMessage | null;
  /** The answer was made in the upstream's place. */
  readonly isLocal: boolean;
  /** What checks looked at: attributes, `request.headers[x]`, `request.headers` for all of them. */
  readonly reads: readonly string[];
  /** What the filter logged, a line each. */
  readonly logs: readonly string[];
  /** Instructions of all callbacks of the stream. */
  readonly fuel: number;
  readonly error: SlotReport["error"];
  readonly additions: SlotReport["additions"];
  /** Copies that filters had made, in order. */
  readonly mirrors: readonly RecordedMirror[];
  /** What the filter asked of clusters, in order. */
  readonly callouts: readonly RecordedCallout[];
}

/** One case, and whether it became what it shall. */
export interface CaseReport extends CaseOutcome {
  readonly name: string;
  readonly ok: boolean;
  /** What was expected and did not come, a sentence each. */
  readonly failures: readonly string[];
}

/** What became of all cases. */
export interface RequestsReport {
  readonly ok: boolean;
  readonly cases: readonly CaseReport[];
  /** The dearest case. */
  readonly fuelMax: number;
}

/** Runs every case. Throws SluiceError (E12xx) when the module cannot be started or refuses the configuration. */
export function runRequests(artifact: ModuleArtifact, document: RequestsDocument, options: RunOptions): RequestsReport {
  const config = options.pluginConfig ?? document.pluginConfig ?? options.filter?.exampleConfig;
  const { environment = {} } = document;
  const spec = specOf(artifact, config, { environment, ...options });
  const quotas = quotaDefinitions(document.quotas ?? []);
  const cases = document.cases.map((requestCase) => runCase(artifact, spec, quotas, requestCase));
  return {
    ok: cases.every(({ ok }) => ok),
    cases,
    fuelMax: cases.reduce((dearest, { fuel }) => Math.max(dearest, fuel), 0),
  };
}

function runCase(
  artifact: ModuleArtifact,
  spec: PluginSpec,
  quotas: readonly QuotaDefinition[],
  requestCase: RequestCase,
): CaseReport {
  const { name, now, callouts = [], expect = {} } = requestCase;
  const script = new CaseScript(callouts);
  const services = new MemoryServices({
    quotas,
    calloutScript: (callout) => script.answer(callout),
    ...(now === undefined ? {} : { nowMs: Date.parse(now) }),
  });
  const plugin = new Plugin(artifact, spec, services);
  plugin.start();
  try {
    const outcome = playCase(plugin, services, requestCase);
    const failures = failedExpectations(expect, outcome);
    // Only told beside what failed: a case may mean that nobody answers.
    if (failures.length > 0) failures.push(...script.unanswered.map((asked) => `callouts: no entry answers ${asked}`));
    return { name, ok: failures.length === 0, failures, ...outcome };
  } finally {
    plugin.close();
  }
}

/** The case's answers, and what none of them fits. */
class CaseScript {
  readonly unanswered: string[] = [];
  private readonly script: ReturnType<typeof calloutScript>;

  constructor(entries: readonly CalloutDocument[]) {
    this.script = calloutScript(entries);
  }

  answer(callout: RecordedCallout): ScriptedAnswer | null {
    const answer = this.script(callout);
    if (answer === null) this.unanswered.push(calloutName(callout));
    return answer;
  }
}

function playCase(plugin: Plugin, services: MemoryServices, requestCase: RequestCase): CaseOutcome {
  const chain = chainOfOne(plugin);
  const exchange = new RecordedExchange(chain.all, propertiesOf(requestCase, services));
  const stream = takeStream();
  const reads = new ReadLog();
  services.logs.length = 0;
  stream.open(chain, chain.all, exchange, requestHead(requestCase));
  stream.readLog = reads;
  feedRequest(stream, requestCase);
  waitWhilePaused(stream, services);
  if (exchange.awaitsUpstream) {
    exchange.upstreamAnswers();
    feedResponse(stream, requestCase);
    waitWhilePaused(stream, services);
  }
  awaitCallouts(services);
  stream.finish();
  const outcome = outcomeOf(stream, exchange, reads, services);
  stream.end();
  return outcome;
}

function feedRequest(stream: Stream, { request }: RequestCase): void {
  const { chunks = [], trailers = [] } = request;
  stream.requestHeaders(chunks.length === 0 && trailers.length === 0);
  chunks.forEach((chunk, at) =>
    stream.requestData(Buffer.from(chunk), at === chunks.length - 1 && trailers.length === 0),
  );
  if (trailers.length > 0) stream.requestTrailers(headOf(trailers));
}

function feedResponse(stream: Stream, { response = {} }: RequestCase): void {
  const { status = 200, headers = [], chunks = [], trailers = [] } = response;
  stream.responseHeaders(
    headOf([[":status", String(status)], ...headers]),
    chunks.length === 0 && trailers.length === 0,
  );
  chunks.forEach((chunk, at) =>
    stream.responseData(Buffer.from(chunk), at === chunks.length - 1 && trailers.length === 0),
  );
  if (trailers.length > 0) stream.responseTrailers(headOf(trailers));
}

/** Lets the case's clock pass, so that ticks come, until no filter holds the stream or its idle time is over. */
function waitWhilePaused(stream: Stream, services: MemoryServices): void {
  for (let waitedMs = 0; stream.isPaused && waitedMs < CASE_PAUSED_MS_MAX; waitedMs += CASE_STEP_MS) {
    services.clock.advance(CASE_STEP_MS);
  }
  if (stream.isPaused) stream.idleTimeout();
}

/** Answers that the filter did not wait for come before the stream's end, as they would from a fast cluster. */
function awaitCallouts({ clock, memoryCallouts }: MemoryServices): void {
  for (let waitedMs = 0; memoryCallouts.pending > 0 && waitedMs < CASE_PAUSED_MS_MAX; waitedMs += CASE_STEP_MS) {
    clock.advance(CASE_STEP_MS);
  }
}

function outcomeOf(stream: Stream, exchange: RecordedExchange, reads: ReadLog, services: MemoryServices): CaseOutcome {
  const { verdict, code, reason, fuel, error, additions } = stream.slotReport(0);
  return {
    verdict: { kind: verdict, code, reason },
    status: exchange.answered === null ? null : stream.status,
    flag: stream.flag,
    forwarded: exchange.forwarded,
    response: exchange.answered,
    isLocal: exchange.isLocal,
    reads: reads.names(),
    logs: services.logs.filter(({ source }) => source === "guest").map(({ message }) => message),
    fuel,
    error,
    additions,
    mirrors: exchange.mirrors,
    callouts: [...services.memoryCallouts.asked],
  };
}

function requestHead({ request }: RequestCase): ReturnType<typeof headOf> {
  const { method = "GET", path = "/", authority = "test", scheme = "http", headers = [] } = request;
  return headOf([
    [":method", method],
    [":path", path],
    [":authority", authority],
    [":scheme", scheme],
    ...headers.map(([name, value]) => [name.toLowerCase(), value] as const),
  ]);
}

/** What a connection on port 80 would answer. */
function propertiesOf(
  { source = "198.51.100.7:40000" }: RequestCase,
  services: MemoryServices,
): Map<string, Uint8Array> {
  const port = Number(source.slice(source.lastIndexOf(":") + 1));
  return new Map([
    ["source\0address", Buffer.from(source)],
    ["source\0port", int64(BigInt(port))],
    ["destination\0port", int64(80n)],
    ["request\0protocol", Buffer.from("HTTP/1.1")],
    ["request\0time", int64(services.clock.nowNs())],
    ["connection\0id", int64(1n)],
  ]);
}

function int64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return bytes;
}

/** What a module is run as when no deployment says otherwise. */
export function specOf(artifact: ModuleArtifact, config: unknown, options: RunOptions): PluginSpec {
  const { filter, limits = {} } = options;
  const name = options.name ?? filter?.name ?? "module";
  const granted = options.capabilities ?? filter?.capabilities ?? [];
  return {
    slot: name,
    filter: name,
    version: artifact.digest,
    revision: artifact.digest,
    pluginName: name,
    // SDKs with several filters in a module choose by it.
    rootId: name,
    vmId: name,
    pluginConfig: pluginConfigBytes(config),
    vmConfig: new Uint8Array(0),
    environment: options.environment ?? {},
    capabilities: [...new Set([...DEFAULT_CAPABILITIES, ...granted])],
    limits: { memoryBytes: CASE_MEMORY_BYTES, fuel: CASE_FUEL, depth: CASE_DEPTH, ...limits },
    // As a deployment's default: ticks of a shared plugin reach its streams.
    isolation: filter?.phase === "AUTHN" || filter?.phase === "AUTHZ" ? "stream" : "shared",
    requiresCheck: filter?.requires?.includes("check") ?? false,
    bodyCallbacks: filter?.body === "none" ? "none" : "all",
  };
}
