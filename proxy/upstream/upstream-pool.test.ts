import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Head, headOf } from "@sluice/abi";
import { afterEach, describe, expect, it } from "vitest";
import type { ResponseSink } from "../codec/codec.ts";
import { OutputStage } from "../codec/stage.ts";
import { CLUSTER_DEFAULTS } from "../contract/index.ts";
import type { ClusterConfig } from "../contract/index.ts";
import { ByteAccount } from "../exchange/byte-account.ts";
import { CoarseClock } from "../exchange/coarse-clock.ts";
import { EXCHANGE_COUNTER, EXCHANGE_COUNTER_COUNT } from "../exchange/exchange-counters.ts";
import { compileCluster } from "../routing/clusters.ts";
import { EndpointDirectory } from "../routing/endpoint-directory.ts";
import type { Cluster, Endpoint } from "../snapshot/runtime.ts";
import { rawTcp } from "../transport/raw-transport.ts";
import { NOBODY } from "../transport/transport.ts";
import type { Transport, TransportKind } from "../transport/transport.ts";
import { CONNECTS_AT_ONCE, IDLE_MS } from "./limits.ts";
import { UpstreamPool } from "./upstream-pool.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

const REQUEST = headOf([
  [":method", "GET"],
  [":path", "/"],
  [":authority", "a.test"],
]);

/** One request's answer, as far as the pool matters. */
class Answer implements ResponseSink {
  readonly responseHead = new Head();
  outcome: Promise<string>;
  credits: string[] = [];
  private settle: (outcome: string) => void = () => {};
  constructor() {
    this.outcome = new Promise((resolve) => (this.settle = resolve));
  }
  responseHeadComplete(): void {}
  responseInterim(): void {}
  responseUpgraded(): void {}
  responseData(): void {}
  responseTrailers(): void {}
  responseCut(flag: string): void {
    this.settle(flag);
  }
  upstreamDone(): void {
    this.settle("done");
  }
  requestWritable(): void {
    this.credits.push("writable");
  }
  requestPended(): void {
    this.credits.push("pended");
  }
}

/** A busy machine takes its time. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
const servers: Server[] = [];
let pool: UpstreamPool;
const counters = new Float64Array(EXCHANGE_COUNTER_COUNT);
const account = new ByteAccount(1 << 30);
const clock = new CoarseClock();

async function serve(act: (socket: Socket, text: string) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => act(socket, bytes.toString("latin1")));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

interface PoolBounds {
  readonly connectionsPerEndpointMax?: number;
  readonly transports?: TransportKind;
}

function poolOf(config: Partial<ClusterConfig>, ports: readonly number[], bounds: PoolBounds = {}): Cluster {
  counters.fill(0);
  const endpoints = ports.map((port) => ({ host: "127.0.0.1", port }));
  pool = new UpstreamPool({
    transports: rawTcp,
    stage: new OutputStage(),
    counters,
    clock,
    account,
    connectionsPerEndpointMax: 4,
    ...bounds,
  });
  return compileCluster({ ...CLUSTER_DEFAULTS, name: "c", endpoints, ...config }, new EndpointDirectory());
}

async function poolWith(answer: string | null) {
  const port = await serve((socket) => void (answer !== null && socket.write(answer)));
  const cluster = poolOf({}, [port]);
  const endpoint = cluster.endpoints[0]!;
  return {
    endpoint,
    take: (fresh = false) => pool.takeNow(cluster, endpoint, fresh),
    ask: (fresh = false): Promise<string> => send(pool.take(cluster, endpoint, fresh)!).outcome,
  };
}

function send(request: UpstreamRequest): Answer {
  const sink = new Answer();
  request.attach(sink, false);
  request.sendRequestHead(REQUEST, true);
  return sink;
}

afterEach(async () => {
  pool.close();
  for (const server of servers.splice(0)) server.close();
  await eventually(() => counters[EXCHANGE_COUNTER.upstreamConnectionsLive]).toBe(0);
  expect(counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]).toBe(0);
  expect(account.held).toBe(0);
});

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

describe("UpstreamPool", () => {
  it("uses an idle connection again, unless a fresh one is asked for", async () => {
    const { ask } = await poolWith(OK);
    expect([await ask(), await ask(), await ask(true)]).toEqual(["done", "done", "done"]);
    expect(counters[EXCHANGE_COUNTER.upstreamConnectsTotal]).toBe(2);
    expect(counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]).toBe(2);
  });

  it("does not use a connection again whose answer says close", async () => {
    const { ask } = await poolWith("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    expect([await ask(), await ask()]).toEqual(["done", "done"]);
    expect(counters[EXCHANGE_COUNTER.upstreamConnectsTotal]).toBe(2);
  });

  it("closes what is idle for too long", async () => {
    const { ask } = await poolWith(OK);
    await ask();
    pool.sweep(clock.monotonicMs + IDLE_MS - 100);
    expect(counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]).toBe(1);
    pool.sweep(clock.monotonicMs + IDLE_MS + 100);
    expect(counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]).toBe(0);
  });

  it("gives up a connection that is not there in time", async () => {
    const { take } = await poolWith(null);
    const sink = new Answer();
    take()!.attach(sink, false);
    // The sweep comes before the event loop could have told of the connection.
    pool.sweep(clock.monotonicMs + 2_000);
    expect(await sink.outcome).toBe("UF");
    expect(counters[EXCHANGE_COUNTER.upstreamConnectFailures]).toBe(1);
  });

  it("tells an endpoint and its cluster how many requests are under way", async () => {
    const { ask, take, endpoint } = await poolWith(OK);
    const live = (): number[] => [endpoint.active, endpoint.load.active, endpoint.load.connections];
    await ask();
    expect(live()).toEqual([0, 0, 1]);
    const taken = [take()!, take()!];
    expect(live()).toEqual([2, 2, 2]);
    for (const connection of taken) connection.close();
    await eventually(live).toEqual([0, 0, 0]);
    await ask();
    pool.sweep(clock.monotonicMs + IDLE_MS + 100);
    await eventually(live).toEqual([0, 0, 0]);
  });

  it("gives no more connections than an endpoint may have", async () => {
    const { take } = await poolWith(null);
    const taken = Array.from({ length: 4 }, () => take());
    expect(taken.every((connection) => connection !== null)).toBe(true);
    expect(take() === null).toBe(true);
  });
});

/** An origin that answers when it is told to, and knows in which order it was asked. */
async function patientOrigin() {
  const asked: Socket[] = [];
  const paths: string[] = [];
  const port = await serve((socket, text) => {
    asked.push(socket);
    paths.push(text);
  });
  return { port, asked, paths, answer: () => asked.shift()!.write(OK) };
}

describe("a cluster's bounds", () => {
  it("let requests wait for a connection, first come first served", async () => {
    const { port, asked, answer } = await patientOrigin();
    const cluster = poolOf({ connectionsMax: 2 }, [port]);
    const [endpoint] = cluster.endpoints;
    const ended: number[] = [];
    const answers = Array.from({ length: 5 }, (_, at) => {
      const sink = send(pool.take(cluster, endpoint!, false)!);
      return sink.outcome.then(() => ended.push(at));
    });
    expect([endpoint!.load.connections, endpoint!.load.waiting.size]).toEqual([2, 3]);
    for (let at = 0; at < 5; at++) {
      await eventually(() => asked.length).toBeGreaterThan(0);
      answer();
      await answers[at];
    }
    expect(ended).toEqual([0, 1, 2, 3, 4]);
    expect(counters[EXCHANGE_COUNTER.upstreamConnectsTotal]).toBe(2);
    expect([endpoint!.load.active, endpoint!.load.waiting.size]).toEqual([0, 0]);
  });

  it("refuse more than may wait, and those that wait too long", async () => {
    const { port } = await patientOrigin();
    const narrow = poolOf({ connectionsMax: 1, pendingMax: 1 }, [port]);
    send(pool.take(narrow, narrow.endpoints[0]!, false)!);
    const waiting = send(pool.take(narrow, narrow.endpoints[0]!, false)!);
    expect(pool.take(narrow, narrow.endpoints[0]!, false) === null).toBe(true);
    pool.sweep(clock.monotonicMs + CLUSTER_DEFAULTS.pendingTimeoutMs - 1);
    expect(narrow.load.waiting.size).toBe(1);
    pool.sweep(clock.monotonicMs + CLUSTER_DEFAULTS.pendingTimeoutMs);
    expect(await waiting.outcome).toBe("UO");
  });

  it("refuse more than may be under way", async () => {
    const { port } = await patientOrigin();
    const broken = poolOf({ requestsMax: 2 }, [port]);
    const one = pool.take(broken, broken.endpoints[0]!, false)!;
    send(one);
    send(pool.take(broken, broken.endpoints[0]!, false)!);
    expect(pool.take(broken, broken.endpoints[0]!, false) === null).toBe(true);
    one.dropRequest();
    await eventually(() => broken.load.active).toBe(1);
    expect(pool.take(broken, broken.endpoints[0]!, false) === null).toBe(false);
  });

  it("keep what a waiting request sends, and its client still", async () => {
    const { port, asked, paths, answer } = await patientOrigin();
    const cluster = poolOf({ connectionsMax: 1 }, [port]);
    const endpoint = cluster.endpoints[0]!;
    const first = send(pool.take(cluster, endpoint, false)!);
    const sink = new Answer();
    const waiting = pool.take(cluster, endpoint, false)!;
    waiting.attach(sink, false);
    waiting.sendRequestHead(
      headOf([
        [":method", "POST"],
        [":path", "/late"],
        [":authority", "a.test"],
        ["content-length", "6"],
      ]),
      false,
    );
    waiting.sendRequestData(Buffer.from("abc"), 0, 3, false);
    expect([account.held, sink.credits]).toEqual([3, ["pended"]]);
    await eventually(() => asked.length).toBe(1);
    answer();
    expect(await first.outcome).toBe("done");
    expect([account.held, sink.credits]).toEqual([0, ["pended", "writable"]]);
    waiting.sendRequestData(Buffer.from("xdefx"), 1, 4, true);
    await eventually(() => paths.slice(1).join("")).toMatch(/^POST \/late [^]*\r\n\r\nabcdef$/);
    answer();
    expect(await sink.outcome).toBe("done");
  });

  it("forget a request that is dropped while it waits", async () => {
    const { port, answer, asked } = await patientOrigin();
    const cluster = poolOf({ connectionsMax: 1 }, [port]);
    const endpoint = cluster.endpoints[0]!;
    const first = send(pool.take(cluster, endpoint, false)!);
    const waiting = pool.take(cluster, endpoint, false)!;
    send(waiting);
    waiting.sendRequestData(Buffer.from("abc"), 0, 3, false);
    waiting.dropRequest();
    expect([cluster.load.waiting.size, account.held]).toEqual([0, 0]);
    await eventually(() => asked.length).toBe(1);
    answer();
    await first.outcome;
    expect(counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]).toBe(1);
  });

  it("give the room of a connection that failed to a request that waits", async () => {
    const dead = await serve((socket) => socket.destroy());
    const cluster = poolOf({ connectionsMax: 1 }, [dead]);
    const endpoint = cluster.endpoints[0]!;
    const outcomes = Array.from({ length: 3 }, () => send(pool.take(cluster, endpoint, false)!).outcome);
    expect(await Promise.all(outcomes)).toEqual(["UC", "UC", "UC"]);
    await eventually(() => [cluster.load.active, cluster.load.connections]).toEqual([0, 0]);
  });

  it("close an idle connection for an endpoint that has none", async () => {
    const quick = [await serve((socket) => socket.write(OK)), await serve((socket) => socket.write(OK))];
    const cluster = poolOf({ connectionsMax: 1 }, quick);
    const outcomes: string[] = [];
    for (let at = 0; at < 4; at++) {
      outcomes.push(await send(pool.take(cluster, cluster.endpoints[at % 2]!, false)!).outcome);
    }
    expect(outcomes).toEqual(["done", "done", "done", "done"]);
    expect(counters[EXCHANGE_COUNTER.upstreamConnectsTotal]).toBe(4);
  });

  it("hand a busy endpoint's connection to requests for one that has none", async () => {
    const busy = await patientOrigin();
    const other = await patientOrigin();
    const cluster = poolOf({ connectionsMax: 1 }, [busy.port, other.port]);
    const [first, second] = cluster.endpoints as [Endpoint, Endpoint];
    const order: string[] = [];
    const note = (name: string, answer: Answer): void => void answer.outcome.then(() => order.push(name));
    note("busy 1", send(pool.take(cluster, first, false)!));
    note("other", send(pool.take(cluster, second, false)!));
    note("busy 2", send(pool.take(cluster, first, false)!));
    await eventually(() => busy.asked.length).toBe(1);
    busy.answer();
    await eventually(() => other.asked.length).toBe(1);
    other.answer();
    await eventually(() => busy.asked.length).toBe(1);
    busy.answer();
    await eventually(() => order).toEqual(["busy 1", "other", "busy 2"]);
  });
});

/** Connections that nobody ever takes or refuses: the other side is not there. */
class NoAnswer implements TransportKind {
  readonly listen = rawTcp.listen;

  connect(): Transport {
    let isOpen = true;
    const transport: Transport = {
      user: NOBODY,
      write: () => false,
      pendingBytes: 0,
      isBusy: true,
      pause() {},
      resume() {},
      halfClose() {},
      close() {
        if (isOpen) queueMicrotask(() => transport.user.closed(null));
        isOpen = false;
      },
      unref() {},
      remoteAddress: "",
      remotePort: 0,
    };
    return transport;
  }
}

describe("many requests at once to an endpoint without connections", () => {
  const bounds = { connectionsPerEndpointMax: 1_000 };
  const burst = (cluster: Cluster, count: number): Answer[] =>
    Array.from({ length: count }, () => send(pool.take(cluster, cluster.endpoints[0]!, false)!));

  it("begin some connects and share what comes of them", async () => {
    const port = await serve((socket) => void socket.write(OK));
    const cluster = poolOf({ pendingMax: 0 }, [port], bounds);
    const answers = burst(cluster, 200);
    expect(counters[EXCHANGE_COUNTER.upstreamConnectsTotal]).toBe(CONNECTS_AT_ONCE);
    expect(cluster.load.waiting.size).toBe(200 - CONNECTS_AT_ONCE);
    expect(new Set(await Promise.all(answers.map(({ outcome }) => outcome)))).toEqual(new Set(["done"]));
    expect([cluster.load.active, cluster.load.waiting.size]).toEqual([0, 0]);
  });

  it("are given more connects the longer it takes, up to one each", async () => {
    const cluster = poolOf({}, [1], { ...bounds, transports: new NoAnswer() });
    burst(cluster, 3 * CONNECTS_AT_ONCE);
    await eventually(() => counters[EXCHANGE_COUNTER.upstreamConnectsTotal]).toBe(3 * CONNECTS_AT_ONCE);
    expect(cluster.load.waiting.size).toBe(0);
  });

  it("end as one that cannot be reached, also those that had no connect of their own", async () => {
    const cluster = poolOf({ connectTimeoutMs: 1_000, pendingTimeoutMs: 1_000 }, [1], {
      ...bounds,
      transports: new NoAnswer(),
    });
    const answers = burst(cluster, CONNECTS_AT_ONCE + 5);
    pool.sweep(clock.monotonicMs + 1_000);
    expect(new Set(await Promise.all(answers.map(({ outcome }) => outcome)))).toEqual(new Set(["UF"]));
  });

  it("are as many as the cluster may have connections, and so many waiting", async () => {
    const cluster = poolOf({ connectionsMax: 20, pendingMax: 3 }, [1], { ...bounds, transports: new NoAnswer() });
    burst(cluster, 23);
    expect(pool.take(cluster, cluster.endpoints[0]!, false) === null).toBe(true);
  });

  it("do not wait where they cannot", async () => {
    const cluster = poolOf({}, [1], { ...bounds, transports: new NoAnswer() });
    const taken = Array.from({ length: CONNECTS_AT_ONCE + 1 }, () =>
      pool.takeNow(cluster, cluster.endpoints[0]!, false),
    );
    expect(taken.includes(null)).toBe(false);
  });
});
