// An upstream that answers when the test says so: requests to …/held wait, all others are answered at once. What is
// upgraded hears its own words again.

import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";

export class HoldingUpstream {
  private readonly server: Server;
  private readonly held: ServerResponse[] = [];
  private arrived: (() => void) | null = null;

  static async open(): Promise<HoldingUpstream> {
    const upstream = new HoldingUpstream();
    await new Promise<void>((resolve) => upstream.server.listen(0, "127.0.0.1", resolve));
    return upstream;
  }

  private constructor() {
    this.server = createServer((request, response) => {
      if (request.url?.endsWith("/held") !== true) return void response.end("at once");
      this.held.push(response);
      this.arrived?.();
    });
    this.server.on("upgrade", (_request, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
      socket.pipe(socket);
    });
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  /** Resolves when so many requests are held. */
  holds(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.arrived = () => {
        if (this.held.length >= count) resolve();
      };
      this.arrived();
    });
  }

  release(): void {
    for (const response of this.held.splice(0)) response.end("held and whole");
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
