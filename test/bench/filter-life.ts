// What a filter costs a request from its context to its end: rbac through the whole stream engine, with a driver that
// moves nothing. What is left of a proxied request is the sockets'.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import {
  chainOfOne,
  headOf,
  MemoryServices,
  Plugin,
  prepareModule,
  takeStream,
  type Chain,
  type Head,
  type StreamDriver,
} from "@sluice/abi";
import { buildFilter } from "@sluice/sdk-filter";

import { specOf } from "../conformance/kit/guest.ts";
import { policies } from "./rbac-deployment.ts";

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
  ["x-forwarded-for", "127.0.0.1"],
  ["x-request-id", "0123456789abcdef0123456789abcdef"],
] as const;
const RESPONSE = [
  [":status", "200"],
  ["content-type", "text/plain"],
  ["content-length", "1024"],
] as const;

/** One stream of the benchmark; call it as often as you like. */
export async function rbacLife(): Promise<{ readonly stream: () => void; readonly instanceOnly: () => void }> {
  const { wasmFile } = await buildFilter(resolve(import.meta.dirname, "../../filters-as/rbac"), {
    onlyWhenStale: true,
  });
  const spec = specOf({
    isolation: "stream",
    requiresCheck: true,
    bodyCallbacks: "none",
    pluginConfig: Buffer.from(JSON.stringify({ policies })),
  });
  const plugin = new Plugin(prepareModule(readFileSync(wasmFile)), spec, new MemoryServices());
  plugin.start();
  const chain = chainOfOne(plugin);
  const driver = new NullDriver(chain.all);
  const request = headOf(REQUEST);
  const response = headOf(RESPONSE);
  return {
    stream: () => runStream(chain, driver, request, response),
    instanceOnly: () => plugin.release(plugin.acquire()!),
  };
}

function runStream(chain: Chain, driver: NullDriver, request: Head, response: Head): void {
  const stream = takeStream();
  stream.open(chain, chain.all, driver, request);
  stream.requestHeaders(true);
  if (!driver.isAsked) throw new Error("the benchmark's request was denied");
  driver.isAsked = false;
  stream.responseHeaders(response, true);
  stream.finish();
  stream.end();
}

class NullDriver implements StreamDriver {
  isAsked = false;
  private readonly mask: number;

  constructor(mask: number) {
    this.mask = mask;
  }

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
  property(): Uint8Array | null {
    return null;
  }
}
