// Plays a case of the behaviour table against a module, through the real host and the real stream engine, and tells what
// upstream and client got, what was logged and what was counted. The same module can be run as it was before metering.

import {
  MemoryServices,
  Plugin,
  RecordedExchange,
  chainOfOne,
  headOf,
  pluginConfigBytes,
  prepareModule,
  takeStream,
} from "@sluice/abi";
import type { ModuleArtifact, PluginSpec, RecordedMessage, SlotReport } from "@sluice/abi";
import { CAPABILITY_FAMILIES, LogLevel } from "@sluice/abi/spec";
import { CLUSTERS, clusterAnswer } from "./cluster-answers.ts";
import type { BehaviourCase, FieldValues, Fields, Step } from "./cases.ts";

export interface ObservedMessage {
  readonly headers: FieldValues;
  readonly body: string;
  readonly trailers: FieldValues;
}

/** What came of one step. */
export interface Observation {
  readonly status: number | null;
  readonly request: ObservedMessage | null;
  readonly response: ObservedMessage | null;
  /** Of the guest's streams, `level: text`. The root's depend on whether there was an image to start from. */
  readonly logs: readonly string[];
  readonly metrics: {
    readonly requests: number | null;
    readonly level: number | null;
    readonly sizes: readonly number[];
  };
  /** Callouts so far: what was asked, and what became of it. */
  readonly asked: readonly string[];
  /** Why the guest was ended; null when it was not. */
  readonly failure: SlotReport["error"];
  /** Instructions of the stream's callbacks. */
  readonly fuel: number;
}

const MEMORY_BYTES = 16 * 1024 * 1024;
const FUEL = 5_000_000;
const DEPTH = 1024;
const ROOT_ID = 1;
const HELD_MS_MAX = 2000;
const HELD_STEP_MS = 10;
/** What the table's properties say of the connection. */
const SOURCE_PORT = 40_000n;

/** The same module without fuel, depth and what an image needs: each instance is started anew. */
export function unmetered(artifact: ModuleArtifact, bytes: Uint8Array): ModuleArtifact {
  const meter = { ...artifact.meter, mutableGlobals: [], resettable: false };
  return { ...artifact, module: new WebAssembly.Module(Uint8Array.from(bytes)), meter };
}

export function metered(bytes: Uint8Array): ModuleArtifact {
  return prepareModule(bytes);
}

/** One observation for each step. Throws when a callback of the root fails: no row of the table wants that. */
export function observeCase(
  artifact: ModuleArtifact,
  behaviourCase: BehaviourCase,
  isolation: "shared" | "stream",
): Observation[] {
  const services = new MemoryServices({ calloutScript: clusterAnswer, clusters: CLUSTERS });
  const plugin = new Plugin(artifact, specOf(artifact, isolation), services);
  plugin.start();
  const seen = behaviourCase.steps.map((step) => observeStep(plugin, services, behaviourCase.behaviour, step));
  plugin.close();
  if (plugin.lastRootFailure !== null) throw plugin.lastRootFailure;
  return seen;
}

function observeStep(plugin: Plugin, services: MemoryServices, behaviour: string, step: Step): Observation {
  services.clock.advance(step.afterMs ?? 0);
  services.logs.length = 0;
  const chain = chainOfOne(plugin);
  const exchange = new RecordedExchange(chain.all, propertiesOf(services));
  const stream = takeStream();
  stream.open(chain, chain.all, exchange, requestHead(behaviour, step));
  sendRequest(stream, step);
  waitWhileHeld(stream, services);
  if (exchange.awaitsUpstream) {
    exchange.upstreamAnswers();
    sendResponse(stream, step);
    waitWhileHeld(stream, services);
  }
  stream.finish();
  const { error, fuel } = stream.slotReport(0);
  const observation = {
    status: exchange.answered === null ? null : stream.status,
    request: messageOf(exchange.forwarded),
    response: messageOf(exchange.answered),
    ...tracesIn(services),
    failure: error,
    fuel,
  };
  stream.end();
  return observation;
}

type OpenStream = ReturnType<typeof takeStream>;

function requestHead(behaviour: string, { path = "/", request = {} }: Step): ReturnType<typeof headOf> {
  const named = (request.headers ?? []).some(([name]) => name === "x-behaviour");
  return headOf([
    [":method", "GET"],
    [":path", path],
    [":authority", "test"],
    [":scheme", "http"],
    ...(named ? [] : [["x-behaviour", behaviour] as const]),
    ...(request.headers ?? []),
  ]);
}

function sendRequest(stream: OpenStream, { request: { chunks = [], trailers = [] } = {} }: Step): void {
  stream.requestHeaders(chunks.length === 0 && trailers.length === 0);
  chunks.forEach((chunk, at) => {
    stream.requestData(Buffer.from(chunk), at === chunks.length - 1 && trailers.length === 0);
  });
  if (trailers.length > 0) stream.requestTrailers(headOf(trailers));
}

function sendResponse(stream: OpenStream, { response = {} }: Step): void {
  const { status = 200, headers = [], chunks = [], trailers = [] } = response;
  const head = headOf([[":status", String(status)], ...headers]);
  stream.responseHeaders(head, chunks.length === 0 && trailers.length === 0);
  chunks.forEach((chunk, at) => {
    stream.responseData(Buffer.from(chunk), at === chunks.length - 1 && trailers.length === 0);
  });
  if (trailers.length > 0) stream.responseTrailers(headOf(trailers));
}

function waitWhileHeld(stream: OpenStream, services: MemoryServices): void {
  for (let heldMs = 0; stream.isPaused && heldMs < HELD_MS_MAX; heldMs += HELD_STEP_MS) {
    services.clock.advance(HELD_STEP_MS);
  }
  if (stream.isPaused) stream.idleTimeout();
}

function messageOf(message: RecordedMessage | null): ObservedMessage | null {
  if (message === null) return null;
  return { headers: fieldValues(message.headers), body: message.body, trailers: fieldValues(message.trailers) };
}

/** Fields by name; names that come several times have a list. */
export function fieldValues(fields: Fields): FieldValues {
  const names = [...new Set(fields.map(([name]) => name))];
  return Object.fromEntries(
    names.map((name) => {
      const values = fields.filter(([field]) => field === name).map(([, value]) => value);
      return [name, values.length === 1 ? values[0]! : values];
    }),
  );
}

const LEVEL_NAMES = Object.keys(LogLevel).map((name) => name.toLowerCase());

/** What streams of the guest logged, `level: text`. */
export function guestLogs({ logs }: MemoryServices): string[] {
  const lines = logs.filter(({ source, contextId }) => source === "guest" && contextId > ROOT_ID);
  return lines.map(({ level, message }) => `${LEVEL_NAMES[level]}: ${message}`);
}

function tracesIn(services: MemoryServices): Pick<Observation, "asked" | "logs" | "metrics"> {
  const { memoryCallouts, metrics } = services;
  return {
    asked: memoryCallouts.asked.map(({ kind, cluster, path, messages, outcome }) =>
      [kind, cluster, path, ...messages.map((message) => Buffer.from(message).toString()), outcome].join(" "),
    ),
    logs: guestLogs(services),
    metrics: {
      requests: metrics.valueOf("behaviour.requests"),
      level: metrics.valueOf("behaviour.level"),
      sizes: [...metrics.observedOf("behaviour.sizes")],
    },
  };
}

function propertiesOf({ clock }: MemoryServices): Map<string, Uint8Array> {
  return new Map([
    ["source\0port", int64(SOURCE_PORT)],
    ["request\0time", int64(clock.nowNs())],
    ["connection\0mtls", Uint8Array.of(1)],
  ]);
}

function int64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, true);
  return bytes;
}

/** The guest as a deployment would have it; `label` is its configuration. */
export function specOf(artifact: ModuleArtifact, isolation: "shared" | "stream", label = "blue"): PluginSpec {
  return {
    slot: "behaviour",
    filter: "behaviour",
    version: artifact.digest,
    revision: artifact.digest,
    pluginName: "behaviour",
    // The solo SDK finds its filter by it.
    rootId: "behaviour",
    vmId: "behaviour",
    pluginConfig: pluginConfigBytes({ label }),
    vmConfig: new Uint8Array(0),
    environment: { COLOUR: "green" },
    capabilities: CAPABILITY_FAMILIES,
    limits: { memoryBytes: MEMORY_BYTES, fuel: FUEL, depth: DEPTH },
    isolation,
    requiresCheck: false,
    bodyCallbacks: "all",
  };
}
