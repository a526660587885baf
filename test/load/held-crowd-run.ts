// Thousands of kept connections through reloads: each has asked once, waits, and is still served at the end.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { largestResidentMebibytes } from "../bench/process-tree.ts";
import { Installation, type ProxyUnderTest } from "../e2e/installation.ts";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { ResponseReader } from "./response-reader.ts";

export interface HeldCrowdPlan {
  readonly connections: number;
  readonly seconds: number;
  readonly workers: number;
}

export interface HeldCrowdFigures {
  /** Connections that got no whole answer: at first, or after the wait. */
  readonly lost: number;
  readonly reloads: number;
  /** Of the process with the workers, for each connection. */
  readonly bytesPerConnection: number;
  /** Connections of each worker. */
  readonly spread: readonly number[];
}

const OPENED_AT_ONCE = 100;
const RELOAD_EVERY_MS = 1_000;
const REQUEST = "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n";

export async function holdCrowd({ connections, seconds, workers }: HeldCrowdPlan): Promise<HeldCrowdFigures> {
  const installation = await Installation.create();
  const crowd = new Crowd();
  try {
    installation.writeFor("crowd", "marker.wasm", await fixtureModule("revision-marker"));
    const proxy = await installation.startProxy("crowd", {
      workers,
      deployment: deploymentOf(0),
      sinks: "[]",
      limits: "{ connectionsPerSource: 50000, upstreamConnections: 2000, keepAliveTimeout: 1h }",
    });
    const before = largestResidentMebibytes(proxy.program.child.pid!);
    await crowd.open(proxy.port, connections);
    const bytesPerConnection =
      ((largestResidentMebibytes(proxy.program.child.pid!) - before) * 1_048_576) / connections;
    const spread = await spreadOf(proxy);
    const reloads = await reloadFor(seconds * 1_000, installation, proxy);
    await crowd.askAll(`r${reloads}`);
    return { lost: crowd.lost, reloads, bytesPerConnection, spread };
  } finally {
    crowd.close();
    await installation.close();
  }
}

class Crowd {
  lost = 0;
  readonly #sockets: Socket[] = [];

  async open(port: number, count: number): Promise<void> {
    for (let opened = 0; opened < count; opened += OPENED_AT_ONCE) {
      const some = Array.from({ length: Math.min(OPENED_AT_ONCE, count - opened) }, () => connect(port, "127.0.0.1"));
      this.#sockets.push(...some);
      for (const socket of some) socket.on("error", () => socket.destroy());
      await this.#ask(some, "r0");
    }
  }

  /** Each connection asks once more and is to be answered by `revision`. */
  async askAll(revision: string): Promise<void> {
    for (let at = 0; at < this.#sockets.length; at += OPENED_AT_ONCE)
      await this.#ask(this.#sockets.slice(at, at + OPENED_AT_ONCE), revision);
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #ask(sockets: readonly Socket[], revision: string): Promise<void> {
    const answered = await Promise.all(sockets.map((socket) => isAnswered(socket, revision)));
    this.lost += answered.filter((isServed) => !isServed).length;
  }
}

async function isAnswered(socket: Socket, revision: string): Promise<boolean> {
  if (socket.destroyed || socket.readableEnded) return false;
  const reader = new ResponseReader();
  socket.write(REQUEST);
  for (;;) {
    const chunk = await Promise.race([once(socket, "data"), once(socket, "close")]);
    if (!Buffer.isBuffer(chunk[0])) return false;
    const [answer] = reader.read(chunk[0]);
    if (answer !== undefined) return answer.status === 200 && answer.headers.get("x-revision")?.join() === revision;
  }
}

async function reloadFor(durationMs: number, installation: Installation, proxy: ProxyUnderTest): Promise<number> {
  const endMs = performance.now() + durationMs;
  let reloads = 0;
  while (performance.now() < endMs) {
    installation.writeFor("crowd", "deployment.yaml", Buffer.from(deploymentOf(reloads + 1)));
    const response = await admin(proxy, "POST", "/reload");
    if (!response.ok) throw new Error(`a reload was refused: ${await response.text()}`);
    reloads++;
    await delay(RELOAD_EVERY_MS);
  }
  return reloads;
}

async function spreadOf(proxy: ProxyUnderTest): Promise<number[]> {
  const stats = (await (await admin(proxy, "GET", "/stats")).json()) as {
    workers: { each: { connections: number }[] };
  };
  return stats.workers.each.map(({ connections }) => connections);
}

function admin({ adminPort, adminHeaders }: ProxyUnderTest, method: "GET" | "POST", path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${adminPort}${path}`, { method, headers: { ...adminHeaders, connection: "close" } });
}

function deploymentOf(revision: number): string {
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - { name: marker, phase: OTHER, revisions: [{ filter: marker, module: marker.wasm, pluginConfig: r${revision} }] }
`;
}
