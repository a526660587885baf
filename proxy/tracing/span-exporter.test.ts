import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SPAN_QUEUE_MAX } from "./limits.ts";
import { SpanExporter } from "./span-exporter.ts";
import type { StreamSpan } from "./stream-span.ts";

const span: StreamSpan = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  parentSpanId: null,
  startedMs: 1_000,
  durationUs: 500,
  id: "01J",
  deployment: 42,
  listener: "http",
  route: "the-route",
  cluster: "demo",
  upstream: null,
  source: "198.51.100.7",
  method: "GET",
  authority: "a.test",
  path: "/",
  status: 200,
  flags: [],
  filters: [],
};

let folder: string;
let collector: Server;
let url: string;
let received: { headers: Record<string, unknown>; body: Buffer }[];
let answer = 200;
let exporter: SpanExporter;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-spans-"));
  received = [];
  answer = 200;
  collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(answer).end();
  });
  collector.listen(0, "127.0.0.1");
  await once(collector, "listening");
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
  exporter = new SpanExporter({ nodeId: "proxy-1", log: pino({ level: "silent" }) });
});
afterEach(async () => {
  await exporter.close();
  collector.closeAllConnections();
  collector.close();
  await rm(folder, { recursive: true });
});

async function use(otlp: { url: string; headersFile: string | null } | null): Promise<void> {
  (await exporter.prepare(otlp, folder))();
}

describe("SpanExporter", () => {
  it("sends OTLP to the collector, with the headers of the file and the node's name", async () => {
    await writeFile(join(folder, "headers"), "Authorization: Bearer s3cret\n\nx-team: policy\n");
    await use({ url, headersFile: "headers" });
    exporter.take([span]);
    await exporter.close();
    const [{ headers, body }] = received as [(typeof received)[0]];
    expect(headers).toMatchObject({
      "content-type": "application/x-protobuf",
      authorization: "Bearer s3cret",
      "x-team": "policy",
    });
    for (const text of ["GET the-route", "proxy-1", "sluice.deployment"]) expect(body.includes(text)).toBe(true);
    expect(exporter.counts).toEqual({ exported: 1, failed: 0, dropped: 0 });
  });

  it("sends nothing until it is told where, nor after it is told nowhere", async () => {
    exporter.take([span]);
    await use({ url, headersFile: null });
    await use(null);
    exporter.take([span]);
    await exporter.close();
    expect(received).toEqual([]);
  });

  it("changes to another collector and sends what waits to the one before", async () => {
    await use({ url: `${url}/one`, headersFile: null });
    exporter.take([span]);
    await use({ url: `${url}/two`, headersFile: null });
    exporter.take([span]);
    await exporter.close();
    expect(received.length).toBeGreaterThanOrEqual(1);
    await expect.poll(() => exporter.counts.exported).toBe(2);
  });

  it("counts what a collector refuses", async () => {
    answer = 400;
    await use({ url, headersFile: null });
    exporter.take([span, span]);
    await exporter.close();
    expect(exporter.counts).toEqual({ exported: 0, failed: 2, dropped: 0 });
  });

  it("holds a bounded number of spans while nothing comes back, and counts the rest", async () => {
    collector.removeAllListeners("request");
    await use({ url, headersFile: null });
    exporter.take(Array.from({ length: SPAN_QUEUE_MAX + 10 }, () => span));
    expect(exporter.counts.dropped).toBe(10);
    collector.closeAllConnections();
    collector.close();
  });

  for (const [name, text] of [
    ["a line without a colon", "authorization Bearer x"],
    ["a control character", "authorization: a\u0001b"],
    ["a header with a space in its name", "x team: policy"],
    ["a value that is empty", "x-team: "],
  ] as const)
    it(`refuses a headers' file with ${name}, and goes on as before`, async () => {
      await writeFile(join(folder, "headers"), text);
      await expect(exporter.prepare({ url, headersFile: "headers" }, folder)).rejects.toMatchObject({
        code: "SLUICE-E2060",
      });
    });

  it("refuses a headers' file that is missing or too large", async () => {
    await writeFile(join(folder, "huge"), "x: y\n".repeat(20_000));
    for (const headersFile of ["missing", "huge"])
      await expect(exporter.prepare({ url, headersFile }, folder)).rejects.toMatchObject({ code: "SLUICE-E2060" });
  });
});
