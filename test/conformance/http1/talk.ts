// A real proxy between a client that sends what a row says, in the pieces it says, and an upstream that is read by llhttp.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { EXCHANGE_COUNTER } from "../../../proxy/exchange/exchange-counters.ts";
import { Loopback, type LoopbackOptions } from "../../../proxy/exchange/loopback.ts";
import { parse, type Message, type Parsed } from "./llhttp.ts";

/** Longest that one conversation may take; one that does has found a hang. */
const TALK_MS = 20_000;

export interface Conversation {
  /** What the client read, by llhttp, without 1xx. */
  readonly answers: readonly Message[];
  readonly said: string;
  /** Requests that reached the upstream whole. */
  readonly seen: readonly Message[];
  /** The upstream read something that llhttp does not take. */
  readonly upstreamError: string | null;
  /** The proxy closed before the client did. */
  readonly isClosed: boolean;
  /** Connections to the upstream that the proxy still keeps. */
  readonly kept: number;
}

/** What an upstream says to one request, in which pieces, and whether it closes behind it. */
export interface UpstreamAnswer {
  readonly pieces: readonly Buffer[];
  readonly end: boolean;
}

/** What one of the proxy's connections to the upstream has brought in this conversation. */
interface UpstreamConnection {
  bytes: Buffer;
  answered: number;
}

/** One proxy and one upstream, for one conversation at a time. */
export class Talk {
  private readonly loopback: Loopback;
  private readonly connections: Set<UpstreamConnection>;

  private constructor(loopback: Loopback, connections: Set<UpstreamConnection>) {
    this.loopback = loopback;
    this.connections = connections;
  }

  /** `answer` is what the upstream says to each whole request; it closes behind an answer that it is to `end`. */
  static async start(answer: (request: Message) => UpstreamAnswer, options: LoopbackOptions = {}): Promise<Talk> {
    const connections = new Set<UpstreamConnection>();
    const upstream = (socket: Socket): void => {
      const connection: UpstreamConnection = { bytes: Buffer.alloc(0), answered: 0 };
      connections.add(connection);
      socket.on("data", (chunk: Buffer) => {
        connection.bytes = Buffer.concat([connection.bytes, chunk]);
        const whole = parse("requests", connection.bytes).messages.filter(({ isWhole }) => isWhole);
        for (; connection.answered < whole.length; connection.answered++) {
          void say(socket, answer(whole[connection.answered]!));
        }
      });
      socket.on("end", () => socket.end());
      socket.on("close", () => connections.delete(connection));
    };
    return new Talk(await Loopback.start({ upstream, ...options }), connections);
  }

  stop(): Promise<void> {
    return this.loopback.stop();
  }

  get server(): Loopback["server"] {
    return this.loopback.server;
  }

  /**
   * Sends the pieces, each in a loop turn of its own, and reads until `answers` whole answers came or the proxy closed; then
   * ends its half and reads on: nothing more may come.
   */
  async send(pieces: readonly Buffer[], answers: number): Promise<Conversation> {
    // Connections are kept between conversations, and are between two requests here.
    for (const connection of this.connections) {
      connection.bytes = Buffer.alloc(0);
      connection.answered = 0;
    }
    const socket = connect({ host: "127.0.0.1", port: this.loopback.port, noDelay: true, allowHalfOpen: true });
    socket.on("error", () => {});
    const reader = new Reader(socket, answers);
    await once(socket, "connect");
    for (const piece of pieces) {
      if (socket.destroyed || socket.writableEnded) break;
      socket.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await reader.satisfied;
    const isClosed = reader.isOver;
    socket.end();
    await reader.over;
    socket.destroy();
    await this.settled();
    const { messages, error } = this.upstreamRead();
    const seen = messages.filter(({ isWhole }) => isWhole);
    return {
      answers: reader.answers(seen.map(({ method }) => method === "HEAD")),
      said: reader.text,
      seen,
      upstreamError: seen.length < messages.length ? null : error,
      isClosed,
      kept: this.connections.size,
    };
  }

  /** Every connection to the upstream is at rest or gone, on both of its ends: no byte is still under way. */
  private async settled(): Promise<void> {
    const { counters } = this.loopback;
    const isAtRest = (): boolean => {
      const live = counters[EXCHANGE_COUNTER.upstreamConnectionsLive];
      return live === counters[EXCHANGE_COUNTER.upstreamConnectionsIdle] && live === this.connections.size;
    };
    while (!isAtRest()) await new Promise((resolve) => setImmediate(resolve));
  }

  private upstreamRead(): Pick<Parsed, "messages" | "error"> {
    const parts = [...this.connections].filter(({ bytes }) => bytes.length > 0);
    const read = parts.map(({ bytes }) => parse("requests", bytes));
    return {
      messages: read.flatMap(({ messages }) => messages),
      error: read.find(({ error }) => error !== null)?.error ?? null,
    };
  }
}

/** What a client reads. */
class Reader {
  readonly satisfied: Promise<void>;
  readonly over: Promise<void>;
  isOver = false;
  private readonly chunks: Buffer[] = [];

  constructor(socket: Socket, wanted: number) {
    const timer = setTimeout(() => socket.destroy(new Error("the proxy did not answer in time")), TALK_MS);
    this.over = new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.isOver = true;
        resolve();
      };
      socket.on("end", end);
      socket.on("close", end);
    });
    this.satisfied = new Promise((resolve) => {
      socket.on("data", (chunk: Buffer) => {
        this.chunks.push(chunk);
        if (this.count() >= wanted) resolve();
      });
      void this.over.then(resolve);
    });
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  /** All answers but 1xx; `isHead` says of each whether it is to HEAD. */
  answers(isHead: readonly boolean[]): Message[] {
    const { messages } = parse("answers", Buffer.concat(this.chunks), (answer) => isHead[answer] === true);
    return messages.filter(({ status }) => status >= 200);
  }

  private count(): number {
    // A head counts as an answer here: that all of it comes is looked at in the end.
    return [...this.text.matchAll(/HTTP\/1\.1 [2-5]\d\d [^]*?\r\n\r\n/g)].length;
  }
}

/** Each piece in a loop turn of its own. */
async function say(socket: Socket, { pieces, end }: UpstreamAnswer): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return;
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (end) socket.end();
}

/** At every boundary; of a longer message at some of them, evenly. */
export function everyCut(bytes: Buffer): Buffer[][] {
  const all = Array.from({ length: bytes.length - 1 }, (_, i) => i + 1);
  const step = Math.max(1, all.length / CUTS_MAX);
  const some = Array.from({ length: Math.ceil(all.length / step) }, (_, i) => all[Math.floor(i * step)]!);
  return some.map((at) => cutAt(bytes, at));
}
const CUTS_MAX = 160;

/** None of a message that would take too many turns. */
export function byteByByte(bytes: Buffer): Buffer[][] {
  return bytes.length > SINGLY_BYTES_MAX ? [] : [singly(bytes)];
}
const SINGLY_BYTES_MAX = 1_500;

/** `bytes` in two pieces, cut at `at`. */
function cutAt(bytes: Buffer, at: number): Buffer[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

function singly(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
}
