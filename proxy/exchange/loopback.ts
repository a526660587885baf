// For tests: a proxy between raw sockets on this machine. The upstream says what a test scripts, byte for byte; the
// client sends what a test likes. Nothing here knows HTTP beyond finding the end of a head.

import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Head } from "@sluice/abi";
import { Chain } from "@sluice/abi/data-path";
import { CLUSTER_DEFAULTS, parseMachine, settleLimits } from "../contract/index.ts";
import { CLUSTER_ROW_CELLS, MIRROR_ROW_CELLS } from "../counters/slab.ts";
import type { EndpointNews } from "../endpoints/endpoint-news.ts";
import type { MirrorFacts } from "../mirror/mirror-facts.ts";
import { compileCluster } from "../routing/clusters.ts";
import { Admission } from "../overload/admission.ts";
import { ConnectionBoard, createConnectionBoard } from "../overload/connection-board.ts";
import { EndpointDirectory } from "../routing/endpoint-directory.ts";
import { compileRoutes } from "../routing/route-table.ts";
import type { Cluster, Route, RouteTable, Snapshot, StreamLimits, Tracing } from "../snapshot/runtime.ts";
import type { Trusted } from "../snapshot/runtime.ts";
import type { TransportKind } from "../transport/transport.ts";
import { ByteAccount } from "./byte-account.ts";
import { CoarseClock } from "./coarse-clock.ts";
import { EXCHANGE_COUNTER_COUNT } from "./exchange-counters.ts";
import type { ExchangeFacts } from "./facts.ts";
import { HttpServer } from "./http-server.ts";

/** Longer than any answer takes; a test that reaches it has found a hang. */
const TALK_MS = 10_000;

const MACHINE = `apiVersion: sluice/v1
kind: Proxy
node: { id: test }
listeners: [{ name: test, address: 127.0.0.1:0 }]
`;

export interface SeenStream {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly flags: readonly string[];
  readonly route: string | null;
  readonly cluster: string | null;
  readonly upstream: string | null;
  readonly source: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface LoopbackOptions {
  /** Called with every upstream connection; absent: an upstream that answers `200` with what it was asked. */
  readonly upstream?: (socket: Socket) => void;
  readonly transports?: TransportKind;
  readonly chain?: Chain;
  /** That filters may name. */
  readonly clusters?: ReadonlyMap<string, Cluster>;
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly streamIdleTimeoutMs?: number;
  readonly headTimeoutMs?: number;
  readonly accountBytesMax?: number;
  readonly limits?: Partial<StreamLimits>;
  /** Upstream address in place of the scripted one. */
  readonly endpointPort?: number;
  /** `routes` and `clusters` of sluice.yaml in place of the one route, given the upstream's address. */
  readonly routing?: (upstream: string) => string;
  readonly tracing?: Tracing;
  readonly trusted?: Trusted;
}

export class Loopback {
  readonly server: HttpServer;
  readonly seen: SeenStream[] = [];
  readonly counters = new Float64Array(EXCHANGE_COUNTER_COUNT);
  /** By cluster. */
  readonly mirrorRows: Record<string, Float64Array> = {};
  /** By cluster. */
  readonly clusterRows: Record<string, Float64Array> = {};
  /** Addresses that were told to fail. */
  readonly failing: string[] = [];
  readonly compared: MirrorFacts[] = [];
  readonly upstreamHeads: string[] = [];
  readonly account: ByteAccount;
  pins = 0;
  upstreamConnections = 0;
  readonly upstreamSockets: Socket[] = [];
  port = 0;
  private readonly options: LoopbackOptions;
  private readonly upstream = createServer({ allowHalfOpen: true, noDelay: true });
  private readonly waiting: (() => void)[] = [];

  private constructor(options: LoopbackOptions) {
    this.options = options;
    this.account = new ByteAccount(options.accountBytesMax ?? 1 << 30);
    this.server = new HttpServer({
      listener: "test",
      mirrorOrigin: "this-proxy",
      snapshot: () => this.snapshot,
      observer: {
        detached: () => {},
        ended: (facts) => this.note(facts),
        mirrored: (facts) => void this.compared.push({ ...facts }),
      },
      mirrorRow: (cluster) => (this.mirrorRows[cluster] ??= new Float64Array(MIRROR_ROW_CELLS)),
      counters: this.counters,
      account: this.account,
      workers: 1,
      admission: new Admission(new ConnectionBoard(createConnectionBoard(1, 1), 0), 0),
      clock: new CoarseClock(),
      ...(options.transports === undefined ? {} : { transports: options.transports }),
    });
  }

  static async start(options: LoopbackOptions = {}): Promise<Loopback> {
    const loopback = new Loopback(options);
    const { upstream } = loopback;
    upstream.on("connection", (socket) => {
      loopback.upstreamConnections++;
      loopback.upstreamSockets.push(socket);
      socket.on("error", () => {});
      (options.upstream ?? ((asked: Socket) => loopback.answerWithHead(asked)))(socket);
    });
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    loopback.port = await loopback.server.listen({ host: "127.0.0.1", port: 0 });
    return loopback;
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.upstreamSockets) socket.destroy();
    const closed = once(this.upstream, "close");
    this.upstream.close();
    await closed;
    await Promise.all(this.upstreamSockets.filter(({ closed: isClosed }) => !isClosed).map((s) => once(s, "close")));
  }

  /** Resolves when `count` streams have ended. */
  async ended(count: number): Promise<void> {
    while (this.seen.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  client(): Socket {
    const socket = connect({ host: "127.0.0.1", port: this.port, noDelay: true, allowHalfOpen: true });
    socket.on("error", () => {});
    return socket;
  }

  /** Everything the proxy says to `sent` until it closes (or TALK_MS are over), as latin1. */
  async talk(sent: string, pieces: "whole" | "bytes" = "whole"): Promise<string> {
    const socket = this.client();
    const bound = setTimeout(() => socket.destroy(new Error("the proxy did not close in time")), TALK_MS);
    const said = readAll(socket).finally(() => clearTimeout(bound));
    if (pieces === "whole") socket.write(sent, "latin1");
    else await writeSingly(socket, sent);
    const text = await said;
    if (socket.errored?.message.startsWith("the proxy did not")) throw socket.errored;
    return text;
  }

  private get snapshot(): Snapshot {
    const { options } = this;
    return (this.built ??= {
      number: 1,
      generation: 1,
      chain: options.chain ?? new Chain([]),
      routes: options.routing === undefined ? this.oneRoute : this.routed(options.routing),
      clusters: options.clusters ?? new Map(),
      counterRows: [],
      forced: null,
      tracing: options.tracing ?? null,
      trusted: options.trusted ?? null,
      limits: {
        ...settleLimits({}),
        headBytesMax: 4096,
        headFieldsMax: 20,
        headTimeoutMs: options.headTimeoutMs ?? 10_000,
        streamIdleTimeoutMs: options.streamIdleTimeoutMs ?? 60_000,
        connectionsPerSourceMax: 1 << 20,
        ...options.limits,
      },
      pins: 0,
      pin: () => void this.pins++,
      unpin: () => void this.pins--,
    });
  }
  private built: Snapshot | null = null;

  private get oneRoute(): RouteTable {
    const { options } = this;
    const port = options.endpointPort ?? (this.upstream.address() as AddressInfo).port;
    const { connectTimeoutMs = 1000 } = options;
    const endpoints = [{ host: "127.0.0.1", port }];
    const route: Route = {
      name: "all",
      index: 0,
      slotMask: options.chain?.all ?? 0,
      timeoutMs: options.timeoutMs ?? 0,
      cluster: compileCluster({ ...CLUSTER_DEFAULTS, name: "up", endpoints, connectTimeoutMs }, this.directory),
      extras: null,
    };
    return { match: (head: Head) => (head.get(":path") === "/no-route" ? null : route) };
  }
  private readonly directory = new EndpointDirectory({
    rowOf: (cluster) => (this.clusterRows[cluster] ??= new Float64Array(CLUSTER_ROW_CELLS)),
    failing: (_cluster, address) => void this.failing.push(address),
  });
  private readonly clusters = new Map<string, Cluster>();

  /** What is known of endpoints, as main tells it. */
  tellEndpoints(news: readonly EndpointNews[]): void {
    this.directory.take(news);
  }

  /** What is under way to all clusters. */
  clusterLoads(): { active: number; waiting: number; connections: number }[] {
    return this.directory.loads.map(({ active, waiting, connections }) => ({
      active,
      waiting: waiting.size,
      connections,
    }));
  }

  /** Retries under way, of all clusters. */
  clusterRetries(): number {
    return [...this.clusters.values()].reduce((sum, { load }) => sum + load.retries, 0);
  }

  private routed(routing: (upstream: string) => string): RouteTable {
    const { port } = this.upstream.address() as AddressInfo;
    const machine = parseMachine(`${MACHINE}${routing(`127.0.0.1:${port}`)}`, "sluice.yaml");
    const { clusters } = this;
    for (const config of machine.clusters) clusters.set(config.name, compileCluster(config, this.directory));
    return compileRoutes(
      machine.routes,
      () => this.options.chain?.all ?? 0,
      (name) => clusters.get(name)!,
    );
  }

  private note(facts: ExchangeFacts): void {
    this.seen.push({
      method: facts.method(),
      path: facts.path(),
      status: facts.status,
      flags: [...facts.flags],
      route: facts.route?.name ?? null,
      cluster: facts.cluster?.name ?? null,
      upstream: facts.endpoint?.address ?? null,
      source: facts.sourceAddress,
      bytesIn: facts.bytesIn,
      bytesOut: facts.bytesOut,
    });
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  /** Answers every head with its text, a chunked request when its body is over. Other bodies are not expected here. */
  private answerWithHead(socket: Socket): void {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end + 4);
        const bodyEnd = head.includes("chunked") ? text.indexOf("0\r\n\r\n", end + 4) + 5 : end + 4;
        if (bodyEnd < end + 4) return;
        this.upstreamHeads.push(head);
        text = text.slice(bodyEnd);
        const body = head.startsWith("HEAD ") ? "" : head;
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${head.length}\r\n\r\n${body}`, "latin1");
      }
    });
    socket.on("end", () => socket.end());
  }
}

/** What was said, but for the dates in it. */
export function undated(said: string): string {
  return said.replace(/(?<=\n)date: [^\r]{29}\r\n/g, "");
}

export async function readAll(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  await Promise.race([once(socket, "end"), once(socket, "close")]);
  socket.destroy();
  return text;
}

/** Sends byte by byte, each in a loop turn of its own. */
export async function writeSingly(socket: Socket, text: string): Promise<void> {
  for (let i = 0; i < text.length && !socket.destroyed; i++) {
    socket.write(text[i]!, "latin1");
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** The upstream's side of a test: waits for a request head, then does what it is told. */
export function afterHead(socket: Socket, act: (head: string) => void): void {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    if (!text.includes("\r\n\r\n")) return;
    const head = text;
    text = "";
    act(head);
  });
}
