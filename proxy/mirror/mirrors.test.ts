// Copies of requests between a raw client, a primary and mirrors that behave well, badly or not at all.

import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { MirrorFlags } from "@sluice/abi/data-path";
import { afterEach, describe, expect, it } from "vitest";
import { CLUSTER_DEFAULTS } from "../contract/index.ts";
import { MIRROR_CELL, MIRROR_DROPS } from "../counters/slab.ts";
import { Loopback, readAll, type LoopbackOptions } from "../exchange/loopback.ts";
import { LEVEL } from "../overload/overload-level.ts";
import { compileCluster } from "../routing/clusters.ts";
import { EndpointDirectory } from "../routing/endpoint-directory.ts";
import type { Cluster } from "../snapshot/runtime.ts";
import { COPY_PENDING_BYTES_MAX, MIRROR_CONNECTIONS_PER_ENDPOINT_MAX, MIRROR_PENDING_BYTES_MAX } from "./limits.ts";
import { answering, isWholeRequest, mirroringChain, OK, RawOrigin, type MirrorCall } from "./mirroring.fixture.ts";

const GET = "GET /x HTTP/1.1\r\nhost: a.test\r\n\r\n";
const MARK = "x-sluice-mirror: m\r\ncdn-loop: this-proxy\r\n";
const origins: RawOrigin[] = [];
let loopback: Loopback;

afterEach(async () => {
  await loopback.stop();
  await Promise.all(origins.splice(0).map((origin) => origin.stop()));
  await expect
    .poll(() => [loopback.pins, loopback.account.held, loopback.server.mirrors.copiesLive])
    .toEqual([0, 0, 0]);
});

async function origin(
  script: Parameters<typeof RawOrigin.start>[0] = answering(OK, isWholeRequest),
): Promise<RawOrigin> {
  const made = await RawOrigin.start(script);
  origins.push(made);
  return made;
}

/** A proxy whose filter copies to `targets`, by cluster name the port of each. */
async function start(
  targets: Readonly<Record<string, number>>,
  calls: readonly MirrorCall[] = Object.keys(targets).map((cluster) => ({ cluster })),
  options: LoopbackOptions & { readonly denies?: boolean } = {},
): Promise<RawOrigin> {
  const primary = await origin();
  const directory = new EndpointDirectory();
  const clusters = new Map<string, Cluster>(
    Object.entries({ up: primary.port, ...targets }).map(([name, port]) => {
      const endpoints = [{ host: "127.0.0.1", port }];
      return [name, compileCluster({ ...CLUSTER_DEFAULTS, name, endpoints }, directory)];
    }),
  );
  const chain = mirroringChain(calls, options.denies);
  loopback = await Loopback.start({ chain, clusters, endpointPort: primary.port, ...options });
  return primary;
}

/** A port where nobody listens any more. */
async function closedPort(): Promise<number> {
  const made = await RawOrigin.start(() => {});
  const { port } = made;
  await made.stop();
  return port;
}

async function until(socket: Socket, wanted: string): Promise<void> {
  let text = "";
  while (!text.includes(wanted)) text += ((await once(socket, "data")) as [Buffer])[0].toString("latin1");
}

/** The counters of a cluster that are not zero. */
function counted(cluster = "shadow"): Record<string, number> {
  const row = loopback.mirrorRows[cluster] ?? new Float64Array(16);
  const { dropped, ...outcomes } = MIRROR_CELL;
  const cells = Object.entries(outcomes).map(([name, at]) => [name, row[at]!] as const);
  const drops = MIRROR_DROPS.map((cause, at) => [cause, row[dropped + at]!] as const);
  return Object.fromEntries([...cells, ...drops].filter(([, count]) => count > 0));
}

describe("a mirrored request", () => {
  it.each([
    { name: "without a body", request: GET },
    { name: "that asks for a head", request: GET.replace("GET", "HEAD") },
    { name: "with an empty body", request: "POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 0\r\n\r\n" },
    {
      name: "with a body of known length",
      request: "PUT /p HTTP/1.1\r\nhost: a.test\r\ncontent-length: 5\r\n\r\nhello",
    },
    {
      name: "in chunks",
      request:
        "POST /p HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n",
    },
    {
      name: "in chunks with trailers",
      request:
        "POST /p HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx-sum: 7\r\n\r\n",
    },
    {
      name: "with fields in odd spacing and of one name",
      request: "GET /x?y=1 HTTP/1.1\r\nHost: a.test\r\nX-A:1\r\nx-b:   2  \r\nX-A:\t3\r\n\r\n",
    },
  ])("$name is its primary byte by byte but for the mark", async ({ request }) => {
    for (const pieces of ["whole", "bytes"] as const) {
      const shadow = await origin();
      const primary = await start({ shadow: shadow.port });
      await loopback.talk(request.replace("\r\n", "\r\nconnection: close\r\n"), pieces);
      await expect.poll(() => counted()).toEqual({ sent: 1, answered: 1 });
      expect(primary.said[0]).toMatch(/^(GET|HEAD|POST|PUT) \//);
      expect(shadow.said[0]).toContain(MARK);
      expect(shadow.said[0]!.replace(MARK, "")).toBe(primary.said[0]);
      await loopback.stop();
    }
  });

  it("is not copied again when it comes back to the proxy", async () => {
    // A mirror that is the proxy itself, or leads there: each request would be copied without end.
    const relay = await origin((socket) => {
      socket.on("data", (bytes) => {
        const back = loopback.client();
        back.once("data", () => back.destroy());
        back.write(bytes);
        socket.write(OK);
      });
    });
    const primary = await start({ relay: relay.port });
    await loopback.talk(GET.replace("\r\n", "\r\nconnection: close\r\n"));
    await expect.poll(() => counted("relay")).toEqual({ sent: 1, answered: 1, loop: 1 });
    await expect.poll(() => primary.said.join("").match(/^GET/gm)).toEqual(["GET", "GET"]);
  });

  it("is copied although it says that another proxy made it", async () => {
    const shadow = await origin();
    await start({ shadow: shadow.port });
    await loopback.talk(GET.replace("\r\n", "\r\nconnection: close\r\ncdn-loop: another\r\n"));
    await expect.poll(() => counted()).toEqual({ sent: 1, answered: 1 });
    expect(shadow.said[0]!.match(/cdn-loop: .*/g)).toEqual(["cdn-loop: another", "cdn-loop: this-proxy"]);
  });

  it("of many megabytes is streamed, whole and unharmed", async () => {
    const shadow = await origin();
    const primary = await start({ shadow: shadow.port });
    const body = "0123456789abcdef".repeat(512 * 1024);
    const client = loopback.client();
    client.write(`POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: ${body.length}\r\n\r\n`);
    const paced = async (): Promise<void> => {
      // In step with the mirror: how far behind it may be is the next tests' affair.
      for (let at = 0; at < body.length; at += 256 * 1024) {
        client.write(body.slice(at, at + 256 * 1024));
        await expect.poll(() => shadow.said[0]?.length ?? 0).toBeGreaterThanOrEqual(at + 256 * 1024);
      }
    };
    await paced();
    await until(client, "200 OK");
    await expect.poll(() => counted()).toEqual({ sent: 1, answered: 1 });
    const digest = (text: string): string => createHash("sha256").update(text, "latin1").digest("hex");
    expect(digest(shadow.said[0]!.replace(MARK, ""))).toBe(digest(primary.said[0]!));
    client.destroy();
  }, 20_000);

  const CREDENTIALS = "authorization: Basic x\r\ncookie: a=1\r\nproxy-authorization: Basic y\r\nx-api-key: k\r\n";

  it("has no credentials unless the filter keeps them", async () => {
    const [plain, trusted] = [await origin(), await origin()];
    const primary = await start({ plain: plain.port, trusted: trusted.port }, [
      { cluster: "plain" },
      { cluster: "trusted", flags: MirrorFlags.KeepCredentials },
    ]);
    await loopback.talk(GET.replace("\r\n\r\n", `\r\n${CREDENTIALS}x-a: 1\r\nconnection: close\r\n\r\n`));
    await expect.poll(() => [counted("plain"), counted("trusted")].map(({ answered }) => answered)).toEqual([1, 1]);
    expect(trusted.said[0]!.replace(MARK, "")).toBe(primary.said[0]);
    const withoutThem = primary.said[0]!.replace(
      /(authorization|cookie|proxy-authorization|x-api-key): [^\r]*\r\n/g,
      "",
    );
    expect(withoutThem).toContain("x-a: 1\r\n");
    expect(plain.said[0]!.replace(MARK, "")).toBe(withoutThem);
  });

  it("without body says that it has none, and asks on the same connection again", async () => {
    const shadow = await origin();
    await start({ shadow: shadow.port }, [{ cluster: "shadow", flags: MirrorFlags.WithoutBody }]);
    const client = loopback.client();
    for (let i = 1; i <= 2; i++) {
      client.write("POST /p HTTP/1.1\r\nhost: a.test\r\ncontent-length: 5\r\n\r\nhello");
      await until(client, "200 OK");
      await expect.poll(() => counted()).toEqual({ sent: i, answered: i });
    }
    expect(shadow.said).toHaveLength(1);
    expect(shadow.said[0]!.match(/content-length: 0\r\n/g)).toHaveLength(2);
    expect(shadow.said[0]).not.toContain("hello");
    client.destroy();
  });

  it("goes to the primary's own cluster as a request of its own", async () => {
    const primary = await start({}, [{ cluster: "up" }]);
    await loopback.talk(GET.replace("\r\n", "\r\nconnection: close\r\n"));
    await expect.poll(() => counted("up")).toEqual({ sent: 1, answered: 1 });
    await expect.poll(() => primary.said.join("").match(/^GET/gm)).toEqual(["GET", "GET"]);
    const [marked, plain] = primary.said.toSorted((a, b) => b.length - a.length);
    expect(marked!.replace(MARK, "")).toBe(plain);
  });

  it("is not made of a request that a filter answers", async () => {
    const shadow = await origin();
    await start({ shadow: shadow.port }, undefined, { denies: true });
    expect(await loopback.talk(GET.replace("\r\n", "\r\nconnection: close\r\n"))).toContain("403");
    expect([counted(), shadow.said]).toEqual([{}, []]);
  });

  it("ends when its client goes in the middle of the body", async () => {
    const shadow = await origin();
    await start({ shadow: shadow.port });
    const client = loopback.client();
    client.write("POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 10\r\n\r\nhalf");
    await expect.poll(() => shadow.said[0]).toContain("half");
    client.destroy();
    await expect.poll(() => counted()).toEqual({ sent: 1, cut: 1 });
    await expect.poll(() => shadow.sockets[0]!.closed).toBe(true);
  });
});

describe("a mirror that fails", () => {
  const talk = (): Promise<string> => loopback.talk(GET.replace("\r\n", "\r\nconnection: close\r\n"));

  it.each([
    { name: "says what is not HTTP", script: answering("\u0000garbage\r\n\r\n", isWholeRequest) },
    { name: "closes when asked", script: (socket: Socket) => void socket.once("data", () => socket.destroy()) },
    {
      name: "breaks off in its answer",
      script: (socket: Socket) =>
        void socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")),
    },
  ])("because it $name is counted, and its primary answered", async ({ script }) => {
    const shadow = await origin(script);
    await start({ shadow: shadow.port });
    expect(await talk()).toContain("200 OK");
    await expect.poll(() => counted()).toEqual({ sent: 1, failed: 1 });
  });

  it("because nobody listens is left alone for a while, and then asked again", async () => {
    await start({ shadow: await closedPort() });
    expect(await talk()).toContain("200 OK");
    await expect.poll(() => counted()).toEqual({ sent: 1, failed: 1 });
    expect(await talk()).toContain("200 OK");
    expect(counted()).toEqual({ sent: 1, failed: 1, unreachable: 1 });
    loopback.server.mirrors.sweep(Infinity);
    expect(await talk()).toContain("200 OK");
    await expect.poll(() => counted()).toEqual({ sent: 2, failed: 2, unreachable: 1 });
  });

  it("because it never answers costs its time and no more, while its primary's connection serves on", async () => {
    const shadow = await origin(() => {});
    await start({ shadow: shadow.port });
    const client = loopback.client();
    for (let i = 1; i <= 5; i++) {
      client.write(GET);
      await until(client, "200 OK");
      await loopback.ended(i);
    }
    await expect.poll(() => shadow.said.filter((said) => said !== "").length).toBe(5);
    expect([counted(), loopback.pins]).toEqual([{ sent: 5 }, 0]);
    loopback.server.mirrors.sweep(Infinity);
    expect(counted()).toEqual({ sent: 5, failed: 5 });
    await expect.poll(() => shadow.sockets.every((socket) => socket.closed)).toBe(true);
    client.destroy();
  });

  it("because it never answers has so many connections and not one more", async () => {
    const shadow = await origin(() => {});
    await start({ shadow: shadow.port });
    const client = loopback.client();
    for (let i = 0; i <= MIRROR_CONNECTIONS_PER_ENDPOINT_MAX; i++) {
      client.write(GET);
      await until(client, "200 OK");
    }
    expect(counted()).toEqual({ sent: MIRROR_CONNECTIONS_PER_ENDPOINT_MAX, connections: 1 });
    client.destroy();
  });

  it("because it does not read is cut at its bound, while its primary gets every byte", async () => {
    const shadow = await origin((socket) => socket.pause());
    const primary = await start({ shadow: shadow.port });
    const body = "x".repeat(16 * 1024 * 1024);
    const client = loopback.client();
    let heldMax = 0;
    const watch = setInterval(() => (heldMax = Math.max(heldMax, loopback.server.mirrors.account.held)), 1);
    client.write(
      `POST / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    expect(await readAll(client)).toContain("200 OK");
    clearInterval(watch);
    expect(primary.said[0]!.endsWith(body)).toBe(true);
    expect(counted()).toEqual({ sent: 1, cut: 1 });
    // One read and one write of the stage may stand above the bound.
    expect(heldMax).toBeLessThan(COPY_PENDING_BYTES_MAX + 1024 * 1024);
    await expect.poll(() => loopback.server.mirrors.account.held).toBe(0);
  }, 20_000);

  it("takes no more copies while all mirrors together hold too much", async () => {
    const shadow = await origin();
    await start({ shadow: shadow.port });
    loopback.server.mirrors.account.hold(MIRROR_PENDING_BYTES_MAX + 1);
    expect(await talk()).toContain("200 OK");
    expect(counted()).toEqual({ memory: 1 });
    loopback.server.mirrors.account.release(MIRROR_PENDING_BYTES_MAX + 1);
  });

  it("is the first to go when its worker has too much to do, and comes back after", async () => {
    const shadow = await origin(() => {});
    await start({ shadow: shadow.port });
    expect(await talk()).toContain("200 OK");
    expect([counted(), loopback.server.mirrors.copiesLive]).toEqual([{ sent: 1 }, 1]);
    loopback.server.overloaded(LEVEL.dropMirrors);
    expect([counted(), loopback.server.mirrors.copiesLive]).toEqual([{ sent: 1, cut: 1 }, 0]);
    expect(await talk()).toContain("200 OK");
    expect(counted()).toEqual({ sent: 1, cut: 1, overload: 1 });
    loopback.server.overloaded(0);
    expect(await talk()).toContain("200 OK");
    expect(counted()).toMatchObject({ sent: 2, overload: 1 });
  });
});

describe("a compared mirror", () => {
  it.each([
    {
      name: "is told with both statuses",
      answer: "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno",
      status: 404,
    },
    { name: "is told without a status when it failed", answer: "garbage\r\n\r\n", status: 0 },
  ])("$name", async ({ answer, status }) => {
    const shadow = await origin(answering(answer, isWholeRequest));
    const primary = await start({ shadow: shadow.port }, [{ cluster: "shadow", flags: MirrorFlags.Compare }]);
    await loopback.talk(GET.replace("\r\n", "\r\nconnection: close\r\n"));
    await expect.poll(() => loopback.compared).toHaveLength(1);
    const { slot, cluster, outcome, primary: seen, ...rest } = loopback.compared[0]!;
    expect({ slot, cluster, outcome, status: rest.status }).toEqual({
      slot: "m",
      cluster: "shadow",
      outcome: status === 0 ? "failed" : "answered",
      status,
    });
    expect(seen).toMatchObject({ id: /x-request-id: (\S+)/.exec(primary.said[0]!)![1], status: 200 });
    expect(rest.durationUs).toBeGreaterThan(0);
  });

  it("that was not asked for is not told", async () => {
    const shadow = await origin();
    await start({ shadow: shadow.port });
    await loopback.talk(GET.replace("\r\n", "\r\nconnection: close\r\n"));
    await expect.poll(() => counted()).toEqual({ sent: 1, answered: 1 });
    expect(loopback.compared).toEqual([]);
  });
});
