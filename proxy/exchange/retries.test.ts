// Retries on the wire, against origins that are dead, die, answer 503, or say nothing.

import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { EXCHANGE_COUNTER } from "./exchange-counters.ts";
import { RETRIES_LIVE_MIN } from "./limits.ts";
import { undated, Loopback, afterHead, type LoopbackOptions } from "./loopback.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const BUSY = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 5\r\n\r\nbusy\n";
const BUSY_EMPTY = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";
/** An address that nobody listens at. */
const DEAD = "127.0.0.1:1";

let loopback: Loopback;
const others: Server[] = [];

interface Case extends LoopbackOptions {
  /** Of the cluster; the scripted upstream when absent. */
  readonly endpoints?: readonly string[];
  readonly policy?: string;
}

async function start(retry: string, { endpoints, policy = "roundRobin", ...options }: Case = {}): Promise<Loopback> {
  const routing = (upstream: string): string =>
    `clusters: [{ name: a, policy: ${policy}, endpoints: [${(endpoints ?? [upstream]).join(", ").replace("UP", upstream)}] }]\n` +
    `routes: [{ name: r, cluster: a, retry: ${retry} }]\n`;
  return (loopback = await Loopback.start({ routing, ...options }));
}

/** One more origin; its address. */
async function origin(serve: (socket: Socket) => void): Promise<string> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  others.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  await loopback.stop();
  for (const server of others.splice(0)) server.close();
  await eventually(() => [loopback.server.connections, loopback.pins, loopback.account.held]).toEqual([0, 0, 0]);
  expect(loopback.clusterRetries()).toBe(0);
});

/** What a request asks, with a body where there is one. */
function request(method: string, body = ""): string {
  const length = body === "" ? "" : `content-length: ${body.length}\r\n`;
  return `${method} /x HTTP/1.1\r\nhost: a.test\r\n${length}connection: close\r\n\r\n${body}`;
}

/** An upstream that does one thing after the other, a step for each request. */
function steps(...acts: ((socket: Socket, head: string) => void)[]): (socket: Socket) => void {
  let step = 0;
  return (socket) => afterHead(socket, (head) => acts[Math.min(step++, acts.length - 1)]!(socket, head));
}
const says =
  (answer: string) =>
  (socket: Socket): void =>
    void socket.write(answer);
const dies = (socket: Socket): void => void socket.destroy();
const resets = (socket: Socket): void => void socket.resetAndDestroy();
const saysNothing = (): void => {};

/** Until it holds, however busy the machine is. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000 });

const retries = (): number => loopback.counters[EXCHANGE_COUNTER.upstreamRetries]!;

describe("a request whose try fails", () => {
  it.each([
    ["an answer that is a listed status", "503", says(BUSY), 2],
    ["an answer without a body, over the same connection", "503", says(BUSY_EMPTY), 1],
    ["an answer of a listed class", "5xx", says(BUSY), 2],
    ["a gateway's error", "gatewayError", says(BUSY), 2],
    ["a connection that is closed", "reset", dies, 2],
    ["a connection that is reset", "reset", resets, 2],
    ["an answer that is no HTTP", "reset", says("SSH-2.0-x\r\n\r\n"), 2],
  ])("is sent again after %s", async (_name, cause, fails, connections) => {
    await start(`{ attempts: 1, on: [${cause}] }`, { upstream: steps(fails, says(OK)) });
    expect(undated(await loopback.talk(request("GET")))).toBe(
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
    );
    expect(loopback.seen[0]).toMatchObject({ status: 200, flags: [], cluster: "a" });
    expect(retries()).toBe(1);
    expect(loopback.upstreamConnections).toBe(connections);
  });

  it("goes to another endpoint, and the record names that one", async () => {
    await start("{ attempts: 1, on: [connectFailure] }", { endpoints: [DEAD, "UP"], upstream: steps(says(OK)) });
    for (let i = 0; i < 4; i++) expect(await loopback.talk(request("GET"))).toMatch(/^HTTP\/1\.1 200 /);
    expect(loopback.seen.every(({ flags, upstream }) => flags.length === 0 && upstream !== DEAD)).toBe(true);
    expect(retries()).toBe(2);
  });

  it("is sent again when an endpoint says nothing for a try's time", async () => {
    const slow = await origin((socket) => void socket.resume());
    await start("{ attempts: 9, on: [timeout], perTryTimeout: 300ms }", {
      endpoints: [slow, "UP"],
      upstream: steps(says(OK)),
    });
    expect(await loopback.talk(request("GET"))).toMatch(/^HTTP\/1\.1 200 /);
    expect(loopback.seen[0]).toMatchObject({ flags: [] });
    expect(loopback.seen[0]!.upstream).not.toBe(slow);
    expect(loopback.counters[EXCHANGE_COUNTER.upstreamTimeouts]).toBe(retries());
    expect(retries()).toBeGreaterThan(0);
  });

  it("gives the last answer and says so when all retries are used", async () => {
    await start("{ attempts: 2, on: [503] }", { upstream: steps(says(BUSY)) });
    expect(await loopback.talk(request("GET"))).toMatch(/^HTTP\/1\.1 503 [^]*busy\n$/);
    expect(loopback.seen[0]).toMatchObject({ status: 503, flags: ["URX"] });
    expect([retries(), loopback.counters[EXCHANGE_COUNTER.retriesExhausted]]).toEqual([2, 1]);
  });

  it.each([
    ["dead", "{ attempts: 1, on: [connectFailure] }", { endpoints: [DEAD] }, /^HTTP\/1\.1 503 /, ["URX", "UF"]],
    ["reset", "{ attempts: 1, on: [reset] }", { upstream: steps(resets) }, /^HTTP\/1\.1 502 /, ["URX", "UC"]],
    [
      "silent",
      "{ attempts: 1, on: [timeout], perTryTimeout: 40ms }",
      { upstream: steps(saysNothing) },
      /^HTTP\/1\.1 504 /,
      ["URX", "UT"],
    ],
  ] satisfies [string, string, Case, RegExp, string[]][])(
    "fails as its last try did, %s",
    async (_name, retry, options, want, flags) => {
      await start(retry, options);
      expect(await loopback.talk(request("GET"))).toMatch(want);
      expect(loopback.seen[0]!.flags).toEqual(flags);
      expect(retries()).toBe(1);
    },
  );

  it.each([
    ["a status that is not listed", "{ attempts: 1, on: [502] }", request("GET"), says(BUSY), 503],
    ["a method that may not be repeated", "{ attempts: 1, on: [503, reset] }", request("POST"), says(BUSY), 503],
    ["such a method, cut off", "{ attempts: 1, on: [503, reset] }", request("POST"), dies, 502],
  ])("is not sent again for %s", async (_name, retry, sent, act, status) => {
    await start(retry, { upstream: steps(act, says(OK)) });
    expect(await loopback.talk(sent)).toContain(`HTTP/1.1 ${status} `);
    expect([retries(), loopback.seen[0]!.flags.includes("URX")]).toEqual([0, false]);
  });

  it("is sent again, whatever its method, when nobody can have seen it", async () => {
    await start("{ attempts: 1, on: [connectFailure] }", { endpoints: [DEAD, "UP"], upstream: steps(says(OK)) });
    expect(await loopback.talk(request("POST", "hello"))).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("is not sent again once its answer has begun", async () => {
    const begun = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc";
    await start("{ attempts: 3, on: [reset, 5xx] }", {
      upstream: steps((socket) => void socket.write(begun, () => socket.destroy())),
    });
    expect(await loopback.talk(request("GET"))).toMatch(/abc$/);
    expect([retries(), loopback.seen[0]!.flags]).toEqual([0, ["UC"]]);
  });

  it("stops with the route's time, also while it waits to be sent again", async () => {
    let asked = 0;
    await start("{ attempts: 10, on: [503] }, timeout: 100ms", {
      upstream: steps((socket) => void (++asked < 4 ? socket.write(BUSY) : null)),
    });
    expect(await loopback.talk(request("GET"))).toMatch(/^HTTP\/1\.1 504 /);
    expect(loopback.seen[0]!.flags).toEqual(["UT"]);
  });

  it("is forgotten when its client leaves", async () => {
    await start("{ attempts: 10, on: [503] }", { upstream: steps(says(BUSY), saysNothing) });
    const client = loopback.client();
    client.write("GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n");
    await eventually(retries).toBe(1);
    client.resetAndDestroy();
    await loopback.ended(1);
    expect(loopback.seen[0]!.flags).toEqual(["DC"]);
  });
});

describe("a request's content", () => {
  /** Keeps what came with each request, and answers as told once `bytes` of content are there. */
  function reading(bytes: number, answers: readonly string[], got: string[]): (socket: Socket) => void {
    return (socket) => {
      let text = "";
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        if (end < 0 || text.length < end + 4 + bytes) return;
        got.push(text.slice(end + 4));
        text = "";
        socket.write(answers[Math.min(got.length, answers.length) - 1]!);
      });
    };
  }

  it("is sent again whole", async () => {
    const got: string[] = [];
    const body = "0123456789".repeat(1_000);
    await start("{ attempts: 2, on: [503] }", { upstream: reading(body.length, [BUSY, BUSY, OK], got) });
    expect(await loopback.talk(request("PUT", body))).toMatch(/^HTTP\/1\.1 200 /);
    expect(got.map((one) => one === body)).toEqual([true, true, true]);
  });

  it("goes on behind what was sent again when it is still arriving", async () => {
    const got: string[] = [];
    const first = await origin((socket) => afterHead(socket, () => void socket.write(BUSY)));
    await start("{ attempts: 1, on: [503] }", { endpoints: [first, "UP"], upstream: reading(10, [OK], got) });
    const client = loopback.client();
    client.write("PUT /x HTTP/1.1\r\nhost: a.test\r\ncontent-length: 10\r\n\r\n01234");
    await eventually(retries).toBe(1);
    client.write("56789");
    await loopback.ended(1);
    client.destroy();
    expect([got, loopback.seen[0]!.status]).toEqual([["0123456789"], 200]);
  });

  it("that is longer than may be kept is not sent again", async () => {
    const got: string[] = [];
    const body = "x".repeat(101);
    await start("{ attempts: 1, on: [503], bodyBytes: 100B }", { upstream: reading(101, [BUSY, OK], got) });
    expect(await loopback.talk(request("PUT", body))).toMatch(/^HTTP\/1\.1 503 /);
    expect(retries()).toBe(0);
  });

  it("with trailers is not sent again", async () => {
    await start("{ attempts: 1, on: [503] }", {
      upstream: (socket) => afterHead(socket, (head) => void (head.includes("x-sum") && socket.write(BUSY))),
    });
    const chunked = "PUT /x HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    expect(await loopback.talk(`${chunked}3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 503 /);
    expect(retries()).toBe(0);
  });
});

describe("a cluster's budget for retries", () => {
  it("keeps retries to the few that are always allowed when everything fails at once", async () => {
    const REQUESTS = 20;
    const waiting: Socket[] = [];
    let asked = 0;
    await start("{ attempts: 5, on: [503], budgetPercent: 1 }", {
      upstream: (socket) =>
        afterHead(socket, () => {
          waiting.push(socket);
          if (++asked === REQUESTS) for (const one of waiting.splice(0)) one.write(BUSY);
        }),
    });
    const said = Promise.all(Array.from({ length: REQUESTS }, () => loopback.talk(request("GET"))));
    await loopback.ended(REQUESTS - RETRIES_LIVE_MIN);
    expect(loopback.seen.every(({ status, flags }) => status === 503 && flags.join() === "UO")).toBe(true);
    expect(loopback.counters[EXCHANGE_COUNTER.retriesOverBudget]).toBe(REQUESTS - RETRIES_LIVE_MIN);
    await eventually(() => waiting.length).toBe(RETRIES_LIVE_MIN);
    for (const one of waiting) one.write(OK);
    expect((await said).filter((answer) => answer.startsWith("HTTP/1.1 200 "))).toHaveLength(RETRIES_LIVE_MIN);
    expect(retries()).toBe(RETRIES_LIVE_MIN);
  });

  it("grows with what is live in the cluster", async () => {
    const REQUESTS = 20;
    const waiting: Socket[] = [];
    let asked = 0;
    await start("{ attempts: 1, on: [503], budgetPercent: 50 }", {
      upstream: (socket) =>
        afterHead(socket, () => {
          waiting.push(socket);
          if (++asked === REQUESTS) waiting.shift()!.write(BUSY);
        }),
    });
    const said = Promise.all(Array.from({ length: REQUESTS }, () => loopback.talk(request("GET"))));
    for (let failed = 1; failed <= 8; failed++) {
      await eventually(retries).toBe(failed);
      if (failed < 8) waiting.shift()!.write(BUSY);
    }
    await eventually(() => waiting.length).toBe(REQUESTS);
    for (const one of waiting) one.write(OK);
    expect((await said).every((answer) => answer.startsWith("HTTP/1.1 200 "))).toBe(true);
    expect(loopback.counters[EXCHANGE_COUNTER.retriesOverBudget]).toBe(0);
  });

  it("gives none to a worker that holds as many bytes as it may", async () => {
    await start("{ attempts: 1, on: [503] }", {
      accountBytesMax: 0,
      upstream: steps((socket) => {
        loopback.account.hold(1);
        socket.write(BUSY);
      }),
    });
    expect(await loopback.talk(request("GET"))).toMatch(/^HTTP\/1\.1 503 /);
    loopback.account.release(1);
    expect([retries(), loopback.seen[0]!.flags]).toEqual([0, ["UO"]]);
  });
});

describe("leastRequest", () => {
  it("asks the endpoint that has less to do", async () => {
    const served = { idle: 0 };
    const idle = await origin((socket) => afterHead(socket, () => (served.idle++, void socket.write(OK))));
    await start("{ attempts: 1, on: [reset] }", {
      policy: "leastRequest",
      endpoints: [idle, "UP"],
      upstream: steps(saysNothing),
    });
    // Until one request is stuck at the endpoint that never answers.
    const stuck = loopback.client();
    stuck.write("GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n");
    stuck.on("data", () => void stuck.write("GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n"));
    await eventually(() => loopback.upstreamConnections).toBe(1);
    const before = served.idle;
    for (let i = 0; i < 20; i++) expect(await loopback.talk(request("GET"))).toMatch(/^HTTP\/1\.1 200 /);
    expect(served.idle - before).toBe(20);
    stuck.destroy();
  });
});
