// Requests to clusters that are full, or whose endpoints fail, on the wire: status, flag and record of each, and nothing left.

import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Chain } from "@sluice/abi";
import { afterEach, describe, expect, it } from "vitest";
import { CLUSTER_CELL, CLUSTER_FAILURES } from "../counters/slab.ts";
import { Loopback, afterHead, readAll, type LoopbackOptions } from "./loopback.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const BROKEN = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
const BUSY = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/** A busy machine takes its time. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
let loopback: Loopback;
const others: Server[] = [];

/** An upstream whose requests wait until a test answers them. */
class PatientUpstream {
  readonly heads: string[] = [];
  private readonly asking: Socket[] = [];

  readonly serve = (socket: Socket): void => {
    afterHead(socket, (head) => {
      this.heads.push(/^\S+ (\S+)/.exec(head)![1]!);
      this.asking.push(socket);
    });
  };

  get asked(): number {
    return this.asking.length;
  }

  answer(text = OK): void {
    this.asking.shift()!.write(text);
  }
}

async function start(cluster: string, route = "", options: LoopbackOptions = {}): Promise<PatientUpstream> {
  const upstream = new PatientUpstream();
  const routing = (address: string): string =>
    `clusters: [{ name: a, endpoints: [${address}], ${cluster} }]\nroutes: [{ name: r, cluster: a${route} }]\n`;
  loopback = await Loopback.start({ routing, upstream: upstream.serve, ...options });
  return upstream;
}

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

function request(path: string, fields = ""): string {
  return `GET ${path} HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n${fields}\r\n`;
}

function failures(): Record<string, number> {
  const row = loopback.clusterRows["a"]!;
  return Object.fromEntries(
    CLUSTER_FAILURES.flatMap((flag, at) => {
      const count = row[CLUSTER_CELL.failures + at]!;
      return count === 0 ? [] : [[flag, count]];
    }),
  );
}

async function waiting(count: number): Promise<void> {
  await eventually(() => loopback.clusterLoads()[0]?.waiting ?? 0).toBe(count);
}

afterEach(async () => {
  await loopback.stop();
  for (const server of others.splice(0)) server.close();
  await eventually(() => [loopback.server.connections, loopback.pins, loopback.account.held]).toEqual([0, 0, 0]);
  await eventually(() =>
    loopback.clusterLoads().every((load) => Object.values(load).every((count) => count === 0)),
  ).toBe(true);
});

describe("a cluster with as many connections as it may have", () => {
  it("lets requests wait, answers them in order, and refuses those that are too many", async () => {
    const upstream = await start("connectionsMax: 1, pendingMax: 2");
    const answers: Promise<string>[] = [];
    for (const [at, path] of ["/1", "/2", "/3"].entries()) {
      answers.push(loopback.talk(request(path)));
      if (at === 0) await eventually(() => upstream.asked).toBe(1);
      else await waiting(at);
    }
    const refused = await loopback.talk(request("/4"));
    expect(refused).toMatch(/^HTTP\/1.1 503 [^]*retry-after: 1\r\n/);
    for (const answer of answers) {
      await eventually(() => upstream.asked).toBe(1);
      upstream.answer();
      expect(await answer).toMatch(/^HTTP\/1.1 200 [^]*ok$/);
    }
    expect([upstream.heads, loopback.upstreamConnections]).toEqual([["/1", "/2", "/3"], 1]);
    expect(loopback.seen.find(({ path }) => path === "/4")).toMatchObject({
      status: 503,
      flags: ["UO"],
      upstream: null,
    });
    expect(failures()).toEqual({ UO: 1 });
    expect(loopback.clusterRows["a"]![CLUSTER_CELL.waited]).toBe(2);
  });

  it("gives up a request that waits too long, and does not try it again", async () => {
    const upstream = await start(
      "connectionsMax: 1, pendingTimeout: 10ms",
      ", retry: { attempts: 3, on: [connectFailure, reset] }",
    );
    const first = loopback.talk(request("/1"));
    await eventually(() => upstream.asked).toBe(1);
    expect(await loopback.talk(request("/2"))).toMatch(/^HTTP\/1.1 503 /);
    upstream.answer();
    await first;
    expect(loopback.seen.map(({ path, status, flags }) => [path, status, flags])).toEqual([
      ["/2", 503, ["UO"]],
      ["/1", 200, []],
    ]);
    expect([loopback.seen[0]!.upstream, failures()]).toEqual([null, { UO: 1 }]);
  });

  it("keeps a route's time while a request waits", async () => {
    const upstream = await start("connectionsMax: 1, pendingTimeout: 10s", ", timeout: 300ms");
    const all = await Promise.all([loopback.talk(request("/1")), loopback.talk(request("/2"))]);
    for (const answer of all) expect(answer).toMatch(/^HTTP\/1.1 504 /);
    expect(loopback.seen.map(({ status, flags }) => [status, flags])).toEqual([
      [504, ["UT"]],
      [504, ["UT"]],
    ]);
    expect(upstream.heads.length).toBeLessThanOrEqual(2);
  });

  it("forgets a request whose client goes while it waits", async () => {
    const upstream = await start("connectionsMax: 1, pendingTimeout: 10s");
    const first = loopback.talk(request("/1"));
    await eventually(() => upstream.asked).toBe(1);
    const client = loopback.client();
    client.write(request("/2"));
    await waiting(1);
    client.resetAndDestroy();
    await waiting(0);
    upstream.answer();
    await first;
    expect(upstream.heads).toEqual(["/1"]);
    expect(loopback.seen.find(({ path }) => path === "/2")).toMatchObject({ flags: ["DC"] });
  });

  /** A slot whose filter is not there and not missed: requests pass through the engine. */
  const skipping = new Chain([
    {
      name: "f",
      index: 0,
      split: null,
      failOpen: 255,
      dryRun: false,
      bodyWhilePaused: false,
      revisions: [
        {
          filter: "f",
          version: "sha256:v",
          revision: "sha256:r",
          requiresCheck: false,
          plugin: null,
          notLoaded: "it is not there",
        },
      ],
    },
  ]);

  it.each([
    ["on a plain route", new Chain([])],
    ["behind a chain", skipping],
  ])("sends a request's content whole when its turn comes, %s", async (_name, chain) => {
    const upstream = new PatientUpstream();
    const bodies: string[] = [];
    const routing = (address: string): string =>
      `clusters: [{ name: a, endpoints: [${address}], connectionsMax: 1 }]\nroutes: [{ name: r, cluster: a }]\n`;
    const serve = (socket: Socket): void => {
      socket.on("data", (bytes: Buffer) => bodies.push(bytes.toString("latin1")));
      upstream.serve(socket);
    };
    loopback = await Loopback.start({ routing, chain, upstream: serve });
    const first = loopback.talk(request("/1"));
    await eventually(() => upstream.asked).toBe(1);
    const content = Array.from({ length: 40_000 }, (_, at) => String.fromCharCode(97 + (at % 26))).join("");
    const client = loopback.client();
    const said = readAll(client);
    client.write(`POST /2 HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ncontent-length: ${content.length}\r\n\r\n`);
    client.write(content.slice(0, 15_000));
    await waiting(1);
    client.write(content.slice(15_000));
    upstream.answer();
    await first;
    await eventually(() => bodies.join("").endsWith(content)).toBe(true);
    upstream.answer();
    expect(await said).toMatch(/^HTTP\/1.1 200 [^]*ok$/);
    expect(loopback.seen.at(-1)).toMatchObject({ path: "/2", status: 200, flags: [] });
  });

  it("refuses what is more than it may be asked at a time", async () => {
    const upstream = await start("requestsMax: 1");
    const first = loopback.talk(request("/1"));
    await eventually(() => upstream.asked).toBe(1);
    expect(await loopback.talk(request("/2"))).toMatch(/^HTTP\/1.1 503 /);
    upstream.answer();
    expect(await first).toMatch(/^HTTP\/1.1 200 /);
    const third = loopback.talk(request("/3"));
    await eventually(() => upstream.asked).toBe(1);
    upstream.answer();
    expect(await third).toMatch(/^HTTP\/1.1 200 /);
    expect(failures()).toEqual({ UO: 1 });
  });
});

describe("a cluster that looks at its endpoints' failures", () => {
  const detecting = "outlierDetection: { consecutive5xx: 3, consecutiveGatewayFailures: 2 }";

  async function answering(...answers: string[]): Promise<void> {
    const upstream = await start(detecting);
    for (const answer of answers) {
      const said = loopback.talk(request("/"));
      await eventually(() => upstream.asked).toBe(1);
      upstream.answer(answer);
      await said;
    }
  }

  it.each([
    ["three errors in a row", [BROKEN, BROKEN, BROKEN], 1],
    ["two errors of a gateway in a row", [BUSY, BUSY], 1],
    ["errors with a good answer between them", [BROKEN, BUSY, OK, BROKEN, BUSY, OK], 0],
    ["errors of which only some are a gateway's", [BUSY, BROKEN], 0],
    ["answers that are no HTTP", ["what?\r\n\r\n", "what?\r\n\r\n"], 1],
  ])("tells %s", async (_name, answers, told) => {
    await answering(...answers);
    expect(loopback.failing).toHaveLength(told);
    for (const address of loopback.failing) expect(address).toBe(loopback.seen[0]!.upstream);
  });

  it("counts an endpoint that nobody listens at, and one that does not answer in time", async () => {
    await start("", "", {
      routing: () =>
        `clusters: [{ name: a, endpoints: [127.0.0.1:1], ${detecting} }]\nroutes: [{ name: r, cluster: a }]\n`,
    });
    for (let at = 0; at < 2; at++) expect(await loopback.talk(request("/"))).toMatch(/^HTTP\/1.1 503 /);
    expect([loopback.failing, failures()]).toEqual([["127.0.0.1:1"], { UF: 2 }]);
    await loopback.stop();
    await start(detecting, ", timeout: 1ms");
    await Promise.all([loopback.talk(request("/")), loopback.talk(request("/"))]);
    expect([loopback.failing.length, failures()]).toEqual([1, { UT: 2 }]);
  });

  it("blames nobody for a request that waited in vain", async () => {
    const upstream = await start("", "", {
      routing: (up) =>
        `clusters: [{ name: a, endpoints: [${up}], connectionsMax: 1, pendingTimeout: 60s, ${detecting} }]\n` +
        "routes:\n  - { name: long, match: { path: { exact: /long } }, cluster: a }\n  - { name: r, cluster: a, timeout: 1ms }\n",
    });
    const long = loopback.talk(request("/long"));
    await eventually(() => upstream.asked).toBe(1);
    const said = await Promise.all([loopback.talk(request("/1")), loopback.talk(request("/2"))]);
    for (const answer of said) expect(answer).toMatch(/^HTTP\/1.1 504 /);
    expect(loopback.failing).toEqual([]);
    upstream.answer();
    expect(await long).toMatch(/ok$/);
  });

  it("asks an endpoint that is down no more, and answers itself where none is left", async () => {
    const one = await origin((socket) => afterHead(socket, () => socket.end(OK.replace("\nok", "\nno"))));
    await start("", "", {
      routing: (up) =>
        `clusters: [{ name: a, endpoints: [${up}, ${one}], panicPercent: 0 }]\nroutes: [{ name: r, cluster: a }]\n`,
      upstream: (socket) => afterHead(socket, () => socket.write(OK)),
    });
    loopback.tellEndpoints([{ cluster: "a", resolved: {}, down: [one] }]);
    for (let at = 0; at < 4; at++) expect(await loopback.talk(request("/"))).toMatch(/ok$/);
    const up = loopback.seen[0]!.upstream!;
    loopback.tellEndpoints([{ cluster: "a", resolved: {}, down: [one, up] }]);
    expect(await loopback.talk(request("/"))).toMatch(/^HTTP\/1.1 503 [^]*no endpoint/);
    expect(loopback.seen.at(-1)).toMatchObject({ status: 503, flags: ["UH"], upstream: null, cluster: "a" });
    expect(failures()).toEqual({ UH: 1 });
  });
});

describe("a cluster that goes by a key", () => {
  it("sends a key to one endpoint, and its retry to the next in rank", async () => {
    const asked: Record<string, string[]> = {};
    const upstreams = await Promise.all(
      ["x", "y", "z"].map((name) =>
        origin((socket) =>
          afterHead(socket, (head) => {
            const user = /x-user: (\S+)/.exec(head)![1]!;
            (asked[user] ??= []).push(name);
            socket.write(asked[user]!.length === 1 ? BUSY : OK);
          }),
        ),
      ),
    );
    await start("", "", {
      routing: () =>
        `clusters: [{ name: a, endpoints: [${upstreams.join(", ")}], policy: consistentHash, hashOn: "header:x-user" }]\n` +
        "routes: [{ name: r, cluster: a, retry: { attempts: 1, on: [503] } }]\n",
    });
    for (const user of ["ann", "ben", "cat", "dan"]) {
      for (let at = 0; at < 3; at++) {
        expect(await loopback.talk(request("/", `x-user: ${user}\r\n`))).toMatch(/^HTTP\/1.1 200 /);
      }
      const [first, second, ...rest] = asked[user]!;
      expect(second).not.toBe(first);
      expect(rest).toEqual([first, first]);
    }
  });
});
