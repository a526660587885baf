// Requests that go on as WebSockets, between a raw client and a scripted upstream: the bytes behind the 101 are anything.

import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { afterHead, Loopback, readAll, type LoopbackOptions } from "./loopback.ts";

const ASK = "GET /chat HTTP/1.1\r\nhost: a.test\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\r\n";
const ACCEPT = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nx-up: 1\r\n\r\n";

let loopback: Loopback;
async function start(options: LoopbackOptions & { route?: string } = {}): Promise<Loopback> {
  const route = options.route ?? "{ name: r, cluster: a, upgrade: [websocket] }";
  const routing = (upstream: string): string =>
    `clusters: [{ name: a, endpoints: [${upstream}] }]\nroutes: [${route}]\n`;
  return (loopback = await Loopback.start({ upstream: echo, routing, ...options }));
}
afterEach(async () => {
  await loopback.stop();
  await expect
    .poll(() => [loopback.server.connections, loopback.server.streams, loopback.pins, loopback.account.held])
    .toEqual([0, 0, 0, 0]);
});

/** Accepts and says back what comes. */
function echo(socket: Socket): void {
  afterHead(socket, (head) => {
    loopback.upstreamHeads.push(head);
    socket.removeAllListeners("data");
    socket.write(ACCEPT);
    socket.pipe(socket);
  });
}

async function until(socket: Socket, wanted: string): Promise<string> {
  let text = "";
  while (!text.includes(wanted)) {
    const [chunk] = (await once(socket, "data")) as [Buffer];
    text += chunk.toString("latin1");
  }
  return text;
}

describe("an upgrade that its route allows", () => {
  it("is asked of the upstream in our own words, and its 101 is passed", async () => {
    await start();
    const client = loopback.client();
    client.write(ASK);
    const head = await until(client, "\r\n\r\n");
    expect(head).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nx-up: 1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    expect(loopback.upstreamHeads[0]).toMatch(
      /^GET \/chat HTTP\/1\.1\r\nhost: a\.test\r\n[^]*\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n$/,
    );
    client.resetAndDestroy();
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 101, flags: ["DC"], route: "r" });
  });

  it("carries bytes that would be HTTP, those sent before the 101 too, and counts them", async () => {
    await start();
    for (const pieces of ["whole", "bytes"] as const) {
      const sent = "GET / HTTP/1.1\r\n\r\n\0\xff";
      const client = loopback.client();
      const said = readAll(client);
      for (const piece of pieces === "whole" ? [ASK + sent] : [...(ASK + sent)]) client.write(piece, "latin1");
      client.end();
      const text = await said;
      expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toBe(sent);
    }
    await loopback.ended(2);
    for (const seen of loopback.seen) {
      expect(seen).toMatchObject({ status: 101, flags: [], bytesIn: ASK.length + 20, bytesOut: 86 + 20 });
    }
    expect(loopback.upstreamConnections).toBe(2);
  });

  it("ends each half by itself", async () => {
    let upstreamSaid: Promise<string> | null = null;
    await start({
      upstream: (socket) =>
        afterHead(socket, () => {
          socket.removeAllListeners("data");
          socket.end(`${ACCEPT}bye`);
          upstreamSaid = readAll(socket);
        }),
    });
    const client = loopback.client();
    client.write(ASK);
    let said = "";
    client.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
    await once(client, "end");
    expect(said.endsWith("\r\n\r\nbye")).toBe(true);
    expect(loopback.server.streams).toBe(1);
    client.end("still here");
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 101, flags: [] });
    expect(upstreamSaid).not.toBe(null);
  });

  it("passes what a client says after the upstream has said all", async () => {
    const heard: Promise<string>[] = [];
    await start({
      upstream: (socket) =>
        afterHead(socket, () => {
          socket.removeAllListeners("data");
          heard.push(
            new Promise((resolve) => {
              let text = "";
              socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
              socket.on("end", () => resolve(text));
            }),
          );
          socket.end(ACCEPT);
        }),
    });
    const client = loopback.client();
    client.write(ASK);
    client.resume();
    await once(client, "end");
    client.end("the last word");
    expect(await heard[0]).toBe("the last word");
    await loopback.ended(1);
  });

  it("keeps a fast side from filling the proxy for a slow one", async () => {
    await start();
    const client = loopback.client();
    client.write(ASK);
    await until(client, "\r\n\r\n");
    client.pause();
    const block = Buffer.alloc(1 << 20, "0123456789abcdef");
    for (let i = 0; i < 32; i++) client.write(block);
    await expect.poll(() => loopback.account.held).toBeGreaterThan(0);
    expect(loopback.account.held).toBeLessThan(1 << 20);
    const said = readAll(client);
    client.end();
    client.resume();
    expect((await said) === block.toString("latin1").repeat(32)).toBe(true);
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 101, flags: [] });
  });

  it("ends when nothing comes either way, and not by the time of an answer", async () => {
    await start({ streamIdleTimeoutMs: 300, route: "{ name: r, cluster: a, upgrade: [websocket], timeout: 10ms }" });
    const client = loopback.client();
    client.write(ASK);
    await until(client, "\r\n\r\n");
    await readAll(client);
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 101, flags: ["SI"] });
  });

  it.each([
    ["the upstream resets it", (up: Socket) => void up.resetAndDestroy(), ["UC"]],
    ["the proxy is told to stop", () => void loopback.server.drain({ deadlineMs: 0, idleMs: 0 }), ["DT"]],
  ] as const)("is cut when %s", async (_name, act, flags) => {
    await start();
    const client = loopback.client();
    client.write(ASK);
    await until(client, "\r\n\r\n");
    act(loopback.upstreamSockets[0]!);
    await readAll(client);
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 101, flags });
  });

  it("is an ordinary request when the upstream answers otherwise, and the connections go on", async () => {
    let answers = 0;
    await start({
      upstream: (socket) =>
        afterHead(socket, () => {
          const more = answers++ === 0 ? "upgrade: websocket\r\nconnection: upgrade\r\n" : "";
          socket.write(`HTTP/1.1 426 Upgrade Required\r\n${more}content-length: 2\r\n\r\nno`);
        }),
    });
    const client = loopback.client();
    client.write(ASK + ASK);
    expect((await until(client, "no")).split("\r\n")[0]).toBe("HTTP/1.1 426 Upgrade Required");
    await loopback.ended(2);
    client.destroy();
    expect([loopback.upstreamConnections, loopback.seen.map(({ status }) => status)]).toEqual([1, [426, 426]]);
  });

  it.each([
    ["says nothing of the protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["goes on with another protocol", ACCEPT.replace("websocket", "h2c")],
    ["does not nominate it", ACCEPT.replace("connection: upgrade\r\n", "")],
  ])("is answered 502 when the upstream's 101 %s", async (_name, answer) => {
    await start({ upstream: (socket) => afterHead(socket, () => socket.write(answer)) });
    const client = loopback.client();
    client.write(ASK);
    expect(await until(client, "\r\n\r\n")).toMatch(/^HTTP\/1\.1 502 /);
    client.destroy();
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ flags: ["UPE"] });
  });
});

describe("an upgrade", () => {
  it.each([
    "{ name: r, cluster: a }",
    "{ name: r, cluster: a, upgrade: [] }",
    "{ name: r, cluster: a, retry: { attempts: 1, on: [reset] } }",
  ])("is refused by %s, and no upstream is asked", async (route) => {
    await start({ route });
    const client = loopback.client();
    client.write(ASK);
    expect(await until(client, "upgrade.\n")).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    client.destroy();
    await loopback.ended(1);
    expect(loopback.seen[0]).toMatchObject({ status: 403, flags: ["NR"] });
    expect(loopback.upstreamConnections).toBe(0);
  });

  it.each([
    ["of HTTP/1.0", ASK.replace("HTTP/1.1", "HTTP/1.0")],
    ["of another method", `${ASK.replace("GET", "POST").slice(0, -2)}content-length: 0\r\n\r\n`],
    ["that is not nominated", ASK.replace(", Upgrade", "")],
    ["to another protocol", ASK.replace("WebSocket", "h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA")],
    ["to one of several protocols", ASK.replace("WebSocket", "websocket, h2c")],
    ["to one protocol twice", ASK.replace("upgrade: WebSocket", "upgrade: websocket\r\nupgrade: websocket")],
  ])("%s is passed by: the request stays HTTP", async (_name, ask) => {
    await start({
      upstream: (socket) =>
        afterHead(socket, (head) => {
          loopback.upstreamHeads.push(head);
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
        }),
    });
    const client = loopback.client();
    client.write(ask);
    expect(await until(client, "\r\n\r\nok")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    client.destroy();
    expect(loopback.upstreamHeads[0]).not.toMatch(/upgrade|http2-settings/i);
    await loopback.ended(1);
  });

  it("that nobody asked for is not an answer", async () => {
    await start({ upstream: (socket) => afterHead(socket, () => socket.write(ACCEPT)) });
    const said = await loopback.talk("GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");
    expect(said).toMatch(/^HTTP\/1\.1 502 /);
  });
});

describe("an answer before the answer", () => {
  const LAST = "GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";
  const HINTS = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\nconnection: x-hop\r\nx-hop: 1\r\n\r\n";
  const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
  const said = (answer: string): LoopbackOptions => ({
    upstream: (socket) => afterHead(socket, () => socket.write(answer)),
  });

  it("is passed on, without what is of one hop", async () => {
    await start(said(`${HINTS}HTTP/1.1 100 Continue\r\n\r\n${HINTS}${OK}`));
    expect(await loopback.talk(LAST)).toMatch(
      /^(HTTP\/1\.1 103 Early Hints\r\nlink: <\/a\.css>; rel=preload\r\n\r\n){2}HTTP\/1\.1 200 OK\r\n/,
    );
  });

  it("is kept from clients of HTTP/1.0, who know none", async () => {
    await start(said(HINTS + OK));
    expect(await loopback.talk("GET / HTTP/1.0\r\nhost: a.test\r\n\r\n")).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it("comes at most sixteen times", async () => {
    await start(said(HINTS.repeat(17) + OK));
    expect(await loopback.talk(LAST)).toMatch(/^(HTTP\/1\.1 103 [^]*?\r\n\r\n){16}HTTP\/1\.1 502 /);
    expect(loopback.seen[0]).toMatchObject({ status: 502, flags: ["UPE"] });
  });
});
