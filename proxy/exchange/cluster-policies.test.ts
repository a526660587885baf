// Where each policy sends requests, seen by endpoints that listen on sockets of their own.

import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Loopback, afterHead } from "./loopback.ts";

/** An endpoint that counts what it is asked; a slow one answers when it is told to. */
class Origin {
  asked = 0;
  isSlow = false;
  address = "";
  private readonly server: Server;
  private readonly held: Socket[] = [];

  constructor() {
    this.server = createServer({ noDelay: true }, (socket) => {
      socket.on("error", () => {});
      afterHead(socket, () => {
        this.asked++;
        if (this.isSlow) this.held.push(socket);
        else this.answer(socket);
      });
    });
  }

  async start(): Promise<this> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.address = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return this;
  }

  release(): void {
    for (const socket of this.held.splice(0)) this.answer(socket);
  }

  stop(): void {
    this.server.close();
    this.release();
  }

  private answer(socket: Socket): void {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${this.address.length}\r\n\r\n${this.address}`);
  }
}

/** A busy machine takes its time. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000, interval: 5 });
let origins: Origin[];
let loopback: Loopback;

beforeEach(async () => {
  origins = await Promise.all(Array.from({ length: 4 }, () => new Origin().start()));
});
afterEach(async () => {
  for (const origin of origins) origin.stop();
  await loopback.stop();
});

async function start(policy: string, endpoints = origins.map(({ address }) => address)): Promise<void> {
  const clusters = `clusters: [{ name: a, endpoints: [${endpoints.join(", ")}], ${policy} }]`;
  loopback = await Loopback.start({ routing: () => `${clusters}\nroutes: [{ name: r, cluster: a }]\n` });
}

/** The endpoint that answered. */
async function ask(path = "/", fields = ""): Promise<string> {
  const said = await loopback.talk(`GET ${path} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n${fields}\r\n`);
  return said.slice(said.indexOf("\r\n\r\n") + 4);
}

const counts = (): number[] => origins.map(({ asked }) => asked);

describe("a policy", () => {
  it("roundRobin asks each as often, however they answer", async () => {
    await start("policy: roundRobin");
    await Promise.all(Array.from({ length: 40 }, () => ask()));
    expect(counts()).toEqual([10, 10, 10, 10]);
  });

  it("roundRobin with weights asks by weight", async () => {
    const [one, two, three, four] = origins.map(({ address }) => address);
    await start("policy: roundRobin", [
      `{ address: "${one}", weight: 5 }`,
      two!,
      `{ address: "${three}", weight: 3 }`,
      four!,
    ]);
    await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(counts()).toEqual([25, 5, 15, 5]);
  });

  it("leastRequest asks a slow one less", async () => {
    await start("policy: leastRequest");
    const [slow, ...quick] = origins as [Origin, ...Origin[]];
    slow.isSlow = true;
    const answers: Promise<string>[] = [];
    let answered = 0;
    for (let at = 0; at < 60; at++) {
      answers.push(ask().finally(() => answered++));
      // One after the other but for those that the slow one holds.
      await eventually(() => answered + slow.asked).toBe(at + 1);
    }
    // It is asked until it has more under way than the idle others, which is with its first.
    expect(slow.asked).toBe(1);
    expect(quick.reduce((sum, { asked }) => sum + asked, 0)).toBe(59);
    for (const { asked } of quick) expect(asked).toBeGreaterThan(5);
    slow.release();
    await Promise.all(answers);
  });

  it("consistentHash asks the same for a key, over reloads and losses", async () => {
    const policy = 'policy: consistentHash, hashOn: "cookie:sid"';
    const users = Array.from({ length: 40 }, (_, at) => `cookie: lang=en; sid=user-${at}\r\n`);
    const choices = (): Promise<string[]> => Promise.all(users.map((cookie) => ask("/", cookie)));
    await start(policy);
    const before = await choices();
    expect(await choices()).toEqual(before);
    expect(new Set(before).size).toBe(4);
    await loopback.stop();
    await start(policy, origins.map(({ address }) => address).toReversed());
    expect(await choices()).toEqual(before);
    const lost = before[0]!;
    loopback.tellEndpoints([{ cluster: "a", resolved: {}, down: [lost] }]);
    const without = await choices();
    users.forEach((_, at) => {
      if (before[at] === lost) expect(without[at]).not.toBe(lost);
      else expect(without[at]).toBe(before[at]);
    });
    loopback.tellEndpoints([]);
    expect(await choices()).toEqual(before);
  });
});
