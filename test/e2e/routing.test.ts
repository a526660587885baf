// Routes that do more than send, through a whole proxy: read from sluice.yaml, served by its workers, told in the record.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RunningProxy, deploymentText } from "./running-proxy.ts";

const ROUTES = `routes:
  - { name: page, match: { path: { exact: /page } }, direct: { status: 200, file: page.html, headers: { content-type: text/html } } }
  - { name: moved, match: { path: { prefix: /old/ } }, redirect: { prefix: /new/ } }
  - { name: by-number, match: { path: { regex: "/v[0-9]+/.*" } }, cluster: demo }
  - { name: rest, cluster: half-dead, retry: { attempts: 1, on: [connectFailure] } }`;

let proxy: RunningProxy;
beforeEach(async () => {
  proxy = await RunningProxy.prepare();
  const text = await readFile(join(proxy.folder, "sluice.yaml"), "utf8");
  const address = /endpoints: \[(.*?)\]/.exec(text)![1]!;
  const clusters = `clusters: [{ name: demo, endpoints: [${address}] }, { name: half-dead, endpoints: [127.0.0.1:1, ${address}] }]`;
  await proxy.write("sluice.yaml", text.replace(/^routes:.*$/m, ROUTES).replace(/^clusters:.*$/m, clusters));
  await proxy.write("deployment.yaml", deploymentText(0));
  await proxy.write("page.html", "<p>one</p>");
});
afterEach(() => proxy.close());

/** The last record of each path. */
function records(): Map<string, Record<string, unknown>> {
  const lines = proxy.stdout.split("\n").slice(0, -1);
  return new Map(
    lines.map((line) => {
      const record = JSON.parse(line) as Record<string, unknown>;
      return [String(record["path"]), record];
    }),
  );
}

describe("A proxy whose routes redirect, answer and retry", () => {
  it("serves each of them, behind its chain, and records them", async () => {
    await proxy.start();
    expect(await proxy.get("/page")).toEqual({ status: 200, body: "<p>one</p>" });
    expect((await proxy.get("/old/x")).status).toBe(301);
    expect((await proxy.get("/v1/x")).body).toBe("from upstream");
    for (let i = 0; i < 8; i++) expect((await proxy.get(`/rest/${i}`)).status).toBe(200);
    await proxy.until(() => records().size === 11);
    expect(records().get("/page")).toMatchObject({ route: "page", cluster: null, upstream: null, flags: [] });
    expect(records().get("/old/x")).toMatchObject({ route: "moved", status: 301, slots: [{ slot: "answering" }] });
    expect(records().get("/v1/x")).toMatchObject({ route: "by-number", cluster: "demo" });
    expect(records().get("/rest/7")).toMatchObject({ cluster: "half-dead", status: 200, flags: [] });
    expect(records().get("/rest/7")!["upstream"]).not.toBe("127.0.0.1:1");
    const metrics = await (await proxy.admin("GET", "/metrics")).text();
    expect(Number(/^sluice_upstream_retries_total (\d+)$/m.exec(metrics)![1])).toBeGreaterThan(0);
  });

  it("lets its policy deny what a route would answer", async () => {
    await proxy.write("deployment.yaml", deploymentText(3));
    await proxy.start();
    expect((await proxy.get("/page")).status).toBe(403);
    expect((await proxy.get("/old/x")).status).toBe(403);
  });

  it("reads a direct response's file again when it reloads, and keeps the old one when it is gone", async () => {
    await proxy.start();
    await proxy.write("page.html", "<p>two</p>");
    expect((await proxy.admin("POST", "/reload")).status).toBe(200);
    expect((await proxy.get("/page")).body).toBe("<p>two</p>");
    const text = await readFile(join(proxy.folder, "sluice.yaml"), "utf8");
    await proxy.write("sluice.yaml", text.replace("page.html", "gone.html"));
    const refused = await proxy.admin("POST", "/reload");
    expect(refused.status).toBe(422);
    expect(await refused.text()).toMatch(/sluice\.yaml:7:\d+: .*gone\.html cannot be read/);
    expect((await proxy.get("/page")).body).toBe("<p>two</p>");
  });
});
