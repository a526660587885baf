// Spans of a real proxy at a real collector: one for the stream, a child for its filter, and nothing while tracing is off.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "./program.ts";
import { RunningProxy, deploymentText } from "./running-proxy.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

let collector: Server;
let collected: Buffer;
let url: string;
let proxy: RunningProxy;

beforeEach(async () => {
  collected = Buffer.alloc(0);
  collector = createServer(async (request, response) => {
    for await (const chunk of request) collected = Buffer.concat([collected, chunk as Buffer]);
    response.end();
  });
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
});
afterEach(async () => {
  await proxy.close();
  collector.closeAllConnections();
  collector.close();
});

async function start(tracing: string): Promise<void> {
  proxy = await RunningProxy.prepare(`deployment: { file: deployment.yaml }\n${tracing}`);
  await proxy.write("deployment.yaml", deploymentText(0));
  await proxy.start();
}

async function get(sampled: boolean): Promise<void> {
  const traceparent = `00-${TRACE}-${PARENT}-0${sampled ? 1 : 0}`;
  const response = await fetch(`http://127.0.0.1:${proxy.ready.listeners["http"]}/a?token=s3cret`, {
    headers: { traceparent },
  });
  await response.arrayBuffer();
}

/** Ids stand in the message as their bytes. */
function holds(hex: string): boolean {
  return collected.includes(Buffer.from(hex, "hex"));
}

describe("tracing", () => {
  it("sends a sampled stream's span and its filter's to the collector, without the query", async () => {
    await start(`tracing: { samplePercent: 0, otlp: { url: "${url}" } }`);
    await get(true);
    await until(
      () => "no span came",
      () => collected.length > 0,
    );
    expect([holds(TRACE), holds(PARENT)]).toEqual([true, true]);
    for (const text of ["GET all", "filter answering", "sluice.fuel", "noOpinion", "url.path"])
      expect(collected.includes(text)).toBe(true);
    expect(collected.includes("s3cret")).toBe(false);
    const metrics = await (await proxy.admin("GET", "/metrics")).text();
    expect(metrics).toMatch(/sluice_spans_total\{result="exported"\} 2/);
  });

  it("sends nothing of a stream that is not sampled, nor when tracing is off", async () => {
    await start(`tracing: { samplePercent: 0, otlp: { url: "${url}" } }`);
    await get(false);
    await get(true);
    await until(
      () => "no span came",
      () => collected.length > 0,
    );
    // The sampled request's spans have come; what came before it in the queue would be here too.
    expect(collected.toString("latin1").split("GET all")).toHaveLength(2);
    await proxy.close();
    collected = Buffer.alloc(0);
    await start("");
    await get(true);
    await proxy.close();
    expect(collected).toHaveLength(0);
  });

  it("serves as ever while the collector is away, and ends in time", async () => {
    await start('tracing: { samplePercent: 100, otlp: { url: "http://127.0.0.1:1/v1/traces" } }');
    for (let i = 0; i < 20; i += 1) expect((await proxy.get()).status).toBe(200);
    proxy.signal("SIGTERM");
    expect(await proxy.exited).toBe(0);
  });

  it("keeps all as it was when a reload names headers that are not there", async () => {
    await start(`tracing: { samplePercent: 0, otlp: { url: "${url}" } }`);
    const document = await readFile(join(proxy.folder, "sluice.yaml"), "utf8");
    await proxy.write("sluice.yaml", document.replace(`"${url}"`, `"${url}", headersFile: nowhere`));
    const refused = await proxy.admin("POST", "/reload");
    expect({ status: refused.status, text: await refused.text() }).toEqual({
      status: 422,
      text: expect.stringContaining("SLUICE-E2060") as string,
    });
    await get(true);
    await until(
      () => "no span came",
      () => holds(TRACE),
    );
  });
});
