// The origin behind a proxy under an accountant's load: echoes the request's number and remembers how often it saw each.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { numberHeader } from "./accountant.ts";

export interface NumberedOrigin {
  readonly port: number;
  /** Request number → how often it arrived; a test that starts counting anew clears it. */
  readonly timesSeen: Map<number, number>;
  close(): Promise<void>;
}

const body = "x".repeat(1024);

export async function startNumberedOrigin(): Promise<NumberedOrigin> {
  const timesSeen = new Map<number, number>();
  const server = createServer((request, response) => {
    const number = String(request.headers[numberHeader] ?? "");
    if (number !== "") timesSeen.set(Number(number), (timesSeen.get(Number(number)) ?? 0) + 1);
    request.resume();
    response.writeHead(200, { "content-length": body.length, [numberHeader]: number });
    response.end(body);
  });
  // Longer than any test: an origin that closes an idle connection races with the proxy's next request on it.
  server.keepAliveTimeout = 600_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    port: (server.address() as AddressInfo).port,
    timesSeen,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
