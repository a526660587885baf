// A full cluster whose endpoints do everything at random, while what is known of them changes: every request is answered
// once, in time, and nothing is left of any of them.

import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Loopback, afterHead, readAll } from "./loopback.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const REQUESTS = 600;
const CLIENTS = 40;

/** Numbers that look random and are the same at every run of a seed. */
function numbersOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A busy machine takes its time. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });
const servers: Server[] = [];
let loopback: Loopback;

async function origin(random: () => number): Promise<string> {
  const acts: ((socket: Socket) => void)[] = [
    (socket) => socket.write(OK),
    (socket) => socket.write(OK),
    (socket) => setImmediate(() => socket.write(OK)),
    (socket) => socket.end(OK.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n")),
    (socket) => socket.write("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"),
    (socket) => socket.destroy(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.write("nonsense\r\n\r\n"),
    (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nha"),
  ];
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    afterHead(socket, () => acts[Math.floor(random() * acts.length)]!(socket));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

afterEach(async () => {
  await loopback.stop();
  for (const server of servers.splice(0)) server.close();
});

describe("a storm of requests", () => {
  it.each([
    ["roundRobin", 1],
    ["leastRequest", 2],
    ["consistentHash, hashOn: path", 3],
  ])("by %s leaves nothing behind (seed %i)", async (policy, seed) => {
    const random = numbersOf(seed);
    const endpoints = [await origin(random), await origin(random), await origin(random), "127.0.0.1:1"];
    const bounds = "connectionsMax: 3, pendingMax: 20, pendingTimeout: 20ms, requestsMax: 22";
    const retry = "retry: { attempts: 1, on: [connectFailure, reset, 503], methods: any, budgetPercent: 100 }";
    loopback = await Loopback.start({
      routing: () =>
        `clusters: [{ name: a, endpoints: [${endpoints.join(", ")}], policy: ${policy}, ${bounds}, outlierDetection: {} }]\n` +
        `routes: [{ name: r, cluster: a, timeout: 5s, ${retry} }]\n`,
    });
    const statuses = new Map<string, number>();
    let sent = 0;
    let most = 0;
    const client = async (): Promise<void> => {
      while (sent < REQUESTS) {
        const path = `/${sent++}`;
        if (random() < 0.1)
          loopback.tellEndpoints([{ cluster: "a", resolved: {}, down: endpoints.filter(() => random() < 0.3) }]);
        const socket = loopback.client();
        const said = readAll(socket);
        const fields = random() < 0.5 ? "connection: close\r\n" : "connection: close\r\ncontent-length: 3\r\n";
        const method = fields.includes("length") ? "PUT" : "GET";
        socket.write(`${method} ${path} HTTP/1.1\r\nhost: a.test\r\n${fields}\r\n${method === "PUT" ? "abc" : ""}`);
        if (random() < 0.05) socket.resetAndDestroy();
        const answer = await said;
        most = Math.max(most, ...loopback.clusterLoads().map(({ connections }) => connections));
        // More than one head would be two answers to one request.
        expect(answer.split("HTTP/1.1 ").length).toBeLessThanOrEqual(2);
        const status = answer.slice(9, 12);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    await eventually(() => [loopback.server.connections, loopback.server.streams]).toEqual([0, 0]);
    expect([...statuses.keys()].filter((status) => !["", "200", "502", "503"].includes(status))).toEqual([]);
    expect(statuses.get("200")).toBeGreaterThan(REQUESTS / 10);
    // One that is being closed still counts beside the one that takes its place.
    expect(most).toBeLessThanOrEqual(6);
    await eventually(() => loopback.clusterLoads().map(({ active, waiting }) => [active, waiting])).toEqual([[0, 0]]);
    expect([loopback.clusterRetries(), loopback.account.held, loopback.pins]).toEqual([0, 0, 0]);
    expect(loopback.seen.length).toBeGreaterThan(REQUESTS * 0.9);
  });
});
