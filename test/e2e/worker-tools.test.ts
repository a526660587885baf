// `sluice workers` and `sluice profile` on a proxy that serves meanwhile.

import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { runCli } from "@sluice/bin";
import type { Terminal } from "@sluice/bin";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Accountant, faultCounts } from "../load/accountant.ts";
import { RunningProxy, deploymentText } from "./running-proxy.ts";

let proxy: RunningProxy;
let load: Accountant;
beforeAll(async () => {
  proxy = await RunningProxy.prepare();
  await proxy.write("deployment.yaml", deploymentText(0));
  await proxy.start();
  load = new Accountant({
    host: "127.0.0.1",
    port: proxy.ready.listeners["http"]!,
    connections: 16,
    requestsPerSecond: 200,
    request: () => ({ path: "/" }),
    revisionsOf: () => ["answering"],
    isExpected: (answer) => answer.status === 200,
  });
  load.start();
  await load.settled(100);
});
afterAll(async () => {
  expect(faultCounts(await load.stop())).toEqual({ failed: 0, hung: 0, doubled: 0, misattributed: 0 });
  await proxy.close();
});

async function sluice(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const token = (await readFile(join(proxy.folder, ".sluice", "admin.token"), "utf8")).trim();
  const terminal: Terminal = {
    cwd: proxy.folder,
    env: { SLUICE_TOKEN: token },
    out: (text) => void (out += `${text}\n`),
    err: (text) => void (err += `${text}\n`),
    drained: () => Promise.resolve(),
    closed: () => new Promise(() => {}),
  };
  const code = await runCli([...args, "--proxy", `http://127.0.0.1:${proxy.ready.admin}`], terminal);
  return { code, out, err };
}

describe("sluice workers", () => {
  it("shows each worker's load, and what its filters cost it", async () => {
    const { code, out } = await sluice("workers", "--json");
    expect(code).toBe(0);
    const { each } = JSON.parse(out) as {
      each: {
        loop: { use: number };
        connections: number;
        bytesHeld: number;
        slots: { slot: string; fuel: number }[];
      }[];
    };
    expect(each).toMatchObject([0, 1].map((worker) => ({ worker, state: "serving", generation: 1 })));
    expect(each.reduce((sum, { connections }) => sum + connections, 0)).toBeGreaterThan(0);
    for (const { loop, bytesHeld } of each) {
      expect(loop.use).toBeGreaterThan(0);
      expect(loop.use).toBeLessThanOrEqual(1);
      expect(bytesHeld).toBeGreaterThanOrEqual(0);
    }
    expect(each.flatMap(({ slots }) => slots.map(({ slot }) => slot))).toEqual(["answering", "answering"]);
    expect(each.reduce((sum, { slots }) => sum + slots[0]!.fuel, 0)).toBeGreaterThan(0);
  });

  it("replaces them all and tells how far it is", async () => {
    const { code, out, err } = await sluice("workers", "--replace");
    expect(code).toBe(0);
    expect(err).toContain("2 of 2 replaced\n");
    expect(out).toMatch(/^2 serving, 0 replaced after they died\nWORKER +STATE +UP +LOOP/);
    expect(out).toMatch(/\n1 +serving/);
  });
});

describe("sluice profile", () => {
  it.each([
    { name: "where time goes", args: [], file: "worker-1.cpuprofile", has: /"url":"file:.*\/proxy\// },
    { name: "what is allocated and held", args: ["--heap"], file: "worker-1.heapprofile", has: /^\{"head":/ },
  ])("writes $name while the worker serves", async ({ args, file, has }) => {
    const { code, out } = await sluice("profile", "--worker", "1", "--seconds", "0.5", ...args);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^${file}: \\d+ bytes\\n$`));
    const profile = await readFile(join(proxy.folder, file), "utf8");
    expect(JSON.parse(profile)).toHaveProperty("samples");
    expect(profile).toMatch(has);
    expect((await stat(join(proxy.folder, file))).mode & 0o777).toBe(0o600);
    expect(await sluice("profile", "--worker", "1", "--seconds", "0.1", ...args)).toMatchObject({ code: 1 });
  });

  it.each([
    { args: ["--worker", "7"], code: "SLUICE-E2072" },
    { args: ["--seconds", "31"], code: "SLUICE-E2072" },
    { args: ["--seconds", "a"], code: "SLUICE-E2072" },
    { args: ["--output", "no-such-folder/a.cpuprofile"], code: "SLUICE-E5032" },
    { args: ["--worker", "7/../.."], code: "SLUICE-E2072" },
  ])("refuses $args", async ({ args, code }) => {
    const refused = await sluice("profile", ...args);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(code);
    expect(
      (await readdir(proxy.folder)).filter((name) => name.endsWith("profile") && !name.startsWith("worker-1.")),
    ).toEqual([]);
  });

  it("takes one at a time, and gives one up when its client leaves", async () => {
    const leaves = new AbortController();
    const token = (await readFile(join(proxy.folder, ".sluice", "admin.token"), "utf8")).trim();
    const first = fetch(`http://127.0.0.1:${proxy.ready.admin}/profile?seconds=30`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: leaves.signal,
    });
    const isBusy = async (): Promise<boolean> => {
      // One that would be refused anyway, so that asking takes none.
      const { err } = await sluice("profile", "--seconds", "31");
      return err.includes("SLUICE-E2071");
    };
    await expect.poll(isBusy).toBe(true);
    leaves.abort();
    await expect(first).rejects.toThrow("abort");
    await expect.poll(isBusy, { timeout: 10_000 }).toBe(false);
  });
});
