// The upstream of the behaviour table in a proxy: for each guest it plays the response a case says and keeps the request that
// came. It answers callouts as the table's clusters do, and has a port where nobody ever answers.

import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createSocketServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { Message } from "../behaviour/cases.ts";
import { fieldValues } from "../behaviour/observe-case.ts";
import type { ObservedMessage } from "../behaviour/observe-case.ts";

interface Play {
  readonly status: number;
  readonly message: Message;
}

export class BehaviourOrigin {
  private readonly server: Server = createServer((received, response) => void this.answer(received, response));
  private readonly silent = createSocketServer((socket) => this.hold(socket));
  private readonly held = new Set<Socket>();
  /** By the first segment of the path, which names the guest. */
  private readonly plays = new Map<string, Play>();
  private readonly seen = new Map<string, ObservedMessage>();

  static async start(): Promise<BehaviourOrigin> {
    const origin = new BehaviourOrigin();
    for (const server of [origin.server, origin.silent]) await once(server.listen(0, "127.0.0.1"), "listening");
    return origin;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get silentPort(): number {
    return (this.silent.address() as AddressInfo).port;
  }

  /** What the next request of a guest is answered with. */
  answerNext(guest: string, play: Play): void {
    this.plays.set(guest, play);
    this.seen.delete(guest);
  }

  /** The request that came since; null: none. Callouts are none. */
  seenOf(guest: string): ObservedMessage | null {
    return this.seen.get(guest) ?? null;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
    for (const socket of this.held) socket.destroy();
    this.silent.close();
  }

  private hold(socket: Socket): void {
    this.held.add(socket);
    // Who gives up waiting cuts the connection.
    socket.on("error", () => {});
  }

  private async answer(received: IncomingMessage, response: ServerResponse): Promise<void> {
    const message = await messageOf(received);
    if (received.url === "/ask") return answerCallout(received, message, response);
    const [, guest, path] = /^\/([^/]+)(.*)$/.exec(received.url!)!;
    this.seen.set(guest!, { ...message, headers: { ...message.headers, ":path": path! } });
    play(this.plays.get(guest!)!, response);
  }
}

function play({ status, message: { headers = [], chunks = [] } }: Play, response: ServerResponse): void {
  for (const [name, value] of headers) if (name !== "content-length") response.appendHeader(name, value);
  response.writeHead(status);
  for (const chunk of chunks) if (chunk !== "") response.write(chunk);
  response.end();
}

function answerCallout(
  { method, url, headers }: IncomingMessage,
  { body }: ObservedMessage,
  response: ServerResponse,
): void {
  const question = `${method} ${url} ${headers["x-ask"] as string} ${body}`;
  response.writeHead(203, { "x-answer": "forty-two" }).end(`because: ${question}`);
}

/** A message whole. */
export async function messageOf(message: IncomingMessage): Promise<ObservedMessage> {
  const chunks = await message.setEncoding("utf8").toArray();
  return {
    headers: fieldValues(pairsOf(message.rawHeaders)),
    body: chunks.join(""),
    trailers: fieldValues(pairsOf(message.rawTrailers)),
  };
}

function pairsOf(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at]!.toLowerCase(), raw[2 * at + 1]!]);
}
