// A proxy process with few file descriptors, before an upstream that does what the path says: `/endless` pours, `/hold`
// answers when told to, everything else is answered at once.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { freePort } from "../free-port.ts";
import { Program } from "./program.ts";

const sluiceFile = join(import.meta.dirname, "../../bin/sluice.js");
const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

export interface BoundedStats {
  readonly bounds: {
    readonly descriptors: { readonly descriptors: number; readonly isLowered: boolean; readonly connections: number };
    readonly refusedConnections: Readonly<Record<"listener" | "source" | "overload", number>>;
    readonly refusedStreams: number;
    readonly actions: Readonly<Record<string, number>>;
  };
  readonly counters: { readonly connections: number };
  readonly workers: {
    readonly serving: number;
    readonly holdings: readonly ({ readonly overload: { readonly level: number } } | null)[];
  };
}

export class BoundedProxy {
  readonly program: Program;
  readonly port: number;
  readonly adminPort: number;
  private readonly folder: string;
  private readonly upstream: Server;
  private readonly sockets = new Set<Socket>();
  private readonly held: (() => void)[] = [];

  /** `limits` as YAML. The filter loops on requests with `x-loop`. */
  static async start(descriptors: number, limits: string, workers = 1): Promise<BoundedProxy> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bounds-"));
    const upstream = createServer();
    upstream.listen(0, "127.0.0.1");
    await once(upstream, "listening");
    const [port, adminPort] = [await freePort(), await freePort()];
    const upstreamPort = (upstream.address() as AddressInfo).port;
    writeFileSync(join(folder, "loop.wasm"), await fixtureModule("loop-on-header"));
    writeFileSync(join(folder, "deployment.yaml"), deployment);
    writeFileSync(join(folder, "sluice.yaml"), machine({ port, adminPort, upstreamPort, limits, workers }));
    const command = `ulimit -n ${descriptors} && exec "$0" "$@"`;
    const args = ["-c", command, process.execPath, sluiceFile, "proxy", "-c", "sluice.yaml"];
    const proxy = new BoundedProxy(folder, upstream, new Program("bash", args, { cwd: folder }), port, adminPort);
    await proxy.program.until("readiness", async () => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => null);
      await answer?.arrayBuffer();
      return answer?.ok === true;
    });
    return proxy;
  }

  private constructor(folder: string, upstream: Server, program: Program, port: number, adminPort: number) {
    this.folder = folder;
    this.upstream = upstream;
    this.program = program;
    this.port = port;
    this.adminPort = adminPort;
    upstream.on("connection", (socket) => this.serve(socket));
  }

  /** A connection that sends `text` and reads nothing. */
  client(text: string, port = this.port): Socket {
    const socket = connect(port, "127.0.0.1").pause();
    socket.on("error", () => {});
    this.sockets.add(socket);
    if (text !== "") socket.write(text);
    return socket;
  }

  /** Status of a request on a connection of its own; 0: it was closed without an answer. */
  async ask(): Promise<number> {
    const socket = this.client("GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.resume();
    await new Promise<void>((resolve) => socket.once("close", () => resolve()));
    this.sockets.delete(socket);
    return Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
  }

  letGo(clients: readonly Socket[]): void {
    for (const client of clients) {
      client.destroy();
      this.sockets.delete(client);
    }
  }

  /** Answers every `/hold`. */
  release(): void {
    for (const answer of this.held.splice(0)) answer();
  }

  async stats(): Promise<BoundedStats> {
    return (await (await this.admin("stats")).json()) as BoundedStats;
  }

  /** Ends a worker, as a crash would. */
  async killWorker(index: number): Promise<void> {
    await (await this.admin(`replace-worker?index=${index}`, "POST")).arrayBuffer();
  }

  async metrics(): Promise<string> {
    return (await this.admin("metrics")).text();
  }

  /** Lines of the log about overload: the level reached and the signal that did it. */
  changes(): { readonly level: number; readonly signal: string }[] {
    return this.program.stderr
      .split("\n")
      .filter((line) => line.includes('"signal":'))
      .map((line) => JSON.parse(line) as { level: number; signal: string });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.release();
    this.upstream.close();
    await this.program.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private admin(call: string, method = "GET"): Promise<Response> {
    const token = readFileSync(join(this.folder, "state/admin.token"), "utf8").trim();
    return fetch(`http://127.0.0.1:${this.adminPort}/${call}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => {
      const text = bytes.toString("latin1");
      if (text.startsWith("GET /endless")) pour(socket);
      else if (text.startsWith("GET /hold")) this.held.push(() => void socket.write(ok));
      else socket.write(ok);
    });
  }
}

function pour(socket: Socket): void {
  const chunk = Buffer.alloc(65_536);
  const on = (): void => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on("drain", on);
  socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n");
  on();
}

const deployment = `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: loop
    phase: OTHER
    isolation: shared
    revisions: [{ filter: loop, module: loop.wasm, limits: { fuel: 100000000 } }]
`;

interface MachineFacts {
  readonly port: number;
  readonly adminPort: number;
  readonly upstreamPort: number;
  readonly limits: string;
  readonly workers: number;
}

function machine({ port, adminPort, upstreamPort, limits, workers }: MachineFacts): string {
  return `apiVersion: sluice/v1
kind: Proxy
node: { id: bounded }
stateDir: state
workers: ${workers}
listeners: [{ name: http, address: 127.0.0.1:${port} }]
routes:
  - { name: narrow, match: { path: { prefix: /hold } }, cluster: narrow }
  - { name: all, match: { path: { prefix: / } }, cluster: wide }
clusters:
  - { name: wide, endpoints: [127.0.0.1:${upstreamPort}] }
  - { name: narrow, endpoints: [127.0.0.1:${upstreamPort}], connectionsMax: 1 }
admin: { address: 127.0.0.1:${adminPort} }
deployment: { file: deployment.yaml }
limits: ${limits}
`;
}
