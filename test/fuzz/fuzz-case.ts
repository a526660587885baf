// One module through all that a pushed module goes through: inspected, metered, compiled, started, one request. It is refused
// or it runs; whatever else happens is a finding.
import { createHash } from "node:crypto";
import {
  chainOfOne,
  headOf,
  MemoryConnection,
  inspect,
  MemoryServices,
  Plugin,
  prepareModule,
  RecordedExchange,
  SluiceError,
  takeStream,
  type ModuleArtifact,
  type PluginSpec,
  type RecordedCallout,
  type ScriptedAnswer,
} from "@sluice/abi";
import { CAPABILITY_FAMILIES } from "@sluice/abi/spec";

/** What was found wrong with the host; the message names it. */
export class Finding extends Error {
  override readonly name = "Finding";
}

const MEMORY_PAGES = 16;
const PAGE_BYTES = 65_536;
const CALLBACK_FUEL = 100_000;
const START_FUEL = 10_000_000;
/** The root, the one that makes streams' images, and the stream's own; a failed one may wait for the collector. */
const INSTANCES_MAX = 4;

/** `refused E1115`, `not started E1202`, `ran`, or `failed fuel` and its like. Throws a Finding. */
export function runCase(module: Uint8Array, config: Uint8Array): string {
  const result = inspect(module, { memoryPagesMax: MEMORY_PAGES });
  if (!result.ok) return `refused ${result.refusal.code.slice("SLUICE-".length)}`;
  const artifact = prepare(module);
  const first = play(artifact, config);
  const again = play(artifact, config);
  if (first.trace !== again.trace) throw new Finding(`the second run differs: ${first.trace} then ${again.trace}`);
  return first.outcome;
}

/** What inspection takes, the meter and the compiler must take. */
function prepare(module: Uint8Array): ModuleArtifact {
  try {
    return prepareModule(module, { memoryPagesMax: MEMORY_PAGES, tableEntriesMax: 1_000, startFuel: START_FUEL });
  } catch (error) {
    throw new Finding(`inspected and not prepared: ${String(error)}`, { cause: error });
  }
}

/** By the names that the seeds use. */
const QUOTAS = ["per-user", "per-key", "q"].map((name) => ({
  name,
  windows: [{ count: 1, perMs: 60_000, burst: 10 }],
}));

interface Played {
  readonly outcome: string;
  /** Everything that must be the same on every run. */
  readonly trace: string;
}

function play(artifact: ModuleArtifact, config: Uint8Array): Played {
  const services = new MemoryServices({ calloutScript: answer, quotas: QUOTAS });
  const plugin = new Plugin(artifact, specOf(config), services);
  try {
    plugin.start();
  } catch (error) {
    if (!(error instanceof SluiceError)) throw new Finding(`start threw ${String(error)}`, { cause: error });
    return { outcome: `not started ${error.code.slice("SLUICE-".length)}`, trace: error.message };
  }
  const { outcome, fuel } = request(plugin, services);
  const transcript = connect(plugin, services);
  plugin.callForeign(7, Buffer.from("arguments"));
  checkMemory(plugin);
  const image = plugin.image();
  const state = image === null ? "" : createHash("sha256").update(image.bytes).digest("hex");
  const globals = image === null ? "" : image.globals.map(String).join(",");
  const logs = services.logs.map(({ message }) => message).join("\n");
  plugin.close();
  return { outcome, trace: [outcome, fuel, transcript, state, globals, logs].join(" ") };
}

function request(plugin: Plugin, services: MemoryServices): { readonly outcome: string; readonly fuel: number } {
  const chain = chainOfOne(plugin);
  const exchange = new RecordedExchange(chain.all, new Map());
  const stream = takeStream();
  stream.open(chain, chain.all, exchange, headOf(REQUEST));
  stream.requestHeaders(false);
  stream.requestData(Buffer.from("the body"), false);
  stream.requestTrailers(headOf([["x-last", "1"]]));
  services.clock.advance(50);
  if (stream.isPaused) stream.idleTimeout();
  if (exchange.awaitsUpstream) {
    exchange.upstreamAnswers();
    stream.responseHeaders(headOf([[":status", "200"]]), false);
    stream.responseData(Buffer.from("the answer"), false);
    stream.responseTrailers(headOf([["x-last", "2"]]));
    services.clock.advance(50);
    if (stream.isPaused) stream.idleTimeout();
  }
  stream.finish();
  stream.end();
  if (exchange.answered === null && exchange.cut === null) throw new Finding("the stream ended without an answer");
  const { error, fuel } = stream.slotReport(0);
  return { outcome: error === null ? "ran" : `failed ${error.cause}`, fuel };
}

/** A TCP connection through the same plugin; what became of it. */
function connect(plugin: Plugin, { clock }: MemoryServices): string {
  const connection = new MemoryConnection({ chain: chainOfOne(plugin) });
  connection.clientSays("up");
  clock.advance(50);
  if (connection.isConnected) connection.upstreamSays("down");
  connection.upstreamEnds();
  connection.clientEnds();
  clock.advance(50);
  connection.upstreamCloses();
  connection.clientCloses();
  return connection.transcript.join(", ");
}

/** What clusters answer, so that each callback of a callout has its turn. */
function answer({ kind }: RecordedCallout): ScriptedAnswer {
  if (kind === "http") return { response: { headers: [["x-h", "1"]], body: "an answer", trailers: [["x-t", "1"]] } };
  return { grpc: { metadata: [["x-m", "1"]], messages: ["one", "two"], trailers: [["x-t", "1"]] } };
}

function checkMemory(plugin: Plugin): void {
  const most = INSTANCES_MAX * MEMORY_PAGES * PAGE_BYTES;
  if (plugin.memoryBytes > most) throw new Finding(`its instances hold ${plugin.memoryBytes} bytes, of ${most}`);
}

const REQUEST: [string, string][] = [
  [":method", "POST"],
  [":path", "/a?b=c"],
  [":authority", "a.test"],
  [":scheme", "http"],
  ["x-a", "1"],
  ["x-loop", "1"],
  ["x-role", "guest"],
];

function specOf(pluginConfig: Uint8Array): PluginSpec {
  return {
    slot: "fuzzed",
    filter: "fuzzed",
    version: "sha256:v",
    revision: "sha256:r",
    pluginName: "fuzzed",
    rootId: "",
    vmId: "fuzzed",
    pluginConfig,
    vmConfig: new Uint8Array(0),
    environment: { NAME: "value" },
    capabilities: CAPABILITY_FAMILIES,
    limits: { memoryBytes: MEMORY_PAGES * PAGE_BYTES, fuel: CALLBACK_FUEL, depth: 256 },
    isolation: "stream",
    requiresCheck: false,
    bodyCallbacks: "all",
  };
}
