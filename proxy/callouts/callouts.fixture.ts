// For tests: callouts as a worker has them, over clusters at ports of this machine, and sinks that keep what they hear.

import { createServer } from "node:http2";
import type { Http2Server, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { headOf } from "@sluice/abi";
import type { Callout, CalloutClient, GrpcSink, Head, HttpCallout } from "@sluice/abi";
import { CLUSTER_DEFAULTS } from "../contract/index.ts";
import { CALLOUT_CELL, CALLOUT_FAILURES } from "../counters/slab.ts";
import { ByteAccount } from "../exchange/byte-account.ts";
import { CoarseClock } from "../exchange/coarse-clock.ts";
import { compileCluster } from "../routing/clusters.ts";
import { EndpointDirectory } from "../routing/endpoint-directory.ts";
import type { Cluster } from "../snapshot/runtime.ts";
import { rawTcp } from "../transport/raw-transport.ts";
import { Callouts } from "./callouts.ts";

export class CalloutBench {
  readonly callouts: Callouts;
  readonly account = new ByteAccount(1 << 30);
  readonly directory = new EndpointDirectory();
  private readonly rows = new Map<string, Float64Array>();

  constructor() {
    this.callouts = new Callouts({
      transports: rawTcp,
      clock: new CoarseClock(),
      account: this.account,
      rowOf: (cluster) => {
        this.rows.set(cluster, new Float64Array(16));
        return this.rows.get(cluster)!;
      },
    });
  }

  /** As a snapshot has it: by cluster the ports of its endpoints. */
  client(ports: Readonly<Record<string, readonly number[]>>, connectTimeoutMs = 1_000): CalloutClient {
    const clusters = Object.entries(ports).map(([name, all]): [string, Cluster] => {
      const endpoints = all.map((port) => ({ host: "127.0.0.1", port }));
      return [name, compileCluster({ ...CLUSTER_DEFAULTS, name, endpoints, connectTimeoutMs }, this.directory)];
    });
    return this.callouts.client(new Map(clusters));
  }

  /** The counters of a cluster that are not zero. */
  counted(cluster = "auth"): Record<string, number> {
    const { failed, ...outcomes } = CALLOUT_CELL;
    const row = this.rows.get(cluster)!;
    const cells = Object.entries(outcomes).map(([name, at]) => [name, row[at]!] as const);
    const failures = CALLOUT_FAILURES.map((cause, at) => [cause, row[failed + at]!] as const);
    return Object.fromEntries([...cells, ...failures].filter(([, count]) => count > 0));
  }
}

export interface HttpOutcome {
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[] | null;
}

/** Settles as the answer, or as the word it failed with; a second call of the sink would fail the test. */
export function ask(client: CalloutClient, change: Partial<HttpCallout> = {}): Promise<HttpOutcome | string> & Callout {
  let callout: Callout | null = null;
  const outcome = new Promise<HttpOutcome | string>((resolve, reject) => {
    let heard = 0;
    const once = (said: HttpOutcome | string): void => {
      if (callout === null) reject(new Error("the sink was called before http() returned"));
      if (++heard > 1) throw new Error(`the sink was told twice: ${JSON.stringify(said)}`);
      resolve(said);
    };
    const request = {
      cluster: "auth",
      headers: requestHead(),
      body: new Uint8Array(0),
      trailers: null,
      timeoutMs: 5_000,
      ...change,
    };
    callout = client.http(request, {
      answered: (headers, body, trailers) =>
        once({
          headers: headers.toPairs(),
          body: Buffer.from(body).toString("latin1"),
          trailers: trailers?.toPairs() ?? null,
        }),
      failed: (reason) => once(reason),
    });
  });
  return Object.assign(outcome, { cancel: () => callout!.cancel() });
}

export function requestHead(method = "GET", fields: readonly (readonly [string, string])[] = []): Head {
  return headOf([[":method", method], [":path", "/check"], [":authority", "auth.test"], ...fields]);
}

/** What a gRPC sink heard, in order: `metadata x`, `message x`, `trailers x`, `closed 0 text`. */
export class GrpcNotes implements GrpcSink {
  readonly heard: string[] = [];
  readonly over: Promise<string>;
  /** Called with each message. */
  onMessage: (text: string) => void = () => {};
  private settle: (last: string) => void = () => {};
  private waiting: (() => void)[] = [];

  constructor() {
    this.over = new Promise((resolve) => (this.settle = resolve));
  }

  initialMetadata(metadata: Head): void {
    this.note(`metadata ${metadata.get("x-first") ?? ""}`);
  }
  message(bytes: Uint8Array): void {
    const text = Buffer.from(bytes).toString();
    this.note(`message ${text.length > 20 ? `of ${text.length}` : text}`);
    this.onMessage(text);
  }
  trailingMetadata(metadata: Head): void {
    this.note(`trailers ${metadata.get("x-last") ?? ""}`);
  }
  closed(status: number, message: string): void {
    if (this.heard.at(-1)?.startsWith("closed")) throw new Error("closed twice");
    this.note(`closed ${status} ${message}`);
    this.settle(this.heard.at(-1)!);
  }

  /** Until so many notes are there. */
  async until(count: number): Promise<readonly string[]> {
    while (this.heard.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.heard;
  }

  private note(text: string): void {
    this.heard.push(text);
    for (const wake of this.waiting.splice(0)) wake();
  }
}

/** An h2c server whose streams do what the script says. */
export class H2Origin {
  readonly sessions: ServerHttp2Session[] = [];
  private readonly server: Http2Server;

  private constructor(script: (stream: ServerHttp2Stream, headers: Record<string, string>) => void, settings: object) {
    this.server = createServer({ settings, maxHeaderListPairs: 4_000 });
    this.server.on("session", (session) => this.sessions.push(session));
    this.server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      script(stream, headers as Record<string, string>);
    });
  }

  static async start(
    script: (stream: ServerHttp2Stream, headers: Record<string, string>) => void,
    settings: object = {},
  ): Promise<H2Origin> {
    const origin = new H2Origin(script, settings);
    origin.server.listen(0, "127.0.0.1");
    await once(origin.server, "listening");
    return origin;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    this.server.close();
    await once(this.server, "close");
  }
}

export function frame(text: string | Uint8Array, flag = 0): Buffer {
  const message = Buffer.from(text as string);
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Answers with these messages and trailers. */
export function answerWith(
  stream: ServerHttp2Stream,
  messages: readonly (string | Buffer)[],
  trailers: Readonly<Record<string, string>> = { "grpc-status": "0" },
): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc", "x-first": "1" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  for (const message of messages) stream.write(typeof message === "string" ? frame(message) : message);
  stream.end();
}
