// A whole proxy for tests, by its front door: the real supervisor as a child process, documents in a folder of its own,
// a node:http upstream, all on free ports of the loopback.

import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixtureModule } from "../fixtures/fixture-module.ts";

const SUPERVISOR = new URL("../../proxy/supervisor/supervisor.js", import.meta.url);

export interface Ready {
  readonly pid: number;
  readonly listeners: Readonly<Record<string, number>>;
  readonly admin: number;
  readonly health: number | null;
}

const NOT_READY: Ready = { pid: 0, listeners: {}, admin: 0, health: null };

export class RunningProxy {
  readonly folder: string;
  stdout = "";
  stderr = "";
  ready: Ready = NOT_READY;
  /** Resolves with the exit code. */
  exited!: Promise<number | null>;
  private readonly upstream: Server;
  private child!: ChildProcess;
  private watchers: (() => void)[] = [];

  private constructor(folder: string, upstream: Server) {
    this.folder = folder;
    this.upstream = upstream;
  }

  /** A folder with sluice.yaml, a module and an upstream; nothing runs yet but the upstream. */
  static async prepare(
    extra = "deployment: { file: deployment.yaml }",
    listener = "127.0.0.1:0",
  ): Promise<RunningProxy> {
    const folder = await mkdtemp(join(tmpdir(), "sluice-proxy-"));
    const upstream = createServer((_request, response) => response.end("from upstream"));
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const proxy = new RunningProxy(folder, upstream);
    const { port } = upstream.address() as { port: number };
    await proxy.write("answering.wasm", await fixtureModule("answer-by-configuration"));
    await proxy.write("sluice.yaml", machineText(port, listener, extra));
    return proxy;
  }

  /** Writes sluice.yaml anew. */
  async changeMachine(change: (text: string) => string): Promise<void> {
    await this.write("sluice.yaml", change(await readFile(join(this.folder, "sluice.yaml"), "utf8")));
  }

  write(name: string, content: string | Uint8Array): Promise<void> {
    return writeFile(join(this.folder, name), content);
  }

  /** Starts the supervisor; resolves when the proxy says it is ready, or when it ended. */
  async start(args: readonly string[] = []): Promise<this> {
    const child = fork(SUPERVISOR, ["--config", join(this.folder, "sluice.yaml"), ...args], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.child = child;
    this.ready = NOT_READY;
    child.stdout!.on("data", (text: Buffer) => this.heard("stdout", text));
    child.stderr!.on("data", (text: Buffer) => this.heard("stderr", text));
    this.exited = new Promise((resolve) => child.once("close", (code) => resolve(code)));
    child.on("message", (message: Ready) => {
      this.ready = message;
      this.watchers.forEach((look) => look());
    });
    const isReady = this.until(() => this.ready !== NOT_READY);
    await Promise.race([isReady, this.exited]);
    return this;
  }

  /** Resolves when `isTrue`, looked at whenever the proxy says something or answers. */
  until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!isTrue()) return;
        this.watchers = this.watchers.filter((watcher) => watcher !== look);
        resolve();
      };
      this.watchers.push(look);
      look();
    });
  }

  get(path = "/"): Promise<{ status: number; body: string }> {
    const port = this.ready.listeners["http"]!;
    return new Promise((resolve, reject) => {
      const call = request({ host: "127.0.0.1", port, path, agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => (body += text));
        response.on("end", () => resolve({ status: response.statusCode!, body }));
      });
      call.on("error", reject).end();
    });
  }

  async admin(
    method: "GET" | "POST",
    path: string,
    headers?: Record<string, string>,
    body?: object,
  ): Promise<Response> {
    const token = (await readFile(join(this.folder, ".sluice", "admin.token"), "utf8")).trim();
    return fetch(`http://127.0.0.1:${this.ready.admin}${path}`, {
      method,
      headers: headers ?? { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Ends the proxy and takes everything away. */
  async close(): Promise<void> {
    if (this.child !== undefined && this.child.exitCode === null) {
      this.child.kill("SIGTERM");
      await this.exited;
    }
    this.upstream.closeAllConnections();
    this.upstream.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private heard(stream: "stdout" | "stderr", text: Buffer): void {
    this[stream] += text.toString();
    this.watchers.forEach((look) => look());
  }
}

function machineText(upstreamPort: number, listener: string, extra: string): string {
  return `apiVersion: sluice/v1
kind: Proxy
node: { id: proxy-1 }
workers: 2
listeners: [{ name: http, address: ${listener} }]
routes: [{ name: all, cluster: demo }]
clusters: [{ name: demo, endpoints: [127.0.0.1:${upstreamPort}] }]
admin: { address: 127.0.0.1:0 }
${extra}
`;
}

/** A deployment of the answering module that answers 400 + `length` to every request; 0 lets all pass. */
export function deploymentText(length: number, module = "answering.wasm"): string {
  const config = length === 0 ? "" : `, pluginConfig: "${"x".repeat(length)}"`;
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - { name: answering, phase: OTHER, revisions: [{ filter: answering, module: ${module}${config} }] }
`;
}
