// A shared queue under traffic on four workers: whoever serves a request puts an item in, one worker takes them all out.
// Reloads and killed workers lose nothing and double nothing; the filter's counters, which tell so, survive both.

import { afterEach, beforeEach, expect, it } from "vitest";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.create();
  installation.writeFor("proxy-1", "relay.wasm", await fixtureModule("queue-relay"));
});
afterEach(() => installation.close());

const workers = 4;

function deploymentText(config: string): string {
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - name: relay
    phase: OTHER
    isolation: shared
    revisions: [{ filter: relay, module: relay.wasm, capabilities: [queue, metrics], pluginConfig: ${config} }]
`;
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

/** Sends requests, each on a connection of its own; how many were answered with 200. */
async function send(proxy: ProxyUnderTest, count: number): Promise<number> {
  const ask = async (): Promise<boolean> => {
    try {
      const answer = await fetch(`http://127.0.0.1:${proxy.port}/`, { headers: { connection: "close" } });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  };
  return (await Promise.all(Array.from({ length: count }, ask))).filter(Boolean).length;
}

async function counts(proxy: ProxyUnderTest): Promise<{ put: number; taken: number; roots: number }> {
  const text = await operate(proxy, "/metrics");
  const of = (type: string, name: string): number =>
    Number(new RegExp(`^sluice_filter_${type}\\{slot="relay",name="${name}"\\} (\\S+)$`, "m").exec(text)![1]);
  return { put: of("counter_total", "put"), taken: of("counter_total", "taken"), roots: of("gauge", "roots") };
}

async function untilTaken(proxy: ProxyUnderTest, enough: number): Promise<void> {
  let last = "";
  await until(
    () => `not every item was taken: ${last}`,
    async () => {
      const now = await counts(proxy);
      last = JSON.stringify(now);
      return now.taken >= enough;
    },
  );
}

it("A shared queue gives every item to one worker, once, over reloads and killed workers", async () => {
  const proxy = await installation.startProxy("proxy-1", { workers, deployment: deploymentText("one") });
  let answered = await send(proxy, 40);
  await untilTaken(proxy, 40);
  expect([answered, await counts(proxy)]).toEqual([40, { put: 40, taken: 40, roots: workers }]);

  installation.writeFor("proxy-1", "deployment.yaml", Buffer.from(deploymentText("two")));
  const [during] = await Promise.all([send(proxy, 40), operate(proxy, "/reload")]);
  answered += during + (await send(proxy, 20));
  await untilTaken(proxy, 100);
  expect([answered, await counts(proxy)]).toEqual([100, { put: 100, taken: 100, roots: workers }]);

  for (let index = 0; index < workers; index++) {
    const [meanwhile] = await Promise.all([send(proxy, 20), operate(proxy, `/replace-worker?index=${index}`)]);
    answered += meanwhile;
  }
  answered += await send(proxy, 20);
  const { put } = await counts(proxy);
  // An item that a worker took and died with before it had counted it: one for each that was killed, at the most.
  await untilTaken(proxy, put - workers);
  const { taken } = await counts(proxy);
  expect(put).toBeGreaterThanOrEqual(answered);
  expect(taken).toBeLessThanOrEqual(put);
});
