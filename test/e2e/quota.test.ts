// Quotas of a deployment under load on four workers: what is admitted is what the quota grants, to the request; reloads,
// other configurations, other rates and killed workers reset nothing.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Accountant, faultCounts } from "../load/accountant.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.create();
  installation.writeFor("proxy-1", "quota.wasm", await fixtureModule("quota-by-header"));
});
afterEach(() => installation.close());

const keys = 3;
const burst = 60;
const noFaults = { failed: 0, hung: 0, doubled: 0, misattributed: 0 };

// A unit a day: nothing is refilled while a test runs, so the burst is all that may be admitted.
function deploymentText(quota: string, slot = "isolation: stream", config = "{}"): string {
  return `apiVersion: sluice/v1
kind: Deployment
name: default
quotas: [{ name: per-key, ${quota} }]
slots:
  - name: limit
    phase: QUOTA
    ${slot}
    revisions: [{ filter: limit, module: quota.wasm, pluginConfig: ${config} }]
`;
}

function startLoad(port: number): Accountant {
  const load = new Accountant({
    host: "127.0.0.1",
    port,
    connections: 16,
    requestsPerSecond: 150,
    request: (number) => ({ path: "/", headers: [["x-key", `key ${number % keys}`]] }),
    revisionsOf: ({ status }) => [status === 200 ? "admitted" : "refused"],
    isExpected: ({ status }) => status === 200 || status === 429,
    // A machine that is busy with other tests is no fault of the proxy.
    answerTimeoutMs: 60_000,
  });
  load.start();
  return load;
}

/** Requests that reached the origin, by key. */
function admitted(): number[] {
  const counts = Array.from({ length: keys }, () => 0);
  for (const number of installation.origin.timesSeen.keys()) counts[number % keys]! += 1;
  return counts;
}

async function operate(proxy: ProxyUnderTest, path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${proxy.adminPort}${path}`, {
    method: path === "/metrics" ? "GET" : "POST",
    headers: proxy.adminHeaders,
  });
  const text = await answer.text();
  expect(answer.ok, text).toBe(true);
  return text;
}

async function redeploy(proxy: ProxyUnderTest, text: string): Promise<void> {
  installation.writeFor("proxy-1", "deployment.yaml", Buffer.from(text));
  await operate(proxy, "/reload");
}

describe("A quota on four workers", () => {
  it("admits its burst and no more, over reloads, other configurations and other rates", async () => {
    const deployment = deploymentText(`rate: 1/d, burst: ${burst}`);
    const proxy = await installation.startProxy("proxy-1", { workers: 4, deployment });
    const load = startLoad(proxy.port);
    await load.settled(60);
    await operate(proxy, "/reload");
    await load.settled(30);
    await redeploy(proxy, deploymentText(`rate: 1/d, burst: ${burst}`, "isolation: shared", "{ other: true }"));
    await load.settled(30);
    await redeploy(proxy, deploymentText(`windows: [{ rate: 3/d, burst: ${burst} }, { rate: 1/h, burst: 100000 }]`));
    await load.settled(keys * burst);
    const account = await load.stop();

    expect(faultCounts(account)).toEqual(noFaults);
    expect(admitted()).toEqual(admitted().map(() => burst));
    const metrics = await operate(proxy, "/metrics");
    expect(metrics).toContain(`sluice_quota_granted_total{quota="per-key"} ${keys * burst}\n`);
    expect(metrics).toContain(`sluice_quota_refused_total{quota="per-key"} ${account.sent - keys * burst}\n`);
    expect(metrics).toContain(`sluice_quota_overflow_total{quota="per-key"} 0\n`);
  });

  it("counts on when workers are killed under load", async () => {
    const deployment = deploymentText(`rate: 1/d, burst: ${burst}`);
    const proxy = await installation.startProxy("proxy-1", { workers: 4, deployment });
    const load = startLoad(proxy.port);
    await load.settled(60);
    await operate(proxy, "/replace-worker?index=1");
    await load.settled(60);
    await operate(proxy, "/replace-worker?index=2");
    await load.settled(keys * burst);
    const account = await load.stop();

    const { doubled, misattributed } = faultCounts(account);
    expect([doubled, misattributed]).toEqual([0, 0]);
    const sums = admitted();
    expect(Math.max(...sums)).toBeLessThanOrEqual(burst);
    // Granted on a worker that died before the request had gone on: lost with it, and at most so many.
    expect(sums.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(keys * burst - account.faults.length);
  });

  it("gives back what a later slot denies", async () => {
    installation.writeFor("proxy-1", "answering.wasm", await fixtureModule("answer-by-configuration"));
    const denying = `  - { name: last, phase: OTHER, revisions: [{ filter: last, module: answering.wasm, pluginConfig: "xxx" }] }\n`;
    const deployment = deploymentText(`rate: 1/d, burst: ${burst}`);
    const proxy = await installation.startProxy("proxy-1", { workers: 2, deployment: deployment + denying });
    const ask = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { "x-key": "k" } });
      await answer.arrayBuffer();
      return answer.status;
    };
    for (let i = 0; i < burst + 5; i++) expect(await ask()).toBe(403);
    await redeploy(proxy, deployment);
    for (let i = 0; i < burst; i++) expect(await ask()).toBe(200);
    expect(await ask()).toBe(429);
    await until(
      () => "no record tells what was asked of the quota",
      () =>
        Promise.resolve(
          /"quotas":\[\{"name":"per-key","amount":1,"granted":0,"retryAfterMs":[1-9]/.test(proxy.program.stdout),
        ),
    );
  });

  it("refuses a deployment whose filter asks for a quota that it does not have, and keeps the one before", async () => {
    const deployment = deploymentText(`rate: 1/d, burst: 2`);
    const proxy = await installation.startProxy("proxy-1", { workers: 2, deployment });
    const ask = async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { "x-key": "k" } });
      await answer.arrayBuffer();
      return answer.status;
    };
    expect(await ask()).toBe(200);
    installation.writeFor(
      "proxy-1",
      "deployment.yaml",
      Buffer.from(deployment.replace("name: per-key", "name: other")),
    );
    const reload = await fetch(`http://127.0.0.1:${proxy.adminPort}/reload`, {
      method: "POST",
      headers: proxy.adminHeaders,
    });
    expect(reload.ok).toBe(false);
    expect([await ask(), await ask()]).toEqual([200, 429]);
  });
});
