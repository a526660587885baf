// What every kind of transport must do, as one test suite: a kind's own test is a few lines that call this. A kind is
// tried in pairs, so that both its accepting and its connecting side are seen.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import type { Transport, TransportKind, TransportListener, TransportUser } from "./transport.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Registers the suite for `kind`. */
export function describeTransport(name: string, kind: TransportKind): void {
  describe(`${name} as a transport`, () => {
    it("carries bytes both ways, unchanged and in order", () =>
      withPair(kind, async (client, server) => {
        const sent = pattern(200_000, 7);
        await client.send(sent);
        await server.send(pattern(100_000, 11));
        await server.until(() => server.length >= sent.length);
        await client.until(() => client.length >= 100_000);
        expect(server.bytes().equals(sent)).toBe(true);
        expect(client.bytes().equals(pattern(100_000, 11))).toBe(true);
      }));

    it("tells the address of the other side", () =>
      withPair(kind, (client, server) => {
        expect(server.transport.remoteAddress).toBe("127.0.0.1");
        expect(server.transport.remotePort).toBeGreaterThan(0);
        expect(client.isConnected).toBe(true);
      }));

    it("takes writes before it is connected, as pending", async () => {
      await withListener(kind, async (listener, accepted) => {
        const client = new Side(kind.connect("127.0.0.1", listener.port));
        expect(client.transport.isBusy).toBe(true);
        expect(client.transport.write(pattern(3, 5), 3)).toBe(false);
        const server = await accepted();
        await server.until(() => server.length === 3);
        await client.until(() => client.credits > 0);
        expect(client.transport.pendingBytes).toBe(0);
        client.transport.close();
        await server.until(() => server.closes > 0 || server.isEnded);
        server.transport.close();
      });
    });

    it("says when a reader is slow, keeps what is pending, and gives credit when it is taken", () =>
      withPair(kind, async (client, server) => {
        server.transport.pause();
        let rounds = 0;
        const chunk = pattern(65_536, 3);
        while (client.transport.write(Buffer.from(chunk), chunk.length)) rounds++;
        rounds++;
        expect(client.transport.pendingBytes).toBeGreaterThan(0);
        expect(client.transport.isBusy).toBe(true);
        expect(client.credits).toBe(0);
        server.transport.resume();
        await client.until(() => client.credits === 1);
        await server.until(() => server.length === rounds * chunk.length);
        for (let i = 0; i < rounds; i++) {
          expect(
            server
              .bytes()
              .subarray(i * chunk.length, (i + 1) * chunk.length)
              .equals(chunk),
          ).toBe(true);
        }
      }));

    it("keeps what pends although nobody else holds it any more", () =>
      withPair(kind, async (client, server) => {
        server.transport.pause();
        let rounds = 0;
        // Every buffer is the transport's alone once write has returned; then its memory is collected and used again.
        while (rounds < 200) {
          client.transport.write(Buffer.alloc(65_536, rounds), 65_536);
          rounds++;
        }
        const junk: Buffer[] = [];
        for (let i = 0; i < 20; i++) {
          collectGarbage();
          junk.push(Buffer.alloc(1 << 20, 0xff));
        }
        server.transport.resume();
        await server.until(() => server.length === rounds * 65_536);
        const bytes = server.bytes();
        const wrong = Array.from({ length: rounds }, (_, i) => i).filter((i) =>
          bytes.subarray(i * 65_536, (i + 1) * 65_536).some((byte) => byte !== i),
        );
        expect([wrong, junk.length]).toEqual([[], 20]);
      }));

    it("sends nothing on while it is paused", () =>
      withPair(kind, async (client, server) => {
        server.transport.pause();
        await client.send(pattern(100, 9));
        await client.send(pattern(100, 9));
        for (let turn = 0; turn < 20; turn++) await nextTurn();
        expect(server.length).toBe(0);
        server.transport.resume();
        await server.until(() => server.length === 200);
      }));

    it("closes one half and goes on with the other", () =>
      withPair(kind, async (client, server) => {
        await client.send(pattern(5, 2));
        client.transport.halfClose();
        await server.until(() => server.isEnded);
        expect(server.length).toBe(5);
        await server.send(pattern(50_000, 4));
        await client.until(() => client.length === 50_000);
        server.transport.halfClose();
        // Both halves are over: the transport ends by itself.
        await client.until(() => client.closes === 1);
        await server.until(() => server.closes === 1);
      }));

    it("sends what is pending before it closes its half", () =>
      withPair(kind, async (client, server) => {
        server.transport.pause();
        const chunk = pattern(1 << 20, 6);
        client.transport.write(chunk, chunk.length);
        client.transport.halfClose();
        server.transport.resume();
        await server.until(() => server.isEnded);
        expect(server.bytes().equals(chunk)).toBe(true);
      }));

    it("closes once, and then does nothing", () =>
      withPair(kind, async (client, server) => {
        client.transport.close();
        client.transport.close();
        await client.until(() => client.closes === 1);
        await server.until(() => server.isEnded || server.closes === 1);
        client.transport.pause();
        client.transport.resume();
        client.transport.halfClose();
        client.transport.write(pattern(3, 1), 3);
        for (let turn = 0; turn < 5; turn++) await nextTurn();
        expect(client.closes).toBe(1);
      }));

    it("tells of a connection that cannot be made", async () => {
      const listener = await kind.listen({ host: "127.0.0.1", port: 0 }, (transport) => transport.close());
      listener.close();
      await nextTurn();
      const client = new Side(kind.connect("127.0.0.1", listener.port));
      await client.until(() => client.closes === 1);
      expect(client.isConnected).toBe(false);
      expect(client.error).not.toBeNull();
    });
  });
}

/** One side of a connection under test: keeps copies of what it was lent. */
class Side implements TransportUser {
  readonly transport: Transport;
  isConnected = false;
  isEnded = false;
  closes = 0;
  credits = 0;
  length = 0;
  error: Error | null = null;
  private readonly chunks: Buffer[] = [];
  private readonly waiting: (() => void)[] = [];

  constructor(transport: Transport) {
    this.transport = transport;
    transport.user = this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
  async send(bytes: Uint8Array): Promise<void> {
    const before = this.credits;
    if (!this.transport.write(bytes, bytes.length)) await this.until(() => this.credits > before);
  }
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  connected(): void {
    this.isConnected = true;
    this.wake();
  }
  received(bytes: Uint8Array, length: number): void {
    this.chunks.push(Buffer.from(bytes.subarray(0, length)));
    this.length += length;
    this.wake();
  }
  writable(): void {
    this.credits++;
    this.wake();
  }
  ended(): void {
    this.isEnded = true;
    this.wake();
  }
  closed(error: Error | null): void {
    this.closes++;
    this.error = error;
    this.wake();
  }
  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

async function withListener(
  kind: TransportKind,
  use: (listener: TransportListener, accepted: () => Promise<Side>) => Promise<void>,
): Promise<void> {
  const sides: Side[] = [];
  let wake: () => void = () => {};
  const listener = await kind.listen({ host: "127.0.0.1", port: 0 }, (transport) => {
    sides.push(new Side(transport));
    wake();
  });
  const accepted = async (): Promise<Side> => {
    while (sides.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return sides.shift()!;
  };
  try {
    await use(listener, accepted);
  } finally {
    listener.close();
  }
}

async function withPair(kind: TransportKind, use: (client: Side, server: Side) => Promise<void> | void): Promise<void> {
  await withListener(kind, async (listener, accepted) => {
    const client = new Side(kind.connect("127.0.0.1", listener.port));
    const server = await accepted();
    await client.until(() => client.isConnected);
    await use(client, server);
    client.transport.close();
    server.transport.close();
    await client.until(() => client.closes === 1);
    await server.until(() => server.closes === 1);
  });
}

function pattern(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * seed + (i >> 8)) & 0xff;
  return bytes;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
