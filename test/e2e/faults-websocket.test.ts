// WebSockets between a real client and a real server: messages of every size, pings, compression, closes and faults.

import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Plugin } from "@sluice/abi";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer, type ServerOptions } from "ws";
import { Loopback } from "../../proxy/exchange/loopback.ts";
import { chainWith, holdingsOf, NOTHING, openSockets, watchfulPlugin } from "../load/books-of-a-proxy.ts";
import { markBytes, strayByte } from "../load/marked-bytes.ts";

const OFTEN = { interval: 5, timeout: 10_000 };
const BIG_BYTES = 8 << 20;

let loopback: Loopback;
let server: WebSocketServer;
let plugin: Plugin | null = null;
afterEach(async () => {
  for (const client of server.clients) client.terminate();
  await new Promise((resolve) => server.close(resolve));
  await expect.poll(() => holdingsOf(loopback), OFTEN).toEqual(NOTHING);
  await loopback.stop();
  await expect.poll(openSockets, OFTEN).toBe(0);
  plugin?.close();
  expect(plugin?.instancesLive ?? 0).toBe(0);
  plugin = null;
});

/** A server that says back each message; `/refused` is a route without upgrades. */
async function start(options: ServerOptions = {}): Promise<void> {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
  await once(server, "listening");
  server.on("connection", (socket) => {
    socket.on("error", () => socket.terminate());
    socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const { port } = server.address() as AddressInfo;
  loopback = await Loopback.start({
    ...(plugin === null ? {} : { chain: chainWith(plugin) }),
    routing: () => `
clusters: [{ name: ws, endpoints: ["127.0.0.1:${port}"] }]
routes:
  - { name: refused, match: { path: { prefix: /refused } }, cluster: ws }
  - { name: open, cluster: ws, upgrade: [websocket] }
`,
  });
}

async function open(path = "/", options = {}): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${loopback.port}${path}`, options);
  await once(client, "open");
  return client;
}

async function sayBack(client: WebSocket, message: Uint8Array | string): Promise<Buffer | string> {
  const answer = once(client, "message");
  client.send(message);
  const [data, isBinary] = (await answer) as [Buffer, boolean];
  return isBinary ? data : data.toString();
}

function marked(owner: number, bytes: number): Buffer {
  const message = Buffer.alloc(bytes);
  markBytes(message, owner, 0);
  return message;
}

const ways = [
  { name: "a plain route", isFiltered: false },
  { name: "a route with a filter", isFiltered: true },
];

describe.each(ways)("A WebSocket over $name", ({ isFiltered }) => {
  const begin = async (options?: ServerOptions): Promise<void> => {
    if (isFiltered) plugin = await watchfulPlugin();
    await start(options);
  };

  it("carries messages of every size, pings and the close with its code", async () => {
    await begin();
    const client = await open();
    for (const bytes of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
      expect(strayByte((await sayBack(client, marked(1, bytes))) as Buffer, 1, 0)).toBe(-1);
    }
    expect(await sayBack(client, "grüße")).toBe("grüße");
    client.ping("are you there");
    expect(String((await once(client, "pong"))[0])).toBe("are you there");
    client.close(4_001, "enough");
    const [code, reason] = (await once(client, "close")) as [number, Buffer];
    expect([code, String(reason)]).toEqual([4_001, "enough"]);
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 101, flags: [], route: "open" });
    expect(loopback.seen[0]!.bytesOut).toBeGreaterThan(1_131_000);
  });

  it("agrees on compression and a subprotocol, which are none of the proxy's business", async () => {
    await begin({ perMessageDeflate: true, handleProtocols: (offered) => [...offered][0] ?? false });
    const client = new WebSocket(`ws://127.0.0.1:${loopback.port}/`, ["chat"], { perMessageDeflate: true });
    await once(client, "open");
    expect([client.protocol, client.extensions]).toEqual(["chat", expect.stringContaining("permessage-deflate")]);
    expect(await sayBack(client, "a".repeat(100_000))).toBe("a".repeat(100_000));
    client.terminate();
  });

  it("gives each of many clients its own bytes, slow ones too", async () => {
    await begin({ maxPayload: BIG_BYTES });
    const clients = await Promise.all(Array.from({ length: 12 }, () => open("/", { maxPayload: BIG_BYTES })));
    const strays = await Promise.all(
      clients.map(async (client, owner) => {
        const isSlow = owner % 3 === 0;
        const answer = once(client, "message");
        client.send(marked(owner, isSlow ? BIG_BYTES : 300_000));
        if (isSlow) client.pause();
        if (isSlow) await expect.poll(() => loopback.account.held, OFTEN).toBeGreaterThan(0);
        client.resume();
        return strayByte((await answer)[0] as Buffer, owner, 0);
      }),
    );
    expect(strays).toEqual(clients.map(() => -1));
    for (const client of clients) client.terminate();
  });

  it("ends when either end vanishes, and the other is told", async () => {
    await begin();
    const vanishing = await open();
    const [far] = server.clients;
    const farClosed = once(far!, "close");
    vanishing.terminate();
    expect((await farClosed)[0]).toBe(1_006);
    const left = await open();
    const leftClosed = once(left, "close");
    for (const one of server.clients) one.terminate();
    expect((await leftClosed)[0]).toBe(1_006);
    await loopback.ended(2);
    expect(loopback.seen.map(({ status }) => status)).toEqual([101, 101]);
  });

  it("is refused where the route does not allow it, by the proxy or by the server", async () => {
    await begin({ verifyClient: ({ req }: { req: IncomingMessage }) => req.url !== "/no" });
    for (const [path, status] of [
      ["/refused", /Unexpected server response: (400|403|426|501)/],
      ["/no", /Unexpected server response: 401/],
    ] as const) {
      const client = new WebSocket(`ws://127.0.0.1:${loopback.port}${path}`);
      const [error] = (await once(client, "error").catch((thrown: unknown) => [thrown])) as [Error];
      expect(error.message).toMatch(status);
    }
  });
});
