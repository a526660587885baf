// Every way for an upstream or a client to fail has its answer, its flag and its record, and leaves nothing behind: no
// socket, no stream, no pinned snapshot, no byte in the account, no instance.

import { createServer, type AddressInfo } from "node:net";
import type { Plugin } from "@sluice/abi";
import { afterEach, describe, expect, it } from "vitest";
import { Loopback } from "../../proxy/exchange/loopback.ts";
import { plainTcp } from "../../proxy/transport/plain-transport.ts";
import { rawTcp } from "../../proxy/transport/raw-transport.ts";
import { chainWith, holdingsOf, NOTHING, openSockets, watchfulPlugin } from "../load/books-of-a-proxy.ts";
import { CLIENT_FAULTS } from "./client-faults.ts";
import type { FaultScene } from "./fault-scenes.ts";
import { QUEUE_FAULTS } from "./queue-faults.ts";
import { UPSTREAM_FAULTS } from "./upstream-faults.ts";

const LAST_GET = "GET /last HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n";
/** A scene that takes so long hangs. */
const SCENE_MS_MAX = 15_000;
const OFTEN = { interval: 5, timeout: 10_000 };

let loopback: Loopback;
let plugin: Plugin | null = null;
afterEach(async () => {
  await expect.poll(() => holdingsOf(loopback), OFTEN).toEqual(NOTHING);
  await loopback.stop();
  await expect.poll(openSockets, OFTEN).toBe(0);
  plugin?.close();
  expect(plugin?.instancesLive ?? 0).toBe(0);
  plugin = null;
});

async function play({
  options = {},
  upstream,
  client = (to) => to.talk(LAST_GET),
  ...want
}: FaultScene): Promise<void> {
  loopback = await Loopback.start({
    ...options,
    ...(upstream === undefined ? {} : { upstream }),
    ...(plugin === null ? {} : { chain: chainWith(plugin) }),
  });
  expect(await client(loopback)).toMatch(want.heard);
  await loopback.ended(want.streams.length);
  if (want.streams.length > 0)
    expect(loopback.seen.map(({ status, flags }) => ({ status, flags }))).toEqual(want.streams);
}

const all = (): boolean => true;
/** Those that wait for no deadline: deadlines are the same on every transport. */
const quick = ({ options = {} }: FaultScene): boolean => Object.keys(options).every((name) => !name.endsWith("Ms"));
const ways = [
  { name: "over raw TCP", transports: rawTcp, isFiltered: false, scenes: all },
  { name: "over plain TCP", transports: plainTcp, isFiltered: false, scenes: quick },
  { name: "past a filter", transports: rawTcp, isFiltered: true, scenes: all },
];

describe.each(ways)("A proxy $name", ({ transports, isFiltered, scenes }) => {
  const playHere = async (scene: FaultScene): Promise<void> => {
    if (isFiltered) plugin = await watchfulPlugin();
    await play({ ...scene, options: { ...scene.options, transports } });
  };
  it.each(UPSTREAM_FAULTS.filter(scenes))("tells of an upstream that $name and keeps nothing", playHere, SCENE_MS_MAX);
  it.each(transports === plainTcp ? [] : QUEUE_FAULTS)(
    "ends a request that waits $name and keeps nothing",
    playHere,
    SCENE_MS_MAX,
  );
  it.each(CLIENT_FAULTS.filter(scenes))("gets over a client that $name and keeps nothing", playHere, SCENE_MS_MAX);
});

describe("A proxy whose whole cluster is lost", () => {
  it("says so for each request, and serves again as soon as one endpoint is back", async () => {
    const gone = await freePorts(2);
    loopback = await Loopback.start({
      routing: (upstream) => `
routes: [{ name: lost, match: { path: { prefix: /lost } }, cluster: lost }, { name: all, cluster: up }]
clusters:
  - { name: lost, endpoints: [${gone.map((port) => `127.0.0.1:${port}`).join(", ")}] }
  - { name: up, endpoints: ["${upstream}"] }
`,
    });
    const ask = (path: string): Promise<string> => loopback.talk(LAST_GET.replace("/last", path));
    for (let i = 0; i < 6; i++) expect(await ask("/lost")).toMatch(/^HTTP\/1\.1 503 /);
    expect(await ask("/other")).toMatch(/^HTTP\/1\.1 200 /);
    expect(loopback.seen.slice(0, 6).every(({ flags }) => flags.join() === "UF")).toBe(true);
    const back = createServer((socket) => socket.resume().end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nback"));
    await new Promise<void>((resolve) => back.listen(gone[0]!, "127.0.0.1", resolve));
    const answers = await Promise.all([ask("/lost"), ask("/lost")]);
    expect(answers.some((answer) => answer.endsWith("back"))).toBe(true);
    await new Promise((resolve) => back.close(resolve));
  });
});

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
