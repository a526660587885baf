// Clients that do not take what they asked for: they cost a bound and no more, and lose no byte by it.

import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { HELD_BYTES_MAX, STAGE_BYTES } from "../../proxy/codec/limits.ts";
import { LINGER_MS } from "../../proxy/exchange/limits.ts";
import { Loopback, readAll } from "../../proxy/exchange/loopback.ts";
import { plainTcp } from "../../proxy/transport/plain-transport.ts";
import { rawTcp } from "../../proxy/transport/raw-transport.ts";
import { holdingsOf, NOTHING } from "../load/books-of-a-proxy.ts";
import { HeldBackTcp } from "../load/held-back-transport.ts";

const ASK = "GET /no-route HTTP/1.1\r\nhost: a.test\r\n\r\n";
const REQUESTS_AT_ONCE = 1_000;

let loopback: Loopback;
afterEach(async () => {
  await expect.poll(() => holdingsOf(loopback), { timeout: 10_000 }).toEqual(NOTHING);
  await loopback.stop();
});

/** Sends requests until the proxy takes no more of them; how many were sent. */
async function fill(client: Socket): Promise<number> {
  let sent = 0;
  for (let taken = -1; taken !== client.bytesWritten - client.writableLength; sent += REQUESTS_AT_ONCE) {
    taken = client.bytesWritten - client.writableLength;
    client.write(ASK.repeat(REQUESTS_AT_ONCE));
    for (let turns = 0; turns < 200; turns++) await new Promise((resolve) => setImmediate(resolve));
  }
  return sent;
}

async function countAnswers(client: Socket, wanted: number): Promise<number> {
  let answers = 0;
  let rest = "";
  for await (const chunk of client) {
    const parts = (rest + String(chunk)).split("HTTP/1.1 404");
    answers += parts.length - 1;
    rest = parts.at(-1)!.slice(-11);
    if (answers >= wanted) break;
  }
  return answers;
}

describe.each([
  { name: "raw TCP", transports: rawTcp },
  { name: "plain TCP", transports: plainTcp },
])("A client over $name that pipelines and reads nothing", ({ transports }) => {
  it("is not read from any more, costs a bound, and gets every answer once it reads", async () => {
    loopback = await Loopback.start({ transports, limits: { requestsPerConnectionMax: 1e9 } });
    const client = loopback.client();
    client.pause();
    const sent = await fill(client);
    expect(loopback.seen.length).toBeLessThan(sent);
    expect(loopback.account.held).toBeLessThan(4 * (STAGE_BYTES + HELD_BYTES_MAX));
    expect(await countAnswers(client, sent)).toBe(sent);
    client.destroy();
  });
});

describe("A client that is slow with its last answer", () => {
  const lastAnswer = async (connection: "close" | "keep-alive"): Promise<[Promise<string>, HeldBackTcp]> => {
    const transports = new HeldBackTcp();
    loopback = await Loopback.start({ transports });
    transports.isHeldBack = true;
    const client = loopback.client();
    client.write(`GET /all HTTP/1.1\r\nhost: a.test\r\nconnection: ${connection}\r\n\r\n`);
    await loopback.ended(1);
    return [readAll(client), transports];
  };

  it("is not cut by the time that a closing connection has", async () => {
    const [said, transports] = await lastAnswer("close");
    await new Promise((resolve) => setTimeout(resolve, LINGER_MS * 1.5));
    expect(loopback.server.connections).toBe(1);
    transports.letGo();
    expect(await said).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nGET \/all [^]*\r\n\r\n$/);
  });

  it("is not cut by a drain", async () => {
    const [said, transports] = await lastAnswer("keep-alive");
    const drained = loopback.server.drain({ deadlineMs: 10_000, idleMs: 0 });
    transports.letGo();
    expect(await said).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nGET \/all [^]*\r\n\r\n$/);
    await drained;
  });
});

describe("An upstream that is slow with its head", () => {
  it("has what came of it counted among the bytes that are held, until it is gone", async () => {
    const half = `HTTP/1.1 200 OK\r\nx-long: ${"x".repeat(30_000)}`;
    loopback = await Loopback.start({ upstream: (socket) => socket.resume().once("data", () => socket.write(half)) });
    const client = loopback.client();
    client.write("GET /all HTTP/1.1\r\nhost: a.test\r\n\r\n");
    await expect.poll(() => loopback.account.held).toBeGreaterThan(30_000);
    client.resetAndDestroy();
    await loopback.ended(1);
  });
});
