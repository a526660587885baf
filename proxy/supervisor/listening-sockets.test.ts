import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { ListeningSockets } from "./listening-sockets.js";

const listener = { name: "http", host: "127.0.0.1", port: 0 };
let sockets: ListeningSockets;
let others: Server[] = [];
afterEach(() => {
  sockets.close();
  others.forEach((server) => server.close());
  others = [];
});

async function listenAt(port: number, options: { reusePort?: boolean } = {}): Promise<number> {
  const server = createServer();
  others.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port, ...options }, resolve);
  });
  return (server.address() as AddressInfo).port;
}

describe.each([
  ["handles", new ListeningSockets().createHandle],
  ["addresses", null],
  ["addresses", () => -22],
])("ListeningSockets handing out %s", (kind, createHandle) => {
  it("takes a free port for port 0 and keeps it for what opens again", async () => {
    sockets = new ListeningSockets(createHandle);
    const ports = await sockets.open([listener], 2);
    expect(ports["http"]).toBeGreaterThan(0);
    expect(await sockets.open([listener], 2)).toEqual(ports);
    expect(sockets.kind).toBe(kind);
  });

  it("refuses a port that another process shares, which binding with reusePort alone would not notice", async () => {
    sockets = new ListeningSockets(createHandle);
    const port = await listenAt(0, { reusePort: true });
    await expect(sockets.open([{ ...listener, port }], 1)).rejects.toThrow(
      `Listener http cannot listen on 127.0.0.1:${port}: the port is in use.`,
    );
  });
});

describe("ListeningSockets", () => {
  it("has a handle of its own for each worker", async () => {
    sockets = new ListeningSockets();
    await sockets.open([listener], 2);
    expect(sockets.handle("http", 0)).not.toBe(sockets.handle("http", 1));
    expect(sockets.handle("http", 2)).toBeUndefined();
  });
});
