// A port nobody listens on, for programs that must be told theirs before they start. Between asking and use somebody
// else could take it; the system hands out ports in turn, so that is rare enough for tests.

import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
