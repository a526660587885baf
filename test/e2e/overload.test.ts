// A real worker that is asked for more than it can do: each signal alone leads through the actions and back, and a process
// without descriptors goes on.

import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BoundedProxy } from "./bounded-proxy.ts";
import type { BoundedStats } from "./bounded-proxy.ts";
import { until } from "./program.ts";

const descriptors = 340;
const limits =
  "{ connections: 200, upstreamConnections: 100, workerBufferBytes: 1MiB, overload: { loopDelay: 60ms, pendingRequests: 8 }, streamIdleTimeout: 1m }";
const ask = (path: string, fields = ""): string => `GET ${path} HTTP/1.1\r\nhost: a.test\r\n${fields}\r\n`;

let proxy: BoundedProxy;
beforeAll(async () => {
  proxy = await BoundedProxy.start(descriptors, limits);
});
afterAll(() => proxy.close());

async function untilLevel(what: string, holds: (level: number) => boolean): Promise<BoundedStats> {
  let stats!: BoundedStats;
  await until(
    () => `${what}; the log has ${JSON.stringify(proxy.changes())}`,
    async () => {
      stats = await proxy.stats();
      return holds(stats.workers.holdings[0]?.overload.level ?? -1);
    },
  );
  return stats;
}

async function recovers(): Promise<void> {
  await untilLevel("the overload did not end", (level) => level === 0);
  expect(await proxy.ask()).toBe(200);
}

describe("A worker that is asked for too much", () => {
  it("has its bounds lowered to the descriptors there are, and says so", async () => {
    const { bounds } = await proxy.stats();
    expect(bounds.descriptors).toMatchObject({ descriptors, isLowered: true });
    expect(bounds.descriptors.connections).toBeLessThan(200);
    expect(proxy.program.stderr).toContain(`${descriptors} file descriptors are too few`);
  });

  it("refuses streams while slow readers hold its bytes, and not the admin port", async () => {
    const readers = Array.from({ length: 12 }, () => proxy.client(ask("/endless")));
    await untilLevel("slow readers were no overload", (level) => level >= 4);
    expect([503, 0]).toContain(await proxy.ask());
    const { bounds } = await proxy.stats();
    expect(bounds.refusedStreams + bounds.refusedConnections.overload).toBeGreaterThan(0);
    expect(bounds.actions).toMatchObject({ dropMirrors: 1, shrinkCaches: 1, closeConnections: 1, refuseStreams: 1 });
    expect(proxy.changes().at(-1)).toMatchObject({ signal: "bytes" });
    const metrics = await proxy.metrics();
    expect(metrics).toContain('sluice_overload_actions_total{action="refuseStreams"} 1');
    expect(metrics).toContain("sluice_workers_overloaded_live 1");
    proxy.letGo(readers);
    await recovers();
  });

  it("notices requests that wait for connections to an upstream", async () => {
    const waiting = Array.from({ length: 9 }, () => proxy.client(ask("/hold")));
    await untilLevel("waiting requests were no overload", (level) => level === 5);
    expect(proxy.changes().at(-1)).toMatchObject({ signal: "pending" });
    expect(await proxy.ask()).toBe(0);
    proxy.letGo(waiting);
    await recovers();
  });

  it("notices that its event loop is late", async () => {
    const loops: Socket[] = [];
    const goOn = (): void => {
      const loop = proxy.client(ask("/", "x-loop: 1\r\n").repeat(200)).resume();
      loop.once("close", () => loops.length > 0 && goOn());
      loops.push(loop);
    };
    goOn();
    const isSeen = (): boolean => proxy.changes().some(({ signal, level }) => signal === "loopDelay" && level > 0);
    await until(() => `a late event loop was no overload: ${JSON.stringify(proxy.changes())}`, isSeen);
    proxy.letGo(loops.splice(0));
    await recovers();
  });
});

describe("A process without file descriptors", () => {
  it("sheds load before the last one, goes on without any, and serves again", async () => {
    const before = proxy.changes().length;
    const idle: Socket[] = [];
    // The admin port is not bounded as listeners are, so its connections can take what is left.
    for (let i = 0; i < descriptors; i++) idle.push(proxy.client("", proxy.adminPort));
    const isSeen = (): boolean => proxy.changes().some(({ level }, at) => at >= before && level === 5);
    await until(() => `no descriptor was no overload: ${JSON.stringify(proxy.changes())}`, isSeen);
    expect(proxy.changes().at(-1)).toMatchObject({ signal: "descriptors" });
    for (let i = 0; i < 50; i++) expect(await proxy.ask()).toBe(0);
    expect(await cpuShareOfNext(1_000)).toBeLessThan(0.7);
    proxy.letGo(idle);
    await recovers();
    expect(proxy.program.child.exitCode).toBeNull();
  });
});

describe("Two workers", () => {
  it("share the bound on a listener's connections, also when one of them dies", async () => {
    const connectionsMax = 6;
    const pair = await BoundedProxy.start(4_000, `{ connections: ${connectionsMax} }`, 2);
    try {
      await fill(pair, connectionsMax);
      await pair.killWorker(0);
      await pair.program.until("the worker's end in the log", () => pair.program.stderr.includes("worker lost"));
      await until(
        () => "both workers did not serve again",
        async () => (await pair.stats()).workers.serving === 2,
      );
      await fill(pair, connectionsMax);
    } finally {
      await pair.close();
    }
  });
});

/** Opens more connections than fit: the others are closed. Two that are accepted in one moment may be one over the bound. */
async function fill(pair: BoundedProxy, connectionsMax: number): Promise<void> {
  const opened = 20;
  const before = await pair.stats();
  for (let i = 0; i < opened; i++) pair.client("").resume();
  const room = connectionsMax - before.counters.connections;
  await until(
    () => "the connections beyond the bound were not closed",
    async () => refused(await pair.stats()) - refused(before) >= opened - room - 1,
  );
  const { connections } = (await pair.stats()).counters;
  expect(connections).toBeGreaterThanOrEqual(connectionsMax);
  expect(connections).toBeLessThanOrEqual(connectionsMax + 1);
}

function refused({ bounds }: BoundedStats): number {
  return bounds.refusedConnections.listener;
}

/** Of one core, over the processes of the proxy: a process that spins takes all of it. */
async function cpuShareOfNext(ms: number): Promise<number> {
  const supervisor = proxy.program.child.pid!;
  const before = cpuTicks(supervisor);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return ((cpuTicks(supervisor) - before) * 10) / ms;
}

/** User and system time of a process and its children, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const [, , ...fields] = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ");
  const own = Number(fields[11]) + Number(fields[12]);
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + cpuTicks(Number(child)), own);
}
