// `sluice tail`: records of two proxies through the registry and of one straight from its admin port; filters, a reader
// that does not read, Ctrl-C, and nothing made when nobody looks.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DeploymentDraft } from "@sluice/bin";
import { fixtureModule } from "../fixtures/fixture-module.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { Program, until } from "./program.ts";

let installation: Installation;
let proxies: ProxyUnderTest[];

beforeAll(async () => {
  installation = await Installation.create();
  await installation.startRegistry();
  const module = await fixtureModule("answer-by-configuration");
  const parts = { module, filter: null, sourceMap: null, requests: [] };
  const { version } = await installation.client.push("answering", parts, "v1");
  // Answers 403 to everything on route `all`.
  const slots: DeploymentDraft["slots"] = [
    { name: "answering", phase: "OTHER", revisions: [{ filter: "answering", version, pluginConfig: "xxx" }] },
  ];
  const draft = {
    apiVersion: "sluice/v1",
    kind: "Deployment",
    name: "default",
    targets: { matchLabels: {} },
    slots,
  } as const;
  await installation.client.deploy(draft, 0, { dryRun: false });
  // Without a sink workers make records only while somebody looks.
  const first = await installation.startProxy("proxy-1", { sinks: "[]" });
  proxies = [first, await installation.startProxy("proxy-2", { sinks: "[]" })];
});
afterAll(() => installation.close());

function get({ port }: ProxyUnderTest, path: string): Promise<unknown> {
  return fetch(`http://127.0.0.1:${port}${path}`).then((answer) => answer.arrayBuffer());
}

/** A tail that has begun: the first line on standard error says so. */
async function tailOf(args: readonly string[], env: Record<string, string>): Promise<Program> {
  const program = Program.sluice(["tail", ...args], { cwd: installation.folder, env });
  await program.until("the tail", () => program.stderr.includes("waiting for records"));
  return program;
}

/** Asks until the tail shows it: a proxy hears of a tail a moment after the asker does. */
async function untilShown(program: Program, proxy: ProxyUnderTest, path: string): Promise<void> {
  await program.until(`${path} of ${proxy.id}`, async () => {
    await get(proxy, path);
    return program.stdout.split("\n").some((line) => line.includes(path) && line.includes(proxy.id));
  });
}

describe("sluice tail", () => {
  it("shows records of all proxies through the registry, filtered, and ends cleanly at Ctrl-C", async () => {
    const env = { SLUICE_REGISTRY: installation.registryUrl };
    const program = await tailOf(["--denied", "--slot", "answering", "--status", "4xx", "--path", "/seen"], env);
    for (const proxy of proxies) {
      await get(proxy, "/not-asked-for");
      await untilShown(program, proxy, "/seen");
    }
    expect(program.stdout).toMatch(
      / proxy-1 403 GET 127\.0\.0\.1:\d+\/seen {2}from 127\.0\.0\.1.* answering ✕ PERMISSION_DENIED/,
    );
    expect(program.stdout).not.toContain("/not-asked-for");
    expect(await program.stop("SIGINT")).toEqual({ code: 0, signal: null });
  });

  it("shows one proxy's records straight from its admin port, as JSON", async () => {
    const [proxy] = proxies as [ProxyUnderTest];
    const token = proxy.adminHeaders.authorization.slice("Bearer ".length);
    const program = await tailOf(["--json", "--proxy", `http://127.0.0.1:${proxy.adminPort}`], { SLUICE_TOKEN: token });
    await untilShown(program, proxy, "/direct");
    expect(program.jsonLines.at(-1)).toMatchObject({ node: "proxy-1", status: 403, route: "all" });
    await program.stop("SIGINT");
  });

  it("makes no record when nobody looks", async () => {
    const [proxy] = proxies as [ProxyUnderTest];
    // Both tails before have ended; the proxy hears of the one through the registry a moment later.
    await until(
      () => "a tail is still open",
      async () => (await tails(proxy)) === 0,
    );
    await get(proxy, "/unseen");
    const program = await tailOf(["--proxy", `http://127.0.0.1:${proxy.adminPort}`], {
      SLUICE_TOKEN: proxy.adminHeaders.authorization.slice("Bearer ".length),
    });
    await untilShown(program, proxy, "/later");
    expect(program.stdout).not.toContain("/unseen");
    await program.stop("SIGINT");
  });

  it("counts what a reader does not read, tells it, and holds no more than its bound", async () => {
    const [proxy] = proxies as [ProxyUnderTest];
    const stop = new AbortController();
    const response = await fetch(`http://127.0.0.1:${proxy.adminPort}/tail`, {
      headers: proxy.adminHeaders,
      signal: stop.signal,
    });
    // 20 requests of 8 KB each second until socket and queue are full, and nobody reads.
    const long = `/${"x".repeat(8_000)}`;
    await until(
      () => "nothing was dropped",
      async () => {
        await Promise.all(Array.from({ length: 20 }, () => get(proxy, long)));
        return (await droppedNow(proxy)) > 0;
      },
    );
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk, { stream: true });
      if (/event: dropped\ndata: \{"count":[1-9]/.test(text)) break;
      text = text.slice(-200);
    }
    stop.abort();
    expect(text).toContain("event: dropped");
  });

  it.each([
    [["--status", "40"], "status"],
    [["--proxy", "nowhere"], "not an admin port's address"],
    [["--node", "proxy-1", "--proxy", "http://127.0.0.1:1"], "--node asks the registry"],
  ])("is a usage error with %j", async (args, words) => {
    const { code, stderr } = await installation.sluice("tail", ...args);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) });
  });
});

async function stats(proxy: ProxyUnderTest): Promise<{ tails: { open: number; dropped: number } }> {
  const answer = await fetch(`http://127.0.0.1:${proxy.adminPort}/stats`, { headers: proxy.adminHeaders });
  return (await answer.json()) as { tails: { open: number; dropped: number } };
}

async function tails(proxy: ProxyUnderTest): Promise<number> {
  return (await stats(proxy)).tails.open;
}

async function droppedNow(proxy: ProxyUnderTest): Promise<number> {
  return (await stats(proxy)).tails.dropped;
}
