// What a scene of `faults.test.ts` is made of: what the upstream does, what the client does, and what must become of it.

import { once } from "node:events";
import type { Socket } from "node:net";
import { afterHead, type Loopback, type LoopbackOptions } from "../../proxy/exchange/loopback.ts";

/** What is heard past a filter with a body callback may come as chunks. */
export interface FaultScene {
  readonly name: string;
  readonly options?: LoopbackOptions;
  readonly upstream?: (socket: Socket) => void;
  /** What the client does; resolves with what it heard. Absent: it asks once and reads to the end. */
  readonly client?: (loopback: Loopback) => Promise<string>;
  readonly heard: RegExp;
  /** Of each stream that is recorded, in order. */
  readonly streams: readonly { readonly status: number; readonly flags: readonly string[] }[];
}

export const LAST_GET = "GET /last HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";
export const GET = "GET /first HTTP/1.1\r\nhost: a.test\r\n\r\n";
export const POST = "POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 9\r\n\r\n";
export const CHUNKED_POST = "POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n";
export const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
export const NINE = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n";
export const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
/** More than all buffers between two processes hold. */
export const BIG_BYTES = 32 << 20;
export const SHORT_MS = 100;

type Upstream = (socket: Socket) => void;

export const says = (text: string): Upstream => asked((socket) => void socket.write(text, "latin1"));
export const saysAndEnds = (text: string): Upstream => asked((socket) => void socket.end(text, "latin1"));
export const saysAndResets = (text: string): Upstream =>
  asked((socket) => void socket.write(text, "latin1", () => setImmediate(() => socket.resetAndDestroy())));
export const isSilent: Upstream = (socket) => void socket.resume();

export function asked(act: (socket: Socket, head: string) => void): Upstream {
  return (socket) => afterHead(socket, (head) => act(socket, head));
}

/** Says `piece` again and again, as long as anybody listens. */
export function repeats(first: string, piece: string): Upstream {
  return asked((socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(piece), 5);
    socket.on("close", () => clearInterval(timer));
  });
}

export function big(socket: Socket): void {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${BIG_BYTES}\r\n\r\n`);
  socket.write(Buffer.alloc(BIG_BYTES));
}

export const talks =
  (text: string): ((loopback: Loopback) => Promise<string>) =>
  (loopback) =>
    loopback.talk(text);

/** Sends, waits until `seen` is heard (or the upstream is asked), then is gone without a word. */
export function vanishes(sent: string, seen: "asked" | string): (loopback: Loopback) => Promise<string> {
  return async (loopback) => {
    const client = loopback.client();
    client.write(sent);
    if (seen === "asked") while (loopback.upstreamConnections === 0) await turn();
    else await heard(client, seen);
    client.resetAndDestroy();
    return "";
  };
}

export async function heard(client: Socket, wanted: string): Promise<void> {
  let text = "";
  while (!text.includes(wanted)) {
    const [chunk] = (await once(client, "data")) as [Buffer];
    text += chunk.toString("latin1");
  }
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export const fine = { status: 200, flags: [] };
