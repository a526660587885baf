// The accountant must find what it claims is absent: each test plants one fault in a small server.

import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Accountant, answersByRevision, doubledAtOrigin, faultCounts, numberHeader } from "./accountant.ts";
import type { Account } from "./accountant.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that calls `answer` for each complete request head (no bodies). */
async function serverThat(answer: (socket: Socket, number: number) => void): Promise<number> {
  const server = createServer((socket) => {
    let text = "";
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const number = Number(/x-request-number: (\d+)/.exec(text.slice(0, end))?.[1]);
        text = text.slice(end + 4);
        answer(socket, number);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return (server.address() as AddressInfo).port;
}

function okAnswer(number: number, revision = "v1", status = "200 OK"): string {
  return `HTTP/1.1 ${status}\r\ncontent-length: 2\r\nx-revision: ${revision}\r\n${numberHeader}: ${number}\r\n\r\nok`;
}

async function accountOf(port: number, count: number): Promise<Account> {
  const accountant = new Accountant({
    host: "127.0.0.1",
    port,
    connections: 4,
    requestsPerSecond: 2_000,
    request: () => ({ path: "/" }),
    revisionsOf: (answer) => answer.headers.get("x-revision") ?? [],
    isExpected: (answer) => answer.status === 200,
    answerTimeoutMs: 200,
  });
  accountant.start();
  await accountant.settled(count);
  return accountant.stop();
}

const none = { failed: 0, hung: 0, doubled: 0, misattributed: 0 };

describe("Accountant", () => {
  it("finds nothing wrong with a server that answers every request once", async () => {
    const account = await accountOf(await serverThat((socket, number) => socket.write(okAnswer(number))), 200);
    expect(faultCounts(account)).toEqual(none);
    expect(account.answered).toHaveLength(account.sent);
    expect(new Set(account.answered.map((entry) => entry.number)).size).toBe(account.sent);
    expect(answersByRevision(account)).toEqual(new Map([["v1", account.sent]]));
  });

  it("reads answers that arrive byte by byte and chunked", async () => {
    const port = await serverThat((socket, number) => {
      const text = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-revision: v1\r\n${numberHeader}: ${number}\r\n\r\n2\r\nok\r\n0\r\n\r\n`;
      for (const byte of text) socket.write(byte);
    });
    expect(faultCounts(await accountOf(port, 20))).toEqual(none);
  });

  const faulty = [
    {
      name: "an answer sent twice",
      kind: "doubled",
      answer: (socket: Socket, number: number) => socket.write(okAnswer(number).repeat(number === 7 ? 2 : 1)),
    },
    {
      name: "a connection dropped under a request",
      kind: "failed",
      answer: (socket: Socket, number: number) => (number === 7 ? socket.destroy() : socket.write(okAnswer(number))),
    },
    {
      name: "a request that is never answered",
      kind: "hung",
      answer: (socket: Socket, number: number) => number === 7 || socket.write(okAnswer(number)),
    },
    {
      name: "half an answer",
      kind: "failed",
      answer: (socket: Socket, number: number) =>
        number === 7 ? socket.end(okAnswer(number).slice(0, -1)) : socket.write(okAnswer(number)),
    },
    {
      name: "another request's answer",
      kind: "misattributed",
      answer: (socket: Socket, number: number) => socket.write(okAnswer(number === 7 ? 6 : number)),
    },
    {
      name: "an answer of no revision",
      kind: "misattributed",
      answer: (socket: Socket, number: number) =>
        socket.write(number === 7 ? okAnswer(number).replace("x-revision", "x-other") : okAnswer(number)),
    },
    {
      name: "an answer of two revisions",
      kind: "misattributed",
      answer: (socket: Socket, number: number) =>
        socket.write(
          number === 7
            ? okAnswer(number).replace("x-revision: v1", "x-revision: v1\r\nx-revision: v2")
            : okAnswer(number),
        ),
    },
    {
      name: "a status its revision would not give",
      kind: "misattributed",
      answer: (socket: Socket, number: number) =>
        socket.write(okAnswer(number, "v1", number === 7 ? "503 Service Unavailable" : "200 OK")),
    },
    {
      name: "bytes that are no HTTP",
      kind: "failed",
      answer: (socket: Socket, number: number) => socket.write(number === 7 ? "garbage\r\n\r\n" : okAnswer(number)),
    },
    {
      name: "two lengths in one answer",
      kind: "failed",
      answer: (socket: Socket, number: number) =>
        socket.write(number === 7 ? okAnswer(number).replace("\r\n", "\r\ncontent-length: 3\r\n") : okAnswer(number)),
    },
  ];

  for (const { name, kind, answer } of faulty) {
    it(`finds ${name}: ${kind}`, async () => {
      const account = await accountOf(await serverThat(answer), 60);
      expect(faultCounts(account)).toEqual({ ...none, [kind]: 1 });
    });
  }

  it("finds two answers swapped between connections", async () => {
    let held: { socket: Socket; number: number } | null = null;
    const port = await serverThat((socket, number) => {
      if (number === 7) return void (held = { socket, number });
      if (held === null) return void socket.write(okAnswer(number));
      held.socket.write(okAnswer(number));
      socket.write(okAnswer(held.number));
      held = null;
    });
    expect(faultCounts(await accountOf(port, 60))).toEqual({ ...none, misattributed: 2 });
  });

  it("counts a request that nobody listens to as failed", async () => {
    const port = await serverThat(() => undefined);
    servers.splice(0).forEach((server) => server.close());
    expect(faultCounts(await accountOf(port, 5)).failed).toBeGreaterThanOrEqual(5);
  });

  it("accepts a connection that the server announces to close", async () => {
    const port = await serverThat((socket, number) =>
      socket.end(okAnswer(number).replace("\r\n", "\r\nconnection: close\r\n")),
    );
    expect(faultCounts(await accountOf(port, 60))).toEqual(none);
  });

  it("names requests that reached the origin twice", () => {
    expect(
      doubledAtOrigin(
        new Map([
          [1, 1],
          [2, 2],
        ]),
      ),
    ).toEqual([{ kind: "doubled", number: 2, what: "reached the origin 2 times" }]);
  });
});
