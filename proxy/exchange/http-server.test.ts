// The proxy between a client and an upstream that both speak byte by byte what a test wants.

import { once } from "node:events";
import type { Socket } from "node:net";
import { plainTcp } from "../transport/plain-transport.ts";
import { rawTcp } from "../transport/raw-transport.ts";
import type { TransportKind } from "../transport/transport.ts";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { EXCHANGE_COUNTER } from "./exchange-counters.ts";
import { afterHead, Loopback, readAll, undated, writeSingly, type LoopbackOptions } from "./loopback.ts";

const GET = "GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n";
const LAST_GET = "GET /last HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

let loopback: Loopback;
let transports: TransportKind;
async function start(options: LoopbackOptions = {}): Promise<Loopback> {
  loopback = await Loopback.start({ transports, ...options });
  return loopback;
}
afterEach(async () => {
  await loopback.stop();
  await expect.poll(() => [loopback.server.connections, loopback.pins, loopback.account.held]).toEqual([0, 0, 0]);
});

/** An upstream that answers every head with `answer`, and closes when told to. */
function answering(answer: string, then: "keep" | "end" | "destroy" = "keep"): (socket: Socket) => void {
  return (socket) =>
    afterHead(socket, () => {
      socket.write(answer, "latin1");
      if (then === "end") socket.end();
      if (then === "destroy") socket.destroy();
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

describe.each([
  { name: "raw TCP", kind: rawTcp },
  { name: "plain TCP", kind: plainTcp },
])("over $name", ({ kind }) => {
  beforeAll(() => {
    transports = kind;
  });

  describe("HttpServer between requests", () => {
    it("serves many requests on one connection and one upstream connection", async () => {
      await start();
      const client = loopback.client();
      for (let i = 0; i < 5; i++) {
        client.write(`GET /${i} HTTP/1.1\r\nhost: a.test\r\n\r\n`);
        expect(await until(client, "\r\n\r\n")).toContain("200 OK");
        await loopback.ended(i + 1);
      }
      client.destroy();
      expect(loopback.upstreamConnections).toBe(1);
      expect(loopback.seen.map(({ path }) => path)).toEqual(["/0", "/1", "/2", "/3", "/4"]);
    });

    it("answers pipelined requests in order, refusals among them", async () => {
      await start();
      const paths = Array.from({ length: 30 }, (_, i) => (i % 7 === 3 ? "/no-route" : `/p${i}`));
      const sent = paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a.test\r\n\r\n`).join("") + LAST_GET;
      for (const pieces of ["whole", "bytes"] as const) {
        const said = await loopback.talk(sent, pieces);
        const answered = [...said.matchAll(/HTTP\/1\.1 404|GET (\S+) HTTP/g)].map((match) => match[1] ?? "/no-route");
        expect(answered).toEqual([...paths, "/last"]);
      }
      expect(loopback.seen.filter(({ flags }) => flags.includes("NR"))).toHaveLength(8);
    });

    it("records a request without a route as 404 with NR and asks no upstream", async () => {
      await start();
      const said = await loopback.talk("GET /no-route HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");
      expect(said).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
      expect(loopback.seen[0]).toMatchObject({ method: "GET", path: "/no-route", status: 404, flags: ["NR"] });
      expect(loopback.upstreamConnections).toBe(0);
    });

    it("closes idle connections at once and busy ones after their response when it drains", async () => {
      let answer: () => void = () => {};
      await start({ upstream: (socket) => afterHead(socket, () => (answer = () => void socket.write(OK))) });
      const idle = loopback.client();
      const busy = loopback.client();
      const idleSaid = readAll(idle);
      busy.write(GET);
      await expect.poll(() => loopback.upstreamConnections).toBe(1);
      await expect.poll(() => loopback.server.connections).toBe(2);
      const drained = loopback.server.drain({ deadlineMs: 5_000, idleMs: 0 });
      expect(await idleSaid).toBe("");
      const said = readAll(busy);
      await expect.poll(() => (answer(), loopback.seen.length)).toBe(1);
      expect(undated(await said)).toMatch(/^HTTP\/1\.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok/);
      busy.destroy();
      await drained;
      expect(loopback.server.connections).toBe(0);
    });
  });

  describe("HttpServer with bodies", () => {
    const echo = (socket: Socket): void => {
      afterHead(socket, (head) => {
        const chunked = /chunked/.test(head);
        socket.write(
          `HTTP/1.1 200 OK\r\nconnection: close\r\n${chunked ? "transfer-encoding: chunked" : /content-length: \d+/.exec(head)![0]}\r\n\r\n`,
        );
        socket.write(head.slice(head.indexOf("\r\n\r\n") + 4), "latin1");
        socket.removeAllListeners("data");
        socket.pipe(socket);
      });
    };

    it("passes a body of a known length both ways", async () => {
      await start({ upstream: echo });
      const body = "0123456789".repeat(50);
      for (const pieces of ["whole", "bytes"] as const) {
        const said = await loopback.talk(
          `POST / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
          pieces,
        );
        expect(said.endsWith(`\r\n\r\n${body}`)).toBe(true);
      }
    });

    it("passes chunks both ways, and their trailers as trailers", async () => {
      await start({ upstream: echo });
      for (const pieces of ["whole", "bytes"] as const) {
        const said = await loopback.talk(
          "POST / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n" +
            "5\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n",
          pieces,
        );
        const body = said.slice(said.indexOf("\r\n\r\n") + 4);
        expect(body.replace(/[0-9a-f]+\r\n(\w+)\r\n/g, (_, data: string) => data)).toBe(
          "hello01234567890\r\nx-sum: 1\r\n\r\n",
        );
        expect(said.slice(0, said.indexOf("\r\n\r\n"))).not.toContain("x-sum");
      }
    });

    it("moves megabytes unharmed", async () => {
      await start({ upstream: echo });
      const body = Buffer.alloc(4 << 20, "abcdefghijklmnopqrstuvwxyz");
      const client = loopback.client();
      const said = readAll(client);
      client.write(`POST / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`);
      client.write(body);
      const text = await said;
      expect(text.slice(text.indexOf("\r\n\r\n") + 4) === body.toString("latin1")).toBe(true);
    });

    it("answers 100 to a client that waits for it", async () => {
      await start({ upstream: echo });
      const client = loopback.client();
      client.write("POST / HTTP/1.1\r\nhost: a.test\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
      expect(await until(client, "\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n");
      client.write("hi");
      expect(await until(client, "hi")).toMatch(/^HTTP\/1\.1 200 OK/);
      client.destroy();
    });

    it("sends no body to HEAD, nor with 204 and 304", async () => {
      await start({
        upstream: (socket) =>
          afterHead(socket, (head) => {
            const status = head.startsWith("HEAD")
              ? "200 OK"
              : head.includes("/304")
                ? "304 Not Modified"
                : "204 No Content";
            socket.write(`HTTP/1.1 ${status}\r\n${status.startsWith("204") ? "" : "content-length: 9\r\n"}\r\n`);
          }),
      });
      const said = await loopback.talk(
        "HEAD / HTTP/1.1\r\nhost: a.test\r\n\r\nGET /304 HTTP/1.1\r\nhost: a.test\r\n\r\n" +
          "HEAD /no-route HTTP/1.1\r\nhost: a.test\r\n\r\nGET /204 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n",
      );
      expect(said.split("\r\n\r\n").map((part) => part.split("\r\n")[0])).toEqual([
        "HTTP/1.1 200 OK",
        "HTTP/1.1 304 Not Modified",
        "HTTP/1.1 404 Not Found",
        "HTTP/1.1 204 No Content",
        "",
      ]);
    });

    it("passes an answer that ends with its connection as chunks, to HTTP/1.0 as it is", async () => {
      await start({ upstream: answering("HTTP/1.1 200 OK\r\n\r\nall of it", "end") });
      expect(await loopback.talk(LAST_GET)).toMatch(
        /transfer-encoding: chunked\r\n[^]*\r\n\r\n9\r\nall of it\r\n0\r\n\r\n$/,
      );
      expect(undated(await loopback.talk("GET / HTTP/1.0\r\nhost: a.test\r\n\r\n"))).toBe(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it",
      );
    });

    it("gives a slow reader its own bytes, while others are served by the same buffers", async () => {
      const big = Buffer.alloc(8 << 20);
      for (let i = 0; i < big.length; i++) big[i] = 0x41 + (i % 23);
      await start({
        upstream: (socket) =>
          afterHead(socket, (head) => {
            if (!head.startsWith("GET /big"))
              return void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 30000\r\n\r\n${"z".repeat(30_000)}`);
            socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${big.length}\r\n\r\n`);
            socket.write(big);
          }),
      });
      const slow = loopback.client();
      slow.pause();
      slow.write("GET /big HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n");
      await expect.poll(() => loopback.account.held).toBeGreaterThan(0);
      for (let i = 0; i < 20; i++) {
        const said = await loopback.talk(LAST_GET);
        expect(said.slice(said.indexOf("\r\n\r\n") + 4) === "z".repeat(30_000)).toBe(true);
      }
      // Back-pressure: the proxy holds what one read and the kernels' buffers hold, not the whole answer.
      expect(loopback.account.held).toBeLessThan(1 << 20);
      const said = readAll(slow);
      slow.resume();
      const text = await said;
      expect(text.slice(text.indexOf("\r\n\r\n") + 4) === big.toString("latin1")).toBe(true);
    });

    it("stops reading an upload that the upstream does not take", async () => {
      let resume: () => void = () => {};
      await start({ upstream: (socket) => (resume = () => void socket.resume()) });
      const client = loopback.client();
      client.write(`POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: ${64 << 20}\r\n\r\n`);
      const chunk = Buffer.alloc(1 << 20);
      for (let i = 0; i < 64; i++) client.write(chunk);
      await expect.poll(() => loopback.account.held).toBeGreaterThan(0);
      await expect
        .poll(async () => {
          const before = client.bytesWritten;
          await new Promise((resolve) => setImmediate(resolve));
          return client.bytesWritten === before;
        })
        .toBe(true);
      expect(client.writableLength).toBeGreaterThan(32 << 20);
      // Nobody reads from a paused connection, so that its client left is seen when reading goes on.
      client.destroy();
      resume();
      await loopback.ended(1);
      expect(loopback.seen[0]!.flags).toEqual(["DC"]);
    });
  });

  describe("HttpServer when the upstream fails", () => {
    const table: { name: string; upstream: (socket: Socket) => void; want: RegExp; flags: string[] }[] = [
      {
        name: "closes before its head",
        upstream: (s) => afterHead(s, () => s.destroy()),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UC"],
      },
      {
        name: "closes inside its head",
        upstream: answering("HTTP/1.1 200 OK\r\ncontent-le", "end"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UC"],
      },
      {
        name: "closes inside its body",
        upstream: answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", "end"),
        want: /^HTTP\/1\.1 200 OK[^]*\r\n\r\nabc$/,
        flags: ["UC"],
      },
      {
        name: "closes inside a chunk",
        upstream: answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc", "end"),
        want: /\r\n\r\n3\r\nabc\r\n$/,
        flags: ["UC"],
      },
      {
        name: "answers garbage",
        upstream: answering("SSH-2.0-OpenSSH\r\n\r\n"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "answers length and chunked",
        upstream: answering("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "answers two lengths",
        upstream: answering("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "answers an unknown coding",
        upstream: answering("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "answers a fold",
        upstream: answering("HTTP/1.1 200 OK\r\nx-a: 1\r\n 2\r\n\r\n"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "answers with bare LFs",
        upstream: answering("HTTP/1.1 200 OK\ncontent-length: 0\n\n"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "answers NUL in a value",
        upstream: answering("HTTP/1.1 200 OK\r\nx-a: \0\r\n\r\n"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "answers a status out of range",
        upstream: answering("HTTP/1.1 999 Odd\r\n\r\n"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "switches protocols unasked",
        upstream: answering("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
      {
        name: "breaks its chunks",
        upstream: answering("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
        want: /^HTTP\/1\.1 200 OK/,
        flags: ["UPE"],
      },
      {
        name: "sends a head without end",
        upstream: answering(`HTTP/1.1 200 OK\r\nx-a: ${"a".repeat(70_000)}`),
        want: /^HTTP\/1\.1 502 /,
        flags: ["UPE"],
      },
    ];
    for (const { name, upstream, want, flags } of table) {
      it(`tells the client and the record of one that ${name}`, async () => {
        await start({ upstream });
        expect(await loopback.talk(LAST_GET)).toMatch(want);
        expect(loopback.seen[0]!.flags).toEqual(flags);
      });
    }

    it("passes a head that comes byte by byte, and an answer before it", async () => {
      await start({
        upstream: (socket) =>
          afterHead(socket, () => void writeSingly(socket, `HTTP/1.1 103 Early Hints\r\nx-a: 1\r\n\r\n${OK}`)),
      });
      expect(undated(await loopback.talk(LAST_GET))).toBe(
        "HTTP/1.1 103 Early Hints\r\nx-a: 1\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
      );
    });

    it("closes an upstream connection that says more than its answer", async () => {
      await start({ upstream: answering(`${OK}HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nsmugg`) });
      expect(await loopback.talk(GET + LAST_GET)).not.toContain("smugg");
      expect(loopback.upstreamConnections).toBe(2);
    });

    it("answers 503 with UF when nobody listens", async () => {
      await start({ endpointPort: 1 });
      expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 503 /);
      expect(loopback.seen[0]!.flags).toEqual(["UF"]);
    });

    it("answers 504 with UT when the route's time is over", async () => {
      await start({ timeoutMs: 100, upstream: (socket) => void socket.resume() });
      expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 504 /);
      expect(loopback.seen[0]!.flags).toEqual(["UT"]);
    });

    it("cuts an answer that stands still past the idle time", async () => {
      await start({ streamIdleTimeoutMs: 100, upstream: answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc") });
      expect(await loopback.talk(LAST_GET)).toMatch(/abc$/);
      expect(loopback.seen[0]!.flags).toEqual(["SI"]);
    });

    it("repeats an idempotent request once when a kept connection had closed", async () => {
      let connections = 0;
      await start({
        upstream: (socket) => {
          let asked = 0;
          const isFirst = connections++ === 0;
          afterHead(socket, () => void (isFirst && ++asked === 2 ? socket.destroy() : socket.write(OK)));
        },
      });
      const said = await loopback.talk(GET + LAST_GET);
      expect(said.match(/200 OK/g)).toHaveLength(2);
      expect(loopback.counters[EXCHANGE_COUNTER.upstreamRetries]).toBe(1);
    });

    it("does not repeat what is not idempotent", async () => {
      await start({
        upstream: (socket) => {
          let asked = 0;
          afterHead(socket, () => void (++asked === 2 ? socket.destroy() : socket.write(OK)));
        },
      });
      const post = "POST /x HTTP/1.1\r\nhost: a.test\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
      expect(await loopback.talk(GET + post)).toMatch(/200 OK[^]*502 Bad Gateway/);
      expect(loopback.counters[EXCHANGE_COUNTER.upstreamRetries]).toBe(0);
    });
  });

  describe("HttpServer when the client fails", () => {
    it("drops the upstream's answer when the client vanishes", async () => {
      let upstreamClosed: Promise<unknown> = Promise.resolve();
      await start({
        upstream: (socket) => {
          upstreamClosed = once(socket, "end");
          afterHead(socket, () => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nabc"));
        },
      });
      const client = loopback.client();
      client.write(GET);
      await until(client, "abc");
      client.resetAndDestroy();
      await loopback.ended(1);
      await upstreamClosed;
      expect(loopback.seen[0]!.flags).toEqual(["DC"]);
      expect(loopback.server.connections).toBe(0);
    });

    it("drops the request when the client vanishes inside its body", async () => {
      await start({ upstream: (socket) => void socket.resume() });
      const client = loopback.client();
      client.write("POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 9\r\n\r\nabc");
      await expect.poll(() => loopback.upstreamConnections).toBe(1);
      client.end();
      await loopback.ended(1);
      expect(loopback.seen[0]!.flags).toEqual(["DC"]);
    });

    it("answers a client that has closed its own half", async () => {
      await start();
      const client = loopback.client();
      const said = readAll(client);
      client.end(GET);
      expect(await said).toContain("200 OK");
    });

    it("answers 408 to a head that does not come in time", async () => {
      await start({ headTimeoutMs: 100 });
      expect(await loopback.talk("GET / HTTP/1.1\r\nhost: a")).toMatch(/^HTTP\/1\.1 408 /);
      expect(loopback.seen[0]!.flags).toEqual(["DPE"]);
    });

    it("forgets a client that leaves inside its head", async () => {
      await start();
      const client = loopback.client();
      client.end("GET / HTTP/1.1\r\nho");
      await readAll(client);
      await expect.poll(() => loopback.server.connections).toBe(0);
      expect(loopback.seen).toEqual([]);
    });

    it("refuses new streams while its bytes are used up", async () => {
      await start({ accountBytesMax: 0 });
      loopback.account.hold(1);
      expect(await loopback.talk(LAST_GET)).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1\r\n/);
      loopback.account.release(1);
      expect(loopback.seen[0]!.flags).toEqual(["OM"]);
    });
  });
});
