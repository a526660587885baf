// Filters that trap, loop, refuse, cannot be made or would ruin the compiler: the proxy stays up, other streams are
// fine, FAIL_CLOSE answers 503, the cause stands in the record, and the next request is served.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixtureModule, ruinousModule } from "../fixtures/fixture-module.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.create();
});
afterEach(() => installation.close());

function deploymentOf(module: string, pluginConfig?: string): string {
  const config = pluginConfig === undefined ? "" : `, pluginConfig: ${pluginConfig}`;
  return `apiVersion: sluice/v1
kind: Deployment
name: default
slots:
  - { name: fixture, phase: AUTHZ, revisions: [{ filter: fixture, module: ${module}${config} }] }
`;
}

async function startWith(
  bytes: Uint8Array,
  options: { pluginConfig?: string; ready?: boolean } = {},
): Promise<ProxyUnderTest> {
  const module = installation.writeFor("proxy-1", "fixture.wasm", bytes);
  const deployment = deploymentOf(module, options.pluginConfig);
  return installation.startProxy("proxy-1", { deployment, ready: options.ready ?? true });
}

/** 0 while nobody listens yet. */
async function statusOf(proxy: ProxyUnderTest, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${proxy.port}/item`, { headers }).catch(() => null);
  await response?.arrayBuffer();
  return response?.status ?? 0;
}

interface SlotRecord {
  readonly slot: string;
  readonly error: { readonly cause: string; readonly message: string } | null;
}

function slotErrors(proxy: ProxyUnderTest): (SlotRecord["error"] | undefined)[] {
  const records = proxy.program.jsonLines.filter((line) => "slots" in line);
  return records.map((record) => (record["slots"] as SlotRecord[])[0]?.error).filter((error) => error !== null);
}

describe("A filter that fails on a request", () => {
  const rows = [
    { name: "traps", fixture: "trap-on-header", header: "x-trap", cause: "trap" },
    { name: "loops for ever", fixture: "loop-on-header", header: "x-loop", cause: "fuel" },
  ];
  for (const { name, fixture, header, cause } of rows) {
    it(`gets its stream a 503 and harms no other when it ${name}`, async () => {
      const proxy = await startWith(await fixtureModule(fixture));
      const others = Promise.all(Array.from({ length: 20 }, () => statusOf(proxy)));
      expect(await statusOf(proxy, { [header]: "1" })).toBe(503);
      expect(await others).toEqual(Array.from({ length: 20 }, () => 200));
      expect(await statusOf(proxy)).toBe(200);
      await proxy.program.until("the failure in a record", () => slotErrors(proxy).length > 0);
      expect(slotErrors(proxy)[0]).toMatchObject({ cause });
      expect(await statsText(proxy)).toContain(cause);
    });
  }
});

describe("A filter that cannot be loaded", () => {
  const rows = [
    { name: "answers false to configure", module: () => fixtureModule("refuse-configuration"), pluginConfig: '"no"' },
    { name: "cannot be instantiated", module: () => fixtureModule("not-instantiable") },
    { name: "is cheap to send and ruinous to compile", module: async () => ruinousModule() },
  ];
  for (const { name, module, pluginConfig } of rows) {
    it(`leaves the proxy up, not ready, answering 503 when it ${name}`, async () => {
      const bytes = await module();
      const startedMs = performance.now();
      const proxy = await startWith(bytes, { ready: false, ...(pluginConfig === undefined ? {} : { pluginConfig }) });
      expect(performance.now() - startedMs).toBeLessThan(20_000);
      await until(
        () => "a 503 for the missing filter did not come",
        async () => (await statusOf(proxy)) === 503,
      );
      const ready = await fetch(`http://127.0.0.1:${proxy.adminPort}/readyz`);
      await ready.arrayBuffer();
      expect(ready.status).toBe(503);
      await proxy.program.until("the cause in a record", () => slotErrors(proxy).length > 0);
      expect(slotErrors(proxy)[0]).toMatchObject({ cause: "notLoaded" });
      const stats = JSON.parse(await statsText(proxy)) as { notLoaded: { slot: string; code: string }[] };
      expect(stats.notLoaded).toMatchObject([{ slot: "fixture", code: expect.stringMatching(/^SLUICE-E\d{4}$/) }]);
      expect(proxy.program.stderr + proxy.program.stdout).toMatch(/SLUICE-E\d{4}/);
    });
  }
});

async function statsText(proxy: ProxyUnderTest): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${proxy.adminPort}/stats`, {
    headers: proxy.adminHeaders,
  });
  expect(response.status).toBe(200);
  return response.text();
}
