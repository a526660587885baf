// Makes a module's hot functions fast before a worker gets it: V8 gives what is called often better code, and threads that
// have the same module share that code. Canned requests run through the filter alone, with nobody at either end; what it
// does with them is of no interest, unless it fails: then there is nothing to gain.

import { chainOfOne, headOf, takeStream } from "@sluice/abi/load";
import type { Chain, Head, Plugin, Stream, StreamDriver } from "@sluice/abi";
import { REHEARSED_STREAMS_MAX } from "./limits.ts";

interface CannedExchange {
  readonly request: readonly (readonly [string, string])[];
  readonly body: Uint8Array | null;
  readonly response: readonly (readonly [string, string])[];
}

/** Plays requests until `withinMs` are over, or enough of them were played; how many. */
export function rehearse(plugin: Plugin, withinMs: number): number {
  const chain = chainOfOne(plugin);
  const endMs = performance.now() + withinMs;
  let played = 0;
  while (played < REHEARSED_STREAMS_MAX && performance.now() < endMs) {
    if (!play(chain, EXCHANGES[played % EXCHANGES.length]!)) break;
    played++;
  }
  return played;
}

/** False: the filter failed. */
function play(chain: Chain, { request, body, response }: CannedExchange): boolean {
  const stream = takeStream();
  const nowhere = new Nowhere(chain.all);
  stream.open(chain, chain.all, nowhere, headOf(request));
  stream.requestHeaders(body === null);
  if (body !== null && stream.needsRequestData) stream.requestData(body, true);
  if (nowhere.awaitsAnswer) answer(stream, response);
  // What still waits, for a cluster that never answers here, is given up.
  stream.downstreamClosed();
  stream.finish();
  const hasFailed = stream.slotCount > 0 && stream.slotReport(0).error !== null;
  stream.end();
  return !hasFailed;
}

function answer(stream: Stream, response: CannedExchange["response"]): void {
  stream.responseHeaders(headOf(response), false);
  if (stream.needsResponseData) stream.responseData(ANSWER, true);
}

/** The driver of a stream that leads nowhere. */
class Nowhere implements StreamDriver {
  /** The request went on, and nobody has answered in the upstream's place. */
  awaitsAnswer = false;
  private readonly slotMask: number;

  constructor(slotMask: number) {
    this.slotMask = slotMask;
  }

  sendRequestHead(head: Head): number {
    head.routingEdited = false;
    this.awaitsAnswer = true;
    return this.slotMask;
  }
  dropUpstream(): void {
    this.awaitsAnswer = false;
  }
  resetDownstream(): void {
    this.awaitsAnswer = false;
  }
  hasCluster(): boolean {
    return false;
  }
  property(): null {
    return null;
  }
  mirror(): void {}
  sendRequestData(): void {}
  sendRequestTrailers(): void {}
  sendResponseHead(): void {}
  sendResponseData(): void {}
  sendResponseTrailers(): void {}
  pauseReads(): void {}
  resumeReads(): void {}
}

const ANSWER = Buffer.from(JSON.stringify({ items: Array.from({ length: 16 }, (_, id) => ({ id, name: "an item" })) }));
const OK = [
  [":status", "200"],
  ["content-type", "application/json"],
  ["server", "upstream"],
] as const;
const BROWSER = [
  [":scheme", "http"],
  [":authority", "www.example.com"],
  ["user-agent", "Mozilla/5.0 (X11; Linux x86_64)"],
  ["accept", "text/html,application/json;q=0.9"],
  ["x-request-id", "01J00000000000000000000000"],
] as const;

/** What an upstream sees every day: with and without a body, a query, credentials, and an error. */
const EXCHANGES: readonly CannedExchange[] = [
  { request: [[":method", "GET"], [":path", "/"], ...BROWSER], body: null, response: OK },
  {
    request: [
      [":method", "GET"],
      [":path", "/items/17?page=2&sort=name"],
      ...BROWSER,
      ["cookie", "session=abc; theme=dark"],
    ],
    body: null,
    response: [
      [":status", "404"],
      ["content-type", "text/plain"],
    ],
  },
  {
    request: [
      [":method", "POST"],
      [":path", "/items"],
      ...BROWSER,
      ["authorization", "Bearer 0123456789abcdef"],
      ["content-type", "application/json"],
    ],
    body: Buffer.from('{"name":"an item","count":3}'),
    response: OK,
  },
];
