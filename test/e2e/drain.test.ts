// A proxy that is told to end, and workers that are replaced: what is under way ends well, and nothing is lost.

import { connect } from "node:net";
import type { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Accountant, faultCounts } from "../load/accountant.ts";
import { HoldingUpstream } from "./holding-upstream.ts";
import { until } from "./program.ts";
import { RunningProxy, deploymentText } from "./running-proxy.ts";

let upstream: HoldingUpstream;
let proxy: RunningProxy;
beforeEach(async () => {
  upstream = await HoldingUpstream.open();
});
afterEach(async () => {
  upstream.close();
  await proxy.close();
});

async function startWith(drain: string, workers = 2): Promise<void> {
  proxy = await RunningProxy.prepare(`deployment: { file: deployment.yaml }\n${drain}`);
  await proxy.write("deployment.yaml", deploymentText(0));
  await proxy.changeMachine((text) => text.replace(/endpoints: \[.*?\]/, `endpoints: ["${upstream.address}"]`));
  await proxy.changeMachine((text) => text.replace("workers: 2", `workers: ${workers}`));
  await proxy.start();
}

/** Ends with all that came on a connection of its own, headers included. */
function ask(path: string, headers = ""): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(proxy.ready.listeners["http"]!, "127.0.0.1");
    let text = "";
    socket.on("data", (bytes) => (text += bytes.toString()));
    socket.on("close", () => resolve(text)).on("error", reject);
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a.test\r\n${headers}\r\n`);
  });
}

async function readiness(): Promise<{ ready: boolean; reasons: string[] }> {
  const answer = await proxy.admin("GET", "/readyz");
  return (await answer.json()) as { ready: boolean; reasons: string[] };
}

async function isGone(): Promise<boolean> {
  try {
    return !process.kill(proxy.ready.pid, 0);
  } catch {
    return true;
  }
}

function isRefused(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(proxy.ready.listeners["http"]!, "127.0.0.1");
    socket.on("connect", () => (socket.destroy(), resolve(false)));
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}

describe("A proxy that is told to end", () => {
  it("is not ready, and serves on for its delay, but not when its supervisor is gone: its ports are wanted", async () => {
    await startWith("drain: { delay: 1h }");
    expect((await proxy.admin("POST", "/drain")).status).toBe(202);
    expect(await readiness()).toEqual({ ready: false, reasons: ["the proxy drains"] });
    // The client of a connection that is still kept is told to leave it.
    expect(await ask("/")).toMatch(/^HTTP\/1.1 200 .*\r\nconnection: close\r\n/is);
    proxy.signal("SIGKILL");
    await until(() => "the proxy process is still there", isGone);
  });

  it("takes no more, and finishes what is under way", async () => {
    await startWith("drain: { timeout: 1h }");
    const held = ask("/held");
    await upstream.holds(1);
    proxy.signal("SIGTERM");
    await until(() => "connections are still taken", isRefused);
    expect(await readiness()).toMatchObject({ ready: false });
    upstream.release();
    expect(await held).toMatch(/^HTTP\/1.1 200 .*held and whole/s);
    expect(await proxy.exited).toBe(0);
  });

  it("cuts what is under way at its deadline, and says so in the record", async () => {
    await startWith("drain: { timeout: 100ms }");
    const held = ask("/held");
    await upstream.holds(1);
    proxy.signal("SIGTERM");
    expect(await held).toBe("");
    expect(await proxy.exited).toBe(0);
    expect(proxy.stdout).toMatch(/"path":"\/held".*"DT"/);
  });

  it("ends at once at the second signal", async () => {
    await startWith("drain: { timeout: 1h }");
    const held = ask("/held");
    await upstream.holds(1);
    proxy.signal("SIGTERM");
    await proxy.until(() => proxy.stderr.includes("the proxy drains"));
    proxy.signal("SIGTERM");
    expect(await proxy.exited).toBe(1);
    expect(await held).toBe("");
  });
});

describe("A snapshot that was replaced", () => {
  const metric = async (name: string): Promise<number> => {
    const text = await (await proxy.admin("GET", "/metrics")).text();
    return Number(new RegExp(`^sluice_${name} (.*)$`, "m").exec(text)![1]);
  };
  const reload = async (): Promise<void> => {
    expect((await proxy.admin("POST", "/reload")).status).toBe(200);
  };

  it("is let go of after drainTimeout: streams in filters are cut, others go on without it", async () => {
    await startWith("limits: { drainTimeout: 100ms }");
    await proxy.changeMachine((text) =>
      text.replace("routes: [", "routes: [{ name: plain, match: { path: { prefix: /plain } }, cluster: demo }, "),
    );
    await proxy.write(
      "deployment.yaml",
      deploymentText(0).replace("phase: OTHER", "phase: OTHER, match: { routes: [all] }"),
    );
    await reload();
    const inFilter = ask("/held");
    const plain = ask("/plain/held", "connection: close\r\n");
    await upstream.holds(2);
    await reload();
    expect(await inFilter).toBe("");
    await proxy.until(() => /1 streams were cut/.test(proxy.stderr));
    await until(
      () => "the plain stream still holds it",
      async () => (await metric("drain_detached_total")) === 1,
    );
    upstream.release();
    expect(await plain).toMatch(/^HTTP\/1.1 200 .*held and whole/s);
    expect(await metric("drain_cuts_total")).toBe(1);
    await proxy.until(() => /"path":"\/held".*"DT"/.test(proxy.stdout));
  });

  it("is let go of by a tunnel, which goes on without its filters", async () => {
    await startWith("limits: { drainTimeout: 100ms }");
    await proxy.changeMachine((text) => text.replace("cluster: demo }", "cluster: demo, upgrade: [websocket] }"));
    await reload();
    const tunnel = new Tunnel(proxy.ready.listeners["http"]!);
    expect(await tunnel.heard(/\r\n\r\n$/)).toMatch(/^HTTP\/1.1 101 /);
    await reload();
    await proxy.until(() => /0 streams were cut, 1 go on/.test(proxy.stderr));
    tunnel.say("still there?");
    await tunnel.heard(/still there\?$/);
    tunnel.close();
    await proxy.until(() =>
      /"slot":"answering"[^\n]*"status":101|"status":101[^\n]*"slot":"answering"/.test(proxy.stdout),
    );
  });

  it("is let go of when more than drainingSnapshots are in use", async () => {
    await startWith("limits: { drainTimeout: 1h, drainingSnapshots: 1 }", 1);
    const first = ask("/held");
    await upstream.holds(1);
    await reload();
    const second = ask("/held", "connection: close\r\n");
    await upstream.holds(2);
    expect(await metric("drain_cuts_total")).toBe(0);
    await reload();
    expect(await first).toBe("");
    expect(await metric("drain_cuts_total")).toBe(1);
    upstream.release();
    expect(await second).toMatch(/^HTTP\/1.1 200 .*held and whole/s);
  });
});

/** A connection that asks for a WebSocket, and what it was sent. */
class Tunnel {
  private readonly socket: Socket;
  private text = "";
  private look = (): void => {};

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("data", (bytes) => {
      this.text += bytes.toString();
      this.look();
    });
    this.say("GET /ws HTTP/1.1\r\nhost: a.test\r\nconnection: upgrade\r\nupgrade: websocket\r\n");
    this.say("sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  }

  say(text: string): void {
    this.socket.write(text);
  }

  /** All that came, once it matches. */
  heard(pattern: RegExp): Promise<string> {
    return new Promise((resolve) => {
      this.look = () => {
        if (pattern.test(this.text)) resolve(this.text);
      };
      this.look();
    });
  }

  close(): void {
    this.socket.destroy();
  }
}

interface Stats {
  readonly workers: {
    readonly serving: number;
    readonly replaced: number;
    readonly replacement: { readonly replaced: number; readonly endedAt: string | null } | null;
  };
}

async function workerStats(): Promise<Stats["workers"]> {
  return ((await (await proxy.admin("GET", "/stats")).json()) as Stats).workers;
}

describe("Workers that are replaced one after the other", () => {
  it("lose no request, on kept connections and on new ones, and finish what is under way", async () => {
    await startWith("");
    const held = Array.from({ length: 4 }, () => ask("/held"));
    await upstream.holds(4);
    const load = new Accountant({
      host: "127.0.0.1",
      port: proxy.ready.listeners["http"]!,
      connections: 16,
      requestsPerSecond: 400,
      request: (number) => ({ path: "/", headers: number % 4 === 0 ? [["connection", "close"]] : [] }),
      revisionsOf: () => ["answering"],
      isExpected: (answer) => answer.status === 200,
    });
    load.start();
    await load.settled(100);
    expect((await proxy.admin("POST", "/replace-workers")).status).toBe(202);
    const second = await proxy.admin("POST", "/replace-workers");
    expect([second.status, ((await second.json()) as { code: string }).code]).toEqual([409, "SLUICE-E2070"]);
    // Requests are still under way on the first one that goes: it waits for them.
    await until(
      () => "a worker's successor does not serve",
      () => Promise.resolve(proxy.stderr.includes("finishes")),
    );
    expect(await workerStats()).toMatchObject({ serving: 2, replacement: { endedAt: null } });
    upstream.release();
    await until(
      () => "the replacement does not end",
      async () => (await workerStats()).replacement?.endedAt !== null,
    );
    await load.settled(100);
    expect(faultCounts(await load.stop())).toEqual({ failed: 0, hung: 0, doubled: 0, misattributed: 0 });
    for (const answer of await Promise.all(held)) expect(answer).toMatch(/^HTTP\/1.1 200 .*held and whole/s);
    expect(await workerStats()).toMatchObject({ serving: 2, replaced: 0, replacement: { replaced: 2, failed: null } });
  });
});
