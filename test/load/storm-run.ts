// A storm: many clients and an upstream that do at random what they should and what they should not, all at once. Every
// whole answer must be the one of its request, byte for byte, and when all is over the proxy holds nothing.

import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Loopback, LoopbackOptions } from "../../proxy/exchange/loopback.ts";
import { Random } from "../fuzz/random.ts";
import { markBytes, strayByte } from "./marked-bytes.ts";
import { ResponseReader, type Answer } from "./response-reader.ts";

/** Each route brings other parts of the proxy into play. */
const ROUTING = (upstream: string): string => `
clusters:
  - { name: plain, endpoints: ["${upstream}"] }
  - { name: narrow, endpoints: ["${upstream}"], connectionsMax: 2, pendingMax: 6, pendingTimeout: 300ms }
routes:
  - { name: retried, match: { path: { prefix: /retried } }, cluster: plain, timeout: 2s, retry: { on: [reset, 5xx, timeout, connectFailure], attempts: 2, perTryTimeout: 300ms } }
  - { name: narrow, match: { path: { prefix: /narrow } }, cluster: narrow, timeout: 1s }
  - { name: tunnel, match: { path: { prefix: /tunnel } }, cluster: plain, timeout: 1s, upgrade: [websocket] }
  - { name: plain, cluster: plain, timeout: 600ms }
`;

/** A proxy that is to stand in a storm. */
export const STORM_OPTIONS: LoopbackOptions = {
  routing: ROUTING,
  streamIdleTimeoutMs: 1_500,
  headTimeoutMs: 1_000,
};

const PATHS = ["/plain", "/plain", "/retried", "/narrow", "/tunnel", "/plain?no"] as const;
const NUMBER = /x-number: (\d+)\r\n/;
const BODY_BYTES_MAX = 60_000;
/** Kernel buffers are not to swallow these. */
const BIG_BYTES = 4 << 20;
/** Five requests in a row, each until its route gives up. */
const CLIENT_MS_MAX = 20_000;

export interface StormPlan {
  readonly seed: number;
  readonly clients: number;
  /** Clients at a time. */
  readonly abreast: number;
}

export interface StormFigures {
  readonly wholeAnswers: number;
  readonly ofTheUpstream: number;
  readonly faults: readonly string[];
}

export class Storm {
  private readonly plan: StormPlan;
  private readonly faults: string[] = [];
  private wholeAnswers = 0;
  private ofTheUpstream = 0;
  private connections = 0;
  private numbers = 0;

  constructor(plan: StormPlan) {
    this.plan = plan;
  }

  /** The upstream's side, for the loopback's options. */
  readonly upstream = (socket: Socket): void => {
    const random = new Random(this.plan.seed, 1_000_000 + this.connections++);
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      const head = NUMBER.exec(text);
      if (head === null || !text.includes("\r\n\r\n", head.index)) return;
      const isUpgrade = /^upgrade: websocket\r$/m.test(text);
      text = "";
      behave(socket, Number(head[1]), random, isUpgrade);
    });
    socket.on("end", () => socket.end());
  };

  async blow(loopback: Loopback): Promise<StormFigures> {
    const { clients, abreast } = this.plan;
    let begun = 0;
    const line = async (): Promise<void> => {
      while (begun < clients) await this.client(loopback, begun++);
    };
    await Promise.all(Array.from({ length: abreast }, line));
    const { wholeAnswers, ofTheUpstream, faults } = this;
    return { wholeAnswers, ofTheUpstream, faults };
  }

  private async client(loopback: Loopback, index: number): Promise<void> {
    const random = new Random(this.plan.seed, index);
    const socket = loopback.client();
    const bound = setTimeout(() => this.hangs(socket, index), CLIENT_MS_MAX);
    const closed = closeOf(socket);
    const asked = this.ask(socket, random);
    this.listen(socket, asked, random);
    await Promise.race([closed, this.leave(socket, random)]);
    socket.destroy();
    clearTimeout(bound);
  }

  private hangs(socket: Socket, index: number): void {
    this.faults.push(`client ${index} of seed ${this.plan.seed} was neither answered nor closed`);
    socket.destroy();
  }

  /** Sends a few requests in a row; their numbers. */
  private ask(socket: Socket, random: Random): number[] {
    const count = random.oneIn(3) ? 1 + random.below(5) : 1;
    const numbers = Array.from({ length: count }, () => this.numbers++);
    for (const [i, number] of numbers.entries()) sendRequest(socket, number, random, i === count - 1);
    return numbers;
  }

  private listen(socket: Socket, asked: number[], random: Random): void {
    const reader = new ResponseReader();
    const isSlow = random.oneIn(5);
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const answer of reader.read(chunk)) this.judge(answer, asked.shift());
      } catch {
        // Bytes of a tunnel, or an answer that ends with its connection.
        socket.removeAllListeners("data").resume();
      }
      if (!isSlow) return;
      socket.pause();
      setTimeout(() => socket.resume(), random.below(30));
    });
  }

  private judge({ status, headers, body }: Answer, number: number | undefined): void {
    this.wholeAnswers++;
    const named = headers.get("x-number")?.join();
    // Answers of the proxy's own carry no number, and what a client says behind its requests is answered with 400.
    if (named === undefined && (number !== undefined || status === 400)) return;
    if (number === undefined) return void this.faults.push(`an answer ${status} that nobody asked for`);
    this.ofTheUpstream++;
    if (named !== String(number)) this.faults.push(`request ${number} was answered with ${named}'s answer`);
    const stray = strayByte(body, number, 0);
    if (stray >= 0) this.faults.push(`the answer to ${number} has a stray byte at ${stray}`);
  }

  /** How a client ends, unless the proxy ends it first. */
  private async leave(socket: Socket, random: Random): Promise<void> {
    await delay(random.below(3) === 0 ? random.below(20) : 100 + random.below(900));
    const way = random.below(3);
    if (way === 0) socket.resetAndDestroy();
    else if (way === 1) socket.destroy();
    else {
      socket.end();
      await closeOf(socket);
    }
  }
}

function sendRequest(socket: Socket, number: number, random: Random, isLast: boolean): void {
  const path = random.pick(PATHS);
  const close = isLast && random.oneIn(2) ? "connection: close\r\n" : "";
  const fields = `host: a.test\r\nx-number: ${number}\r\n`;
  if (path === "/tunnel") {
    socket.write(`GET ${path} HTTP/1.1\r\n${fields}connection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    if (random.oneIn(2)) socket.write(Buffer.alloc(random.below(BODY_BYTES_MAX)));
    return;
  }
  const bytes = random.oneIn(20) ? BIG_BYTES : random.below(BODY_BYTES_MAX);
  switch (random.below(6)) {
    case 0:
      socket.write(`POST ${path} HTTP/1.1\r\n${fields}${close}content-length: ${bytes}\r\n\r\n`);
      socket.write(Buffer.alloc(random.oneIn(4) ? random.below(bytes + 1) : bytes));
      return;
    case 1:
      socket.write(`POST ${path} HTTP/1.1\r\n${fields}${close}transfer-encoding: chunked\r\n\r\n`);
      for (let i = random.below(4); i >= 0; i--) socket.write(`${(1_000).toString(16)}\r\n${"z".repeat(1_000)}\r\n`);
      socket.write(random.pick(["0\r\n\r\n", "0\r\n\r\n", "0\r\nx-sum: 1\r\n\r\n", "", "zz\r\n"]));
      return;
    default:
      socket.write(`GET ${path} HTTP/1.1\r\n${fields}${close}${random.oneIn(40) ? "broken\r\n" : ""}\r\n`);
  }
}

/** Also after an error, which is one of the things that are to happen. */
function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once("close", resolve));
}

/** What the upstream does with a request. */
function behave(socket: Socket, number: number, random: Random, isUpgrade: boolean): void {
  const bytes = random.oneIn(20) ? BIG_BYTES : random.below(BODY_BYTES_MAX);
  const body = Buffer.allocUnsafe(bytes);
  markBytes(body, number, 0);
  if (isUpgrade && !random.oneIn(4)) return tunnel(socket, random);
  const head = `HTTP/1.1 ${random.oneIn(8) ? "503 No" : "200 OK"}\r\nx-number: ${number}\r\n`;
  const sized = `${head}content-length: ${bytes}\r\n\r\n`;
  switch (random.below(14)) {
    case 0:
      return void socket.resetAndDestroy();
    case 1:
      socket.write(sized);
      return void socket.end(body.subarray(0, random.below(bytes + 1)));
    case 2:
      socket.write(sized.slice(0, random.below(sized.length)), () => socket.resetAndDestroy());
      return;
    case 3:
      return; // never answers
    case 4:
      return void socket.write(random.pick(["junk\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "\0"]));
    case 5:
      socket.write(sized);
      return void socket.write(Buffer.concat([body, Buffer.from("and more")]));
    case 6:
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n`);
      socket.write(body);
      return void socket.write(
        bytes === 0 ? "\r\n" : random.pick(["\r\n0\r\n\r\n", "\r\n0\r\nx-sum: 1\r\n\r\n", "\r\nzz"]),
      );
    case 7:
      socket.write(`HTTP/1.1 103 Early Hints\r\nx-hint: 1\r\n\r\n${sized}`);
      return void setTimeout(() => socket.write(body), random.below(50));
    case 8:
      socket.write(`${sized.slice(0, -4)}\r\nconnection: close\r\n\r\n`);
      return void socket.end(body);
    default:
      socket.write(sized);
      return void socket.write(body);
  }
}

function tunnel(socket: Socket, random: Random): void {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  socket.removeAllListeners("data");
  if (random.oneIn(3)) socket.write(Buffer.alloc(BIG_BYTES));
  socket.pipe(socket);
  setTimeout(() => (random.oneIn(2) ? socket.destroy() : socket.end()), random.below(300));
}
