// What one client, or many, can make a server hold, and for how long: each bound over real sockets.

import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseAddressRange } from "../contract/index.ts";
import { STAGE_BYTES } from "../codec/limits.ts";
import { LEVEL } from "../overload/overload-level.ts";
import { rawTcp } from "../transport/raw-transport.ts";
import { READ_BYTES } from "../transport/limits.ts";
import { EXCHANGE_COUNTER } from "./exchange-counters.ts";
import { SWEEP_MS } from "./limits.ts";
import { afterHead, Loopback, readAll, type LoopbackOptions } from "./loopback.ts";
import { TrustedProxies } from "./trusted-proxies.ts";

const GET = "GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n";
const LAST_GET = "GET /last HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const POST = "POST /x HTTP/1.1\r\nhost: a.test\r\ncontent-length: 1000000\r\n\r\n";
/** Much shorter than any deadline, so that only the deadline can end a trickle. */
const TRICKLE_MS = 10;
/** More than kernels buffer between two sockets. */
const ENDLESS = 64 * 1024 * 1024;
/** What one stream may hold in one direction: a stage that a slow peer did not take, and a read behind it. */
const STREAM_BYTES = STAGE_BYTES + READ_BYTES;

let loopback: Loopback;
const timers = new Set<NodeJS.Timeout>();
async function start(options: LoopbackOptions = {}): Promise<Loopback> {
  loopback = await Loopback.start(options);
  return loopback;
}
afterEach(async () => {
  for (const timer of timers) clearInterval(timer);
  timers.clear();
  await loopback.stop();
  await expect.poll(() => [loopback.server.connections, loopback.pins, loopback.account.held]).toEqual([0, 0, 0]);
});

function count(name: keyof typeof EXCHANGE_COUNTER): number {
  return loopback.counters[EXCHANGE_COUNTER[name]]!;
}

/** Sends `text` byte by byte and, when it is over, its last byte again and again. */
function trickle(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.writable) socket.write(text[Math.min(at++, text.length - 1)]!, "latin1");
  }, TRICKLE_MS);
  timers.add(timer);
}

/** From another address of this machine than the other clients. */
function clientFrom(localAddress: string): Socket {
  const socket = connect({ host: "127.0.0.1", port: loopback.port, localAddress });
  socket.on("error", () => {});
  return socket;
}

/** As much as the peer takes. */
function pour(socket: Socket): void {
  const chunk = Buffer.alloc(65_536);
  const on = (): void => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on("drain", on);
  on();
}

/** The most that was held at one time until all streams had ended. */
async function mostHeldPerStream(streams: number): Promise<number> {
  let most = 0;
  while (loopback.seen.length < streams) {
    most = Math.max(most, loopback.account.held);
    await new Promise((resolve) => setTimeout(resolve, TRICKLE_MS));
  }
  expect(most).toBeGreaterThan(0);
  return most / streams;
}

describe("HttpServer with a client that takes its time", () => {
  it("answers 408 to a head that trickles, counted from its first byte", async () => {
    await start({ limits: { headTimeoutMs: 2 * SWEEP_MS } });
    const client = loopback.client();
    trickle(client, "GET / HTTP/1.1\r\nx-a: aaaaaaaaaaaaaaaaaaa");
    expect(await readAll(client)).toMatch(/^HTTP\/1\.1 408 /);
    expect([count("headTimeouts"), count("idleTimeouts")]).toEqual([1, 0]);
  });

  it("answers 408 to a body that trickles, though it never stands still", async () => {
    await start({ limits: { requestTimeoutMs: 2 * SWEEP_MS }, upstream: () => undefined });
    const client = loopback.client();
    client.write(POST);
    trickle(client, "b");
    expect(await readAll(client)).toMatch(/^HTTP\/1\.1 408 [^]*connection: close/);
    expect(loopback.seen[0]).toMatchObject({ status: 408, flags: ["DT"] });
    expect([count("requestTimeouts"), count("headTimeouts")]).toEqual([1, 0]);
  });

  it("lets a request that is whole in time be followed by a long answer", async () => {
    await start({
      limits: { requestTimeoutMs: SWEEP_MS },
      upstream: (socket) =>
        afterHead(socket, () => {
          const timer = setTimeout(() => socket.write(OK), 4 * SWEEP_MS);
          timers.add(timer);
        }),
    });
    const said = await loopback.talk(
      "POST / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ncontent-length: 1\r\n\r\nb",
    );
    expect(said).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it("cuts a stream that goes on for longer than it may, though bytes flow", async () => {
    await start({
      limits: { streamTimeoutMs: 2 * SWEEP_MS },
      upstream: (socket) =>
        afterHead(socket, () => {
          socket.write("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n");
          trickle(socket, "a");
        }),
    });
    expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 200 OK[^]*\r\n\r\na+$/);
    expect(loopback.seen[0]).toMatchObject({ status: 200, flags: ["DT"] });
    expect(count("streamTimeouts")).toBe(1);
  });

  it("lets a tunnel go on for as long as bytes come", async () => {
    await start({
      limits: { streamTimeoutMs: SWEEP_MS },
      routing: (upstream) =>
        `clusters: [{ name: a, endpoints: [${upstream}] }]\nroutes: [{ name: r, cluster: a, upgrade: [websocket] }]\n`,
      upstream: (socket) =>
        afterHead(socket, () => {
          socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n");
          trickle(socket, "t");
        }),
    });
    const client = loopback.client();
    let said = "";
    client.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
    client.write("GET / HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    // Bytes that take longer to come than a stream may last, and two sweeps more.
    while (!said.endsWith("t".repeat((4 * SWEEP_MS) / TRICKLE_MS))) await once(client, "data");
    expect([loopback.server.streams, count("streamTimeouts")]).toEqual([1, 0]);
    client.destroy();
  });

  it("answers 504 when a stream's time is over before its answer began", async () => {
    await start({ limits: { streamTimeoutMs: SWEEP_MS }, upstream: () => undefined });
    expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 504 /);
    expect(loopback.seen[0]).toMatchObject({ status: 504, flags: ["DT"] });
  });

  it("closes a connection that asks nothing, before its first request and between two", async () => {
    await start({ limits: { keepAliveTimeoutMs: SWEEP_MS } });
    const silent = loopback.client();
    const asking = loopback.client();
    asking.write(GET);
    const [silence, answer] = await Promise.all([readAll(silent), readAll(asking)]);
    expect(silence).toBe("");
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(loopback.seen).toHaveLength(1);
  });

  it("ends streams whose clients never read, which cost no more than what is under way meanwhile", async () => {
    const clients = 24;
    await start({
      limits: { streamIdleTimeoutMs: 6 * SWEEP_MS },
      upstream: (socket) =>
        afterHead(socket, () => {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${ENDLESS}\r\n\r\n`);
          pour(socket);
        }),
    });
    const sockets = Array.from({ length: clients }, () => loopback.client().pause());
    for (const socket of sockets) socket.write(GET);
    expect(await mostHeldPerStream(clients)).toBeLessThanOrEqual(STREAM_BYTES);
    expect(loopback.seen.every(({ flags }) => flags.includes("SI"))).toBe(true);
    for (const socket of sockets) socket.destroy();
  });
});

describe("HttpServer before an upstream that never reads", () => {
  it("ends the streams, which cost no more than what is under way meanwhile", async () => {
    const clients = 24;
    await start({ limits: { streamIdleTimeoutMs: 6 * SWEEP_MS }, upstream: (socket) => void socket.pause() });
    const sockets = Array.from({ length: clients }, () => loopback.client());
    for (const socket of sockets) {
      socket.resume();
      socket.write(`POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: ${ENDLESS}\r\n\r\n`);
      pour(socket);
    }
    expect(await mostHeldPerStream(clients)).toBeLessThanOrEqual(STREAM_BYTES);
    expect(loopback.seen.every(({ flags }) => flags.includes("SI"))).toBe(true);
    for (const socket of sockets) socket.destroy();
  });
});

describe("HttpServer with large heads", () => {
  it("counts what they take until their streams end", async () => {
    const headBytesMax = 32_768;
    await start({ limits: { headBytesMax }, upstream: () => undefined });
    const clients = Array.from({ length: 4 }, () => loopback.client());
    for (const client of clients) client.write(`GET / HTTP/1.1\r\nhost: a.test\r\nx-a: ${"a".repeat(20_000)}\r\n\r\n`);
    await expect.poll(() => loopback.server.streams).toBe(4);
    expect(loopback.account.held).toBeGreaterThan(4 * 20_000);
    for (const client of clients) client.resetAndDestroy();
    await loopback.ended(4);
  });
});

describe("HttpServer with many clients", () => {
  it("ends a connection with the answer to as many requests as one may serve", async () => {
    await start({ limits: { requestsPerConnectionMax: 3 } });
    const said = await loopback.talk(GET.repeat(5));
    expect(said.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect(said.match(/\r\nconnection: close/g)).toHaveLength(1);
    expect(said.indexOf("connection: close")).toBeGreaterThan(said.lastIndexOf("HTTP/1.1 200 OK"));
    expect([count("connectionsSpent"), loopback.seen.length]).toEqual([1, 3]);
  });

  it("closes a connection beyond the listener's bound at once, and takes one again when another left", async () => {
    await start({ limits: { connectionsMax: 2 } });
    const held = [loopback.client(), loopback.client()];
    await expect.poll(() => loopback.server.connections).toBe(2);
    expect(await readAll(loopback.client())).toBe("");
    expect([count("refusedByListener"), count("connectionsTotal")]).toEqual([1, 2]);
    held[0]!.destroy();
    await expect.poll(() => loopback.server.connections).toBe(1);
    expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 200 OK/);
    held[1]!.destroy();
  });

  it("bounds the connections of one address and leaves room for others", async () => {
    await start({ limits: { connectionsPerSourceMax: 2 } });
    const held = [clientFrom("127.0.0.2"), clientFrom("127.0.0.2")];
    await expect.poll(() => loopback.server.connections).toBe(2);
    expect(await readAll(clientFrom("127.0.0.2"))).toBe("");
    expect(count("refusedBySource")).toBe(1);
    expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 200 OK/);
    for (const socket of held) socket.destroy();
  });

  it("bounds not the connections of a proxy that it trusts", async () => {
    await start({
      limits: { connectionsPerSourceMax: 1 },
      trusted: new TrustedProxies([parseAddressRange("127.0.0.2")!]),
    });
    const held = [clientFrom("127.0.0.2"), clientFrom("127.0.0.2"), clientFrom("127.0.0.2")];
    await expect.poll(() => loopback.server.connections).toBe(3);
    expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(count("refusedBySource")).toBe(0);
    for (const socket of held) socket.destroy();
  });

  it("lets a request wait for an upstream connection when the worker has its share", async () => {
    let answer: () => void = () => {};
    await start({
      limits: { upstreamConnectionsMax: 1 },
      upstream: (socket) =>
        afterHead(socket, () => {
          answer = () => void socket.write(OK);
        }),
    });
    const both = [loopback.talk(LAST_GET), loopback.talk(LAST_GET)];
    await expect.poll(() => loopback.server.streams).toBe(2);
    await expect.poll(() => (answer(), loopback.seen.length)).toBe(2);
    for (const said of await Promise.all(both)) expect(said).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(loopback.upstreamConnections).toBe(1);
  });
});

describe("HttpServer that has no descriptor to accept with", () => {
  it("closes what is idle, upstream connections first, and nothing that is in use", async () => {
    let failed = (): void => {};
    await start({
      transports: {
        ...rawTcp,
        listen: (at, accepted, acceptFailed = failed) => {
          failed = acceptFailed;
          return rawTcp.listen(at, accepted);
        },
      },
      routing: (upstream) =>
        `clusters: [{ name: a, endpoints: [${upstream}] }]\nroutes: [{ name: r, cluster: a, timeout: 1m }]\n`,
      upstream: (socket) => afterHead(socket, (head) => head.startsWith("GET /x ") && socket.write(OK)),
    });
    const busy = loopback.client();
    busy.write("GET /busy HTTP/1.1\r\nhost: a.test\r\n\r\n");
    await expect.poll(() => loopback.upstreamConnections).toBe(1);
    const idle = loopback.client();
    const said = readAll(idle);
    idle.write(GET);
    await expect.poll(() => count("upstreamConnectionsIdle")).toBe(1);

    failed();
    await expect.poll(() => count("upstreamConnectionsLive")).toBe(1);
    expect(loopback.server.connections).toBe(2);
    failed();
    expect(await said).toMatch(/^HTTP\/1\.1 200 OK/);
    await expect.poll(() => loopback.server.connections).toBe(1);
    failed();
    expect([loopback.server.streams, count("acceptFailures")]).toEqual([1, 3]);
    busy.destroy();
  });
});

describe("HttpServer that is told of overload", () => {
  it("ends kept connections, then refuses streams, then connections, and recovers", async () => {
    await start();
    const { server } = loopback;
    server.overloaded(LEVEL.shrinkCaches);
    server.shrinkCaches({ bytes: true, descriptors: true });
    const kept = loopback.client();
    kept.write(GET);
    await loopback.ended(1);
    expect(server.connections).toBe(1);

    server.overloaded(LEVEL.closeConnections);
    kept.write(GET);
    const [first, second] = (await readAll(kept)).split(/(?=HTTP\/1\.1 200 OK)/);
    expect(first).not.toContain("connection: close");
    expect(second).toContain("connection: close");

    server.overloaded(LEVEL.refuseStreams);
    const asked = loopback.upstreamHeads.length;
    expect(await loopback.talk(GET)).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1\r\n[^]*connection: close/);
    expect(loopback.seen.at(-1)).toMatchObject({ status: 503, flags: ["OM"] });
    expect([count("overloadRefusals"), loopback.upstreamHeads.length]).toEqual([1, asked]);

    server.overloaded(LEVEL.refuseConnections);
    expect(await readAll(loopback.client())).toBe("");
    expect(count("refusedByOverload")).toBe(1);

    server.overloaded(0);
    expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it("drains on when the overload is over meanwhile", async () => {
    await start({ upstream: () => undefined });
    const client = loopback.client();
    client.write(GET);
    const said = readAll(client);
    await expect.poll(() => loopback.server.streams).toBe(1);
    const drained = loopback.server.drain({ deadlineMs: SWEEP_MS, idleMs: 0 });
    loopback.server.overloaded(LEVEL.refuseConnections);
    loopback.server.overloaded(0);
    expect(loopback.server.isDraining).toBe(true);
    await drained;
    expect(await said).toBe("");
  });
});
