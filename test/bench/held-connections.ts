// Clients that ask once and then stay: kept connections without a request under way.

import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** Connections that are opened at a time: below every backlog. */
const BATCH = 100;

export class HeldConnections {
  private readonly sockets: Socket[] = [];
  private readonly port: number;

  constructor(url: string) {
    this.port = Number(new URL(url).port);
  }

  get count(): number {
    return this.sockets.length;
  }

  /** Opens connections until there are `count`; each has had an answer by then. */
  async grow(count: number): Promise<void> {
    while (this.count < count) {
      const batch = Array.from({ length: Math.min(BATCH, count - this.count) }, () => this.open());
      this.sockets.push(...(await Promise.all(batch)));
    }
  }

  /** Closes them all. */
  close(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy();
  }

  /** How many of them the other side has closed. */
  get lost(): number {
    return this.sockets.filter((socket) => socket.destroyed || socket.readableEnded).length;
  }

  private async open(): Promise<Socket> {
    const socket = connect(this.port, "127.0.0.1");
    await once(socket, "connect");
    socket.write("GET / HTTP/1.1\r\nhost: bench\r\nx-role: guest\r\n\r\n");
    await wholeAnswer(socket);
    socket.resume();
    return socket;
  }
}

/** Until the body is as long as its head says. */
async function wholeAnswer(socket: Socket): Promise<void> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString("latin1");
    const headEnd = text.indexOf("\r\n\r\n");
    const length = /^content-length: (\d+)/im.exec(text)?.[1];
    if (headEnd >= 0 && text.length >= headEnd + 4 + Number(length ?? 0)) return;
  }
  throw new Error("the proxy closed a connection before it had answered");
}
