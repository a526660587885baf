// A shipped filter through the whole stream engine, from a stream's context to its end, with a driver that moves nothing. The
// same stream without the filter is measured beside it: what lies between them is what the filter costs a request.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import {
  chainOfOne,
  Head,
  headOf,
  MemoryServices,
  Plugin,
  prepareModule,
  takeStream,
  type Chain,
  type ModuleArtifact,
  type QuotaDefinition,
  type StreamDriver,
} from "@sluice/abi";
import { DEFAULT_CAPABILITIES, type CapabilityFamily } from "@sluice/abi/spec";
import { buildFilter } from "@sluice/sdk-filter";

import { unmetered } from "../behaviour/observe-case.ts";
import { specOf } from "../conformance/kit/sluice-host.ts";

const REQUEST = [
  [":method", "GET"],
  [":path", "/a/b?c=d"],
  [":authority", "a.test"],
  [":scheme", "http"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
  ["accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"],
  ["accept-language", "en-US,en;q=0.5"],
  ["accept-encoding", "gzip, deflate"],
  ["cookie", "session=0123456789abcdef; theme=dark"],
  ["x-role", "guest"],
  ["x-user", "user-1742"],
  ["origin", "https://app.example.com"],
  ["x-forwarded-for", "127.0.0.1"],
  ["x-request-id", "0123456789abcdef0123456789abcdef"],
] as const;
const RESPONSE = [
  [":status", "200"],
  ["content-type", "text/plain"],
  ["content-length", "1024"],
] as const;

const REQUEST_HEAD = headOf(REQUEST);
const RESPONSE_HEAD = headOf(RESPONSE);

/** A filter as a deployment would have it. */
export interface LifeSetup {
  /** A folder of filters-as/. */
  readonly filter: string;
  readonly config: unknown;
  readonly isolation: "stream" | "shared";
  readonly requiresCheck?: boolean;
  readonly capabilities?: readonly CapabilityFamily[];
  readonly quotas?: readonly QuotaDefinition[];
}

/** Streams that one `run` takes through the filter. */
export const LIVES = 1000;

export class FilterLife {
  /** Instructions of one stream, all its callbacks together. */
  readonly fuel: number;
  private readonly plugin: Plugin;
  private readonly chain: Chain;
  private readonly driver: NullDriver;
  /** As a connection's: one head, filled anew for each message. */
  private readonly request = new Head();
  private readonly response = new Head();

  static async of(setup: LifeSetup): Promise<FilterLife> {
    return new FilterLife(prepareModule(await wasmOf(setup.filter)), setup);
  }

  /** The same filter without fuel, depth and what a reset needs, in one instance for all streams. */
  static async unmeteredOf(setup: LifeSetup): Promise<FilterLife> {
    const bytes = await wasmOf(setup.filter);
    return new FilterLife(unmetered(prepareModule(bytes), bytes), { ...setup, isolation: "shared" });
  }

  private constructor(
    artifact: ModuleArtifact,
    { config, isolation, requiresCheck, capabilities = [], quotas }: LifeSetup,
  ) {
    const spec = specOf({
      isolation,
      requiresCheck: requiresCheck ?? false,
      capabilities: [...DEFAULT_CAPABILITIES, ...capabilities],
      bodyCallbacks: "none",
      pluginConfig: Buffer.from(JSON.stringify(config)),
    });
    this.plugin = new Plugin(artifact, spec, new MemoryServices(quotas === undefined ? {} : { quotas }));
    this.plugin.start();
    this.chain = chainOfOne(this.plugin);
    this.driver = new NullDriver();
    // The first stream makes what later ones use again.
    this.runOne(this.chain.all);
    this.fuel = this.runOne(this.chain.all);
  }

  run(): void {
    for (let i = 0; i < LIVES; i++) this.runOne(this.chain.all);
  }

  /** The same streams on a route that leaves the filter out. */
  runWithout(): void {
    for (let i = 0; i < LIVES; i++) this.runOne(0);
  }

  /** Of one instance's memory. */
  get imageBytes(): number {
    return this.plugin.memoryBytes / this.plugin.instancesLive;
  }

  /** What `isolation: stream` costs beside the filter: an instance taken and put back untouched. */
  instanceOnly(): void {
    for (let i = 0; i < LIVES; i++) this.plugin.release(this.plugin.acquire()!);
  }

  /** Answers the fuel it took. */
  private runOne(mask: number): number {
    const { chain, driver, request, response } = this;
    request.shareFrom(REQUEST_HEAD);
    response.shareFrom(RESPONSE_HEAD);
    driver.mask = mask;
    const stream = takeStream();
    stream.open(chain, mask, driver, request);
    stream.requestHeaders(true);
    if (!driver.isAsked) throw new Error("the benchmark's request was denied");
    driver.isAsked = false;
    stream.responseHeaders(response, true);
    stream.finish();
    const fuel = mask === 0 ? 0 : stream.runs[0]!.fuel;
    stream.end();
    return fuel;
  }
}

async function wasmOf(filter: string): Promise<Uint8Array> {
  const { wasmFile } = await buildFilter(resolve(import.meta.dirname, "../../filters-as", filter), {
    onlyWhenStale: true,
  });
  return readFileSync(wasmFile);
}

const SOURCE = Buffer.from("192.0.2.17:40000");

class NullDriver implements StreamDriver {
  isAsked = false;
  mask = 0;

  sendRequestHead(): number {
    this.isAsked = true;
    return this.mask;
  }
  hasCluster(): boolean {
    return true;
  }
  mirror(): void {}
  sendRequestData(): void {}
  sendRequestTrailers(): void {}
  sendResponseHead(): void {}
  sendResponseData(): void {}
  sendResponseTrailers(): void {}
  dropUpstream(): void {}
  resetDownstream(): void {}
  pauseReads(): void {}
  resumeReads(): void {}
  property(path: string): Uint8Array | null {
    return path === "source\0address" ? SOURCE : null;
  }
}
