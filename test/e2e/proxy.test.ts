import { createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RunningProxy, deploymentText } from "./running-proxy.ts";

let proxy: RunningProxy;
afterEach(() => proxy.close());

describe("A proxy with a deployment file", () => {
  beforeEach(async () => {
    proxy = await RunningProxy.prepare();
    await proxy.write("deployment.yaml", deploymentText(0));
    await proxy.start();
  });

  it("passes a request through its chain and writes the record on stdout", async () => {
    expect(await proxy.get("/a?b=c")).toEqual({ status: 200, body: "from upstream" });
    await proxy.until(() => proxy.stdout.includes("\n"));
    const record = JSON.parse(proxy.stdout) as Record<string, unknown>;
    expect(record).toMatchObject({
      node: "proxy-1",
      listener: "http",
      route: "all",
      cluster: "demo",
      path: "/a?b=c",
      status: 200,
    });
    expect(record["slots"]).toMatchObject([{ slot: "answering", verdict: "noOpinion", error: null }]);
  });

  it("swaps the revision at POST /reload and at SIGHUP", async () => {
    await proxy.write("deployment.yaml", deploymentText(3));
    expect((await proxy.admin("POST", "/reload")).status).toBe(200);
    expect((await proxy.get()).status).toBe(403);
    await proxy.write("deployment.yaml", deploymentText(9));
    proxy.signal("SIGHUP");
    await proxy.until(() => proxy.stderr.includes('"generation":3'));
    expect((await proxy.get()).status).toBe(409);
  });

  it.each([
    [
      "a document with an unknown field",
      deploymentText(3).replace("phase", "phrase"),
      422,
      'deployment.yaml:5:24: unknown key \\"phrase\\"',
    ],
    ["a module that is not there", deploymentText(3, "missing.wasm"), 422, "missing.wasm cannot be read"],
    ["a configuration that the filter refuses", deploymentText(100), 422, "slot answering"],
    [
      "a kind of quota that is not served yet",
      deploymentText(3).replace("slots:", "quotas: [{ name: q, concurrency: 1 }]\nslots:"),
      422,
      "SLUICE-E2004",
    ],
  ])("keeps what serves when it is given %s", async (_name, text, status, message) => {
    await proxy.write("deployment.yaml", text);
    const answer = await proxy.admin("POST", "/reload");
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain(message);
    expect((await proxy.get()).status).toBe(200);
    expect((await proxy.admin("GET", "/readyz")).status).toBe(200);
  });

  it("replaces a worker that ends, and goes on counting", async () => {
    for (let i = 0; i < 4; i++) await proxy.get();
    await proxy.admin("POST", "/replace-worker?index=0");
    await proxy.admin("POST", "/replace-worker?index=1");
    await proxy.until(() => proxy.stderr.split("it is replaced").length === 3);
    // The sockets are still there: what connects meanwhile waits for the new workers.
    const answers = await Promise.all(Array.from({ length: 8 }, () => proxy.get()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    const stats = (await (await proxy.admin("GET", "/stats")).json()) as {
      counters: { requests: number };
      workers: object;
    };
    expect(stats.counters.requests).toBe(12);
    expect(stats.workers).toMatchObject({ replaced: 2 });
  });

  it("starts the proxy process again when it dies", async () => {
    const { pid } = proxy.ready;
    process.kill(pid, "SIGKILL");
    await proxy.until(() => proxy.ready.pid !== pid);
    expect((await proxy.get()).status).toBe(200);
  });

  it("asks for a token and for its own name on the admin port", async () => {
    expect((await proxy.admin("GET", "/stats", {})).status).toBe(401);
    expect((await proxy.admin("GET", "/stats", { authorization: "Bearer wrong" })).status).toBe(401);
    expect((await proxy.admin("GET", "/stats", { origin: "http://evil.test" })).status).toBe(403);
    expect((await proxy.admin("GET", "/healthz", {})).status).toBe(200);
    expect((await proxy.admin("GET", "/reload")).status).toBe(404);
    const metrics = await (await proxy.admin("GET", "/metrics")).text();
    expect(metrics).toContain("sluice_workers_serving 2");
  });

  it("ends with code 0 at SIGTERM", async () => {
    proxy.signal("SIGTERM");
    expect(await proxy.exited).toBe(0);
    expect(proxy.stderr).not.toContain('"level":50');
  });
});

describe("A health address", () => {
  it("serves the public three without a token, and nothing else", async () => {
    proxy = await RunningProxy.prepare("health: { address: 127.0.0.1:0 }");
    await proxy.start();
    const call = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${proxy.ready.health}${path}`);
    expect((await call("/healthz")).status).toBe(200);
    expect((await call("/readyz")).status).toBe(200);
    expect(await (await call("/metrics")).text()).toContain("sluice_workers_serving 2");
    expect((await call("/stats")).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${proxy.ready.health}/drain`, { method: "POST" })).status).toBe(404);
  });
});

describe("A proxy that cannot start", () => {
  it("says in one sentence that the port is in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as { port: number };
    proxy = await RunningProxy.prepare("", `127.0.0.1:${port}`);
    await proxy.start();
    expect(await proxy.exited).toBe(1);
    expect(proxy.stderr).toContain(`Listener http cannot listen on 127.0.0.1:${port}: the port is in use.`);
    other.close();
  });

  it("names file and line of a bad document", async () => {
    proxy = await RunningProxy.prepare("wrokers: 1");
    await proxy.start();
    expect(await proxy.exited).toBe(1);
    expect(proxy.stderr).toMatch(/sluice\.yaml:9:1: unknown key "wrokers", did you mean "workers"\?/);
  });
});

describe("A proxy whose first deployment cannot be loaded", () => {
  it("answers 503, says why, and serves once the deployment is mended", async () => {
    proxy = await RunningProxy.prepare();
    await proxy.write("deployment.yaml", deploymentText(100));
    await proxy.start();
    expect((await proxy.get()).status).toBe(503);
    expect((await proxy.admin("GET", "/readyz")).status).toBe(503);
    expect(await (await proxy.admin("GET", "/stats")).json()).toMatchObject({
      ready: false,
      notLoaded: [{ slot: "answering" }],
      counters: { revisions: [{ slot: "answering", errors: { notLoaded: 1 } }] },
    });
    await proxy.write("deployment.yaml", deploymentText(0));
    expect((await proxy.admin("POST", "/reload")).status).toBe(200);
    expect((await proxy.get()).status).toBe(200);
    expect((await proxy.admin("GET", "/readyz")).status).toBe(200);
  });
});
