// A worker that dies: the others serve on, and it is replaced.

import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Accountant, faultCounts } from "../load/accountant.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.create();
});
afterEach(() => installation.close());

// With the most fuel a revision may have one call takes some tenths of a second; as many as one connection may pipeline
// keep its worker from its heartbeat for longer than the 2 s after which it is ended.
const pipelined = 32;
const deployment = `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: fixture
    phase: OTHER
    isolation: shared
    revisions: [{ filter: fixture, module: fixture.wasm, limits: { fuel: 1000000000 } }]
`;

describe("A worker without a heartbeat", () => {
  it("is ended and replaced while the others serve", async () => {
    installation.writeFor("proxy-1", "fixture.wasm", await fixtureModule("loop-on-header"));
    const proxy = await installation.startProxy("proxy-1", { workers: 2, deployment });
    const during = startLoad(proxy.port);
    await during.settled(100);
    const poisonedMs = performance.now();
    const poison = connect(proxy.port, "127.0.0.1");
    poison.on("error", () => poison.destroy());
    poison.write("GET / HTTP/1.1\r\nhost: a.test\r\nx-loop: 1\r\n\r\n".repeat(pipelined));
    await proxy.program.until("the worker's end in the log", () => /no heartbeat/.test(proxy.program.stderr), 60_000);
    const endedMs = performance.now();
    expect(proxy.program.stderr).toMatch(/"last":\{"slot":"fixture","filter":"fixture","revision":"sha256:/);
    poison.destroy();
    const account = await during.stop();
    // Requests on the ended worker's connections are lost and told so; no answer may go astray for it.
    expect(faultCounts(account)).toMatchObject({ doubled: 0, misattributed: 0 });
    expect(
      account.answered.filter(({ sentMs, answeredMs }) => sentMs > poisonedMs && answeredMs < endedMs).length,
    ).toBeGreaterThan(0);

    await proxy.program.until(
      "readiness after it",
      async () => (await fetch(`http://127.0.0.1:${proxy.adminPort}/readyz`)).ok,
    );
    const after = startLoad(proxy.port);
    await after.settled(200);
    expect(faultCounts(await after.stop())).toEqual({ failed: 0, hung: 0, doubled: 0, misattributed: 0 });
  });
});

const hammering = `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: hammer
    phase: OTHER
    revisions: [{ filter: hammer, module: hammer.wasm, capabilities: [sharedData], limits: { fuel: 1000000000 } }]
`;
/** Back-off between replacements doubles, so these take about half a minute. One or two find the lock held. */
const replacementsMax = 14;

describe("A worker killed while it holds a lock of the shared memory", () => {
  it("leaves a lock that is given back, and the shared data is written on", async () => {
    installation.writeFor("proxy-1", "hammer.wasm", await fixtureModule("hammer-shared-data"));
    const proxy = await installation.startProxy("proxy-1", { workers: 2, deployment: hammering });
    const load = startLoad(proxy.port);
    await load.settled(100);
    for (let killed = 0; freedLocks(proxy) === 0; killed++) {
      expect(killed, "replacements without one that held a lock").toBeLessThan(replacementsMax);
      await replaceWorker(proxy, killed % 2);
    }
    const account = await load.stop();
    expect(faultCounts(account)).toMatchObject({ doubled: 0, misattributed: 0 });
    await until(
      () => "both workers did not serve again",
      async () => (await readStats(proxy)).workers.serving === 2,
    );
    for (let request = 0; request < 50; request++) {
      const response = await fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { "x-once": "1" } });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    }
  });
});

async function replaceWorker(proxy: ProxyUnderTest, index: number): Promise<void> {
  const lostBefore = lostWorkers(proxy).length;
  await until(
    () => `worker ${index} was not there to be replaced`,
    async () => (await readStats(proxy)).workers.serving === 2,
  );
  await fetch(`http://127.0.0.1:${proxy.adminPort}/replace-worker?index=${index}`, {
    method: "POST",
    headers: proxy.adminHeaders,
  });
  await proxy.program.until("the worker's end in the log", () => lostWorkers(proxy).length > lostBefore);
}

async function readStats(proxy: ProxyUnderTest): Promise<{ workers: { serving: number } }> {
  const response = await fetch(`http://127.0.0.1:${proxy.adminPort}/stats`, { headers: proxy.adminHeaders });
  return (await response.json()) as { workers: { serving: number } };
}

function lostWorkers(proxy: ProxyUnderTest): { locks: { freed: number } }[] {
  const lines = proxy.program.stderr.split("\n").filter((line) => line.includes("worker lost"));
  return lines.map((line) => JSON.parse(line) as { locks: { freed: number } });
}

function freedLocks(proxy: ProxyUnderTest): number {
  return lostWorkers(proxy).reduce((sum, { locks }) => sum + locks.freed, 0);
}

function startLoad(port: number): Accountant {
  const load = new Accountant({
    host: "127.0.0.1",
    port,
    connections: 8,
    requestsPerSecond: 200,
    request: () => ({ path: "/" }),
    revisionsOf: () => ["fixture"],
    isExpected: (answer) => answer.status === 200,
  });
  load.start();
  return load;
}
