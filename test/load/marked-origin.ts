// An origin of marked bytes: it says back what it is sent, after it has looked whose bytes they are, or makes as many as
// it is asked for (`GET /OWNER/BYTES`). Some of its reads are slow.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { markBytes, MarkedReader } from "./marked-bytes.ts";

export interface MarkedOrigin {
  readonly port: number;
  /** What came that was nobody's, or not whole. */
  readonly faults: string[];
  close(): Promise<void>;
}

const PIECE_BYTES = 65_536;
const SLOW_READ_MS = 2;

export async function startMarkedOrigin(): Promise<MarkedOrigin> {
  const faults: string[] = [];
  const server = createServer((request, response) => {
    const [, owner = "0", bytes = "0"] = (request.url ?? "/").split("/");
    if (request.method === "GET") make(response, Number(owner), Number(bytes));
    else sayBack(request, response, Number(owner), faults);
  });
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    faults,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function make(response: ServerResponse, owner: number, bytes: number): void {
  response.writeHead(200, { "content-length": bytes });
  let sent = 0;
  const go = (): void => {
    while (sent < bytes) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, bytes - sent));
      markBytes(piece, owner, sent);
      sent += piece.length;
      if (!response.write(piece)) return void response.once("drain", go);
    }
    response.end();
  };
  go();
}

function sayBack(request: IncomingMessage, response: ServerResponse, owner: number, faults: string[]): void {
  const reader = new MarkedReader(owner);
  const length = request.headers["content-length"];
  response.writeHead(200, length === undefined ? {} : { "content-length": length });
  request.on("data", (chunk: Buffer) => {
    reader.read(chunk);
    if (!response.write(chunk)) {
      request.pause();
      response.once("drain", () => request.resume());
    } else if (owner % 2 === 0) {
      request.pause();
      setTimeout(() => request.resume(), SLOW_READ_MS);
    }
  });
  request.on("end", () => {
    if (reader.stray >= 0) faults.push(`the origin got a stray byte at ${reader.stray} of stream ${owner}`);
    response.end();
  });
}
