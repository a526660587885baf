import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { Head, headOf } from "@sluice/abi";
import { afterEach, describe, expect, it } from "vitest";
import type { ResponseSink } from "../codec/codec.ts";
import { OutputStage } from "../codec/stage.ts";
import { CLUSTER_DEFAULTS } from "../contract/index.ts";
import { ByteAccount } from "../exchange/byte-account.ts";
import { CoarseClock } from "../exchange/coarse-clock.ts";
import { EXCHANGE_COUNTER, EXCHANGE_COUNTER_COUNT } from "../exchange/exchange-counters.ts";
import { EndpointDirectory, compileCluster } from "../routing/clusters.ts";
import { rawTcp } from "../transport/raw-transport.ts";
import { IDLE_MS } from "./limits.ts";
import { UpstreamPool } from "./upstream-pool.ts";

const REQUEST = headOf([
  [":method", "GET"],
  [":path", "/"],
  [":authority", "a.test"],
]);

/** One request's answer, as far as the pool matters. */
class Answer implements ResponseSink {
  readonly responseHead = new Head();
  outcome: Promise<string>;
  private settle: (outcome: string) => void = () => {};
  constructor() {
    this.outcome = new Promise((resolve) => (this.settle = resolve));
  }
  responseHeadComplete(): void {}
  responseData(): void {}
  responseTrailers(): void {}
  responseCut(flag: string): void {
    this.settle(flag);
  }
  upstreamDone(): void {
    this.settle("done");
  }
  requestWritable(): void {}
  requestPended(): void {}
}

let server: Server;
let pool: UpstreamPool;
const counters = new Float64Array(EXCHANGE_COUNTER_COUNT);
const clock = new CoarseClock();

async function poolWith(answer: string | null) {
  counters.fill(0);
  server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => void (answer !== null && socket.write(answer)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const cluster = compileCluster(
    { ...CLUSTER_DEFAULTS, name: "c", endpoints: [{ host: "127.0.0.1", port }] },
    new EndpointDirectory(),
  );
  const endpoint = cluster.nextEndpoint()!;
  const account = new ByteAccount(1 << 30);
  const stage = new OutputStage();
  pool = new UpstreamPool({ transports: rawTcp, stage, counters, clock, account, connectionsPerEndpointMax: 4 });
  return {
    endpoint,
    take: (fresh = false) => pool.take(cluster, endpoint, fresh),
    async ask(fresh = false): Promise<string> {
      const sink = new Answer();
      const connection = pool.take(cluster, endpoint, fresh)!;
      connection.attach(sink, false);
      connection.sendRequestHead(REQUEST, true);
      return sink.outcome;
    },
  };
}

afterEach(async () => {
  pool.close();
  server.close();
  await expect.poll(() => counters[EXCHANGE_COUNTER.upstreamConnectionsLive]).toBe(0);
  expect(counters[EXCHANGE_COUNTER.upstreamConnectionsIdle]).toBe(0);
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

  it("tells an endpoint how many requests are under way to it", async () => {
    const { ask, take, endpoint } = await poolWith(OK);
    await ask();
    expect(endpoint.active).toBe(0);
    const taken = [take()!, take()!];
    expect(endpoint.active).toBe(2);
    for (const connection of taken) connection.close();
    await expect.poll(() => endpoint.active).toBe(0);
    await ask();
    pool.sweep(clock.monotonicMs + IDLE_MS + 100);
    await expect.poll(() => endpoint.active).toBe(0);
  });

  it("gives no more connections than an endpoint may have", async () => {
    const { take } = await poolWith(null);
    const taken = Array.from({ length: 4 }, () => take());
    expect(taken.every((connection) => connection !== null)).toBe(true);
    expect(take()).toBeNull();
  });
});
