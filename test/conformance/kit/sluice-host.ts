// Our host as the suite sees it.
import {
  MemoryServices,
  Plugin,
  prepareModule,
  type Instance,
  type ModuleArtifact,
  type PluginSpec,
} from "@sluice/abi";
import { DEFAULT_CAPABILITIES } from "@sluice/abi/spec";
import type { Exchange } from "./exchange.ts";
import type { GuestSettings, Host, HostedGuest, LogLine, MadeCallout } from "./host.ts";
import { PlainCallouts } from "./plain-callouts.ts";
import { PlainStream } from "./plain-stream.ts";

export const sluiceHost: Host = hostOf("sluice", "shared");

/** Its guests are put back from an image, with a stream's context in it where that can be; what a root hears they do not. */
export const isolatingHost: Host = hostOf("sluice, isolating", "stream");

function hostOf(name: string, isolation: PluginSpec["isolation"]): Host {
  return {
    name,
    start(module, settings) {
      const services = new SluiceServices(settings);
      const { capabilities, pluginName, rootId, vmId, pluginConfig, vmConfig, environment, limits } = settings;
      const spec = { capabilities, pluginName, rootId, vmId, pluginConfig, vmConfig, environment, limits, isolation };
      const plugin = new Plugin(artifactOf(module), specOf(spec), services);
      plugin.start();
      return new SluiceGuest(plugin, services);
    },
  };
}

const artifacts = new WeakMap<Uint8Array, ModuleArtifact>();

/** Modules that are started again are compiled once. */
function artifactOf(module: Uint8Array): ModuleArtifact {
  const known = artifacts.get(module) ?? prepareModule(module);
  artifacts.set(module, known);
  return known;
}

/** What a test that says nothing starts a guest with. */
export const PLAIN_SETTINGS: GuestSettings = {
  capabilities: DEFAULT_CAPABILITIES,
  pluginName: "fixture",
  rootId: "root",
  vmId: "vm",
  pluginConfig: Buffer.from("plugin configuration"),
  vmConfig: Buffer.from("vm configuration"),
  environment: {},
  limits: { memoryBytes: 16 * 1024 * 1024, fuel: 5_000_000, depth: 1024 },
};

/** A plugin's spec, for tests of our host's own parts. */
export function specOf(spec: Partial<PluginSpec> = {}): PluginSpec {
  return {
    ...PLAIN_SETTINGS,
    slot: "slot",
    filter: "fixture",
    version: "sha256:0",
    revision: "sha256:1",
    isolation: "shared",
    requiresCheck: false,
    bodyCallbacks: "all",
    ...spec,
  };
}

type Enter = (instance: Instance, contextId: number, rest: readonly number[]) => number | boolean | void;

/** By callback; a number that was left out is 0. */
const ENTER: Readonly<Record<string, Enter>> = {
  policy_on_check: (instance, id) => instance.onCheck(id),
  policy_on_report: (instance, id) => instance.onReport(id),
  proxy_on_tick: (instance) => instance.tick(),
  proxy_on_request_headers: (instance, id, [count = 0, end]) => instance.requestHeaders(id, count, end === 1),
  proxy_on_request_body: (instance, id, [size = 0, end]) => instance.requestBody(id, size, end === 1),
  proxy_on_request_trailers: (instance, id, [count = 0]) => instance.requestTrailers(id, count),
  proxy_on_response_headers: (instance, id, [count = 0, end]) => instance.responseHeaders(id, count, end === 1),
  proxy_on_response_body: (instance, id, [size = 0, end]) => instance.responseBody(id, size, end === 1),
  proxy_on_response_trailers: (instance, id, [count = 0]) => instance.responseTrailers(id, count),
  proxy_on_new_connection: (instance, id) => !instance.newConnection(id),
  proxy_on_downstream_data: (instance, id, [size = 0, end]) => !instance.downstreamData(id, size, end === 1),
  proxy_on_downstream_connection_close: (instance, id, [peer = 0]) => instance.downstreamClose(id, peer),
  proxy_on_upstream_data: (instance, id, [size = 0, end]) => !instance.upstreamData(id, size, end === 1),
  proxy_on_upstream_connection_close: (instance, id, [peer = 0]) => instance.upstreamClose(id, peer),
  proxy_on_http_call_response: (instance, _, [call = 0, headers = 0, size = 0, trailers = 0]) =>
    instance.httpCallResponse(call, headers, size, trailers),
  proxy_on_grpc_receive_initial_metadata: (instance, _, [token = 0, count = 0]) =>
    instance.grpcReceiveInitialMetadata(token, count),
  proxy_on_grpc_receive: (instance, _, [token = 0, size = 0]) => instance.grpcReceive(token, size),
  proxy_on_grpc_receive_trailing_metadata: (instance, _, [token = 0, count = 0]) =>
    instance.grpcReceiveTrailingMetadata(token, count),
  proxy_on_grpc_close: (instance, _, [token = 0, status = 0]) => instance.grpcClose(token, status),
  proxy_on_queue_ready: (instance, _, [token = 0]) => instance.queueReady(token),
  proxy_on_foreign_function: (instance, _, [id = 0, size = 0]) => instance.foreignFunction(id, new Uint8Array(size)),
  proxy_on_log: (instance, id) => instance.log(id),
  proxy_on_done: (instance, id) => (id === 1 ? instance.rootDone() : instance.done(id)),
  proxy_on_delete: (instance, id) => (id === 1 ? instance.rootDelete() : instance.delete(id)),
};

class SluiceServices extends MemoryServices {
  override readonly callouts: PlainCallouts;

  constructor(settings: GuestSettings) {
    super(settings);
    this.callouts = new PlainCallouts(settings.clusters ?? []);
  }
}

class SluiceGuest implements HostedGuest {
  private readonly plugin: Plugin;
  private readonly services: SluiceServices;
  private readonly instance: Instance;
  private readonly streams = new Map<number, PlainStream>();

  constructor(plugin: Plugin, services: SluiceServices) {
    this.plugin = plugin;
    this.services = services;
    this.instance = plugin.acquire()!;
  }

  get logs(): readonly LogLine[] {
    return this.services.logs;
  }

  get callouts(): readonly MadeCallout[] {
    return this.services.callouts.made;
  }

  createStream(exchange: Exchange): number {
    const stream = new PlainStream(exchange);
    const id = this.instance.createStream(stream, 0);
    this.streams.set(id, stream);
    stream.writeBack();
    return id;
  }

  call(callback: string, contextId: number, ...rest: number[]): number {
    try {
      return Number(ENTER[callback]!(this.instance, contextId, rest) ?? 0);
    } finally {
      for (const stream of this.streams.values()) stream.writeBack();
    }
  }

  callForeign(functionId: number, args: string): void {
    this.plugin.callForeign(functionId, Buffer.from(args));
  }

  memory(): Uint8Array {
    return this.instance.takeImage().memory;
  }

  metric(name: string): number | null {
    return this.services.metrics.valueOf(name);
  }

  observed(name: string): readonly number[] {
    return this.services.metrics.observedOf(name);
  }

  advance(byMs: number): void {
    this.services.clock.advance(byMs);
  }
}
