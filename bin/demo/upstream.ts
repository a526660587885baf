// The demo's upstream: answers every request with what it received, so that a first curl shows what a filter changed.

import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { HostPort } from "../address.ts";

export interface DemoUpstream {
  readonly port: number;
  close(): Promise<void>;
}

export async function startDemoUpstream(address: HostPort): Promise<DemoUpstream> {
  const server = createServer(answer);
  // The proxy pools its connections; the side that closes first must not be this one, or it races with a request.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  let bodyBytes = 0;
  request.on("data", (chunk: Buffer) => (bodyBytes += chunk.length));
  request.on("end", () => {
    const seen = { upstream: "demo", method: request.method, path: request.url, headers: request.headers, bodyBytes };
    const text = `${JSON.stringify(seen, null, 2)}\n`;
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  });
}
