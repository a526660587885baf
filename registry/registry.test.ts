import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { createRegistry } from "./registry.ts";
import { testModule } from "./test-module.ts";
import { TestRegistry } from "./test-registry.ts";

const silent = pino({ level: "silent" });

describe("createRegistry", () => {
  it("refuses a state folder that another registry uses", async () => {
    await using registry = await TestRegistry.start();
    const second = createRegistry({ stateDir: registry.stateDir, address: "127.0.0.1:0", log: silent });
    await expect(second).rejects.toMatchObject({ code: "SLUICE-E3011" });
  });

  it("refuses an address in use and one that is none, and leaves the folder free", async () => {
    await using registry = await TestRegistry.start();
    const stateDir = await mkdtemp(join(tmpdir(), "sluice-registry-"));
    for (const address of [new URL(registry.url).host, "nowhere", "127.0.0.1:99999"]) {
      await expect(createRegistry({ stateDir, address, log: silent })).rejects.toMatchObject({ code: "SLUICE-E3010" });
    }
    await (await createRegistry({ stateDir, address: "127.0.0.1:0", log: silent })).close();
    await rm(stateDir, { recursive: true });
  });

  it("refuses a state folder that is a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-registry-"));
    const stateDir = join(folder, "state");
    await writeFile(stateDir, "");
    const start = createRegistry({ stateDir, address: "127.0.0.1:0", log: silent });
    await expect(start).rejects.toMatchObject({ code: "SLUICE-E3013" });
    await rm(folder, { recursive: true });
  });

  it("answers a path that cannot be decoded or is too long in its own shape", async () => {
    await using registry = await TestRegistry.start();
    for (const path of ["/v1/filters/%zz/versions", `/v1/filters/${"a".repeat(2_000)}/versions`]) {
      expect(await registry.call("GET", path)).toMatchObject({ status: 400, json: { code: "SLUICE-E3021" } });
    }
  });

  it("refuses a broken tokens.json and a store of a newer registry", async () => {
    await using registry = await TestRegistry.start();
    await registry.stop();
    const { stateDir } = registry;
    const start = (): Promise<unknown> => createRegistry({ stateDir, address: "127.0.0.1:0", log: silent });
    const database = new DatabaseSync(join(stateDir, "registry", "registry.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(start()).rejects.toMatchObject({ code: "SLUICE-E3012" });
    await writeFile(join(stateDir, "tokens.json"), "{}");
    await expect(start()).rejects.toMatchObject({ code: expect.stringMatching(/E30(07|12)/) as string });
  });

  it("keeps its tokens, versions and deployments over a restart", async () => {
    await using first = await TestRegistry.start();
    await first.deploy({ apiVersion: "sluice/v1", kind: "Deployment", name: "default", slots: [] }, 0);
    await first.stop();
    const second = await TestRegistry.start({ stateDir: first.stateDir });
    expect(second.adminToken).toBe(first.adminToken);
    expect((await second.call("GET", "/v1/deployments/default")).json["number"]).toBe(1);
    await second.stop();
  });

  it("warns by name when it listens beyond this machine", async () => {
    const lines: string[] = [];
    const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
    await using _registry = await TestRegistry.start({ address: "0.0.0.0:0", log });
    expect(lines.join("")).toMatch(/listens on 0\.0\.0\.0:\d+, beyond this machine, without TLS/);
  });

  it("serves a page's files and deep links when the console is built, and says so when it is not", async () => {
    const consoleDir = await mkdtemp(join(tmpdir(), "sluice-console-"));
    await using bare = await TestRegistry.start({ consoleDir });
    expect((await bare.call("GET", "/", { token: null })).text).toContain("has not been built");
    await writeFile(join(consoleDir, "index.html"), "<title>Sluice</title>");
    await using registry = await TestRegistry.start({ consoleDir });
    for (const path of ["/", "/slots/rbac"]) {
      const page = await registry.call("GET", path, { token: null });
      expect({ path, status: page.status, text: page.text }).toEqual({
        path,
        status: 200,
        text: "<title>Sluice</title>",
      });
    }
    expect(await registry.call("GET", "/app.js", { token: null })).toMatchObject({
      status: 404,
      json: { code: "SLUICE-E3020" },
    });
    expect(await registry.call("GET", "/v1/nothing")).toMatchObject({ status: 404, json: { code: "SLUICE-E3020" } });
    await rm(consoleDir, { recursive: true });
  });

  it("describes every route of its API with the roles that may call it", async () => {
    await using registry = await TestRegistry.start();
    const { paths } = (await registry.call("GET", "/v1/openapi.json")).json as {
      paths: Record<string, Record<string, object>>;
    };
    expect(paths["/v1/deployments/{name}"]!["put"]).toMatchObject({ "x-roles": ["operator", "admin"] });
    expect(Object.keys(paths)).toContain("/v1/watch");
  });
});

describe("a subscriber that does not read", () => {
  it("is cut off once its queue is full, and does not hold up the others", async () => {
    await using registry = await TestRegistry.start();
    const { hostname, port } = new URL(registry.url);
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    const cut = once(socket, "close");
    socket.on("error", () => undefined);
    socket.pause();
    const events = await registry.events("/v1/events");
    socket.write(
      `GET /v1/watch?node=slow&protocol=1 HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${registry.proxyToken}\r\n\r\n`,
    );
    expect((await events.nextOf("proxy")).data).toMatchObject({ id: "slow", connected: true });
    await overfill(registry);
    for (;;) {
      const { data } = await events.nextOf("proxy");
      if (data["connected"] === false) break;
    }
    socket.destroy();
    await cut;
    await events.close();
  });
});

/** Documents of nearly 1 MiB each: more of them than the queue and the kernel's buffers hold. */
async function overfill(registry: TestRegistry): Promise<void> {
  await registry.push("gate", await testModule(), { tag: "v1" });
  const revisions = [{ filter: "gate", tag: "v1", pluginConfig: "x".repeat(900_000) }];
  const slots = [{ name: "gate", phase: "OTHER", revisions }];
  for (let number = 0; number < 30; number += 1) {
    const { status } = await registry.deploy(
      { apiVersion: "sluice/v1", kind: "Deployment", name: "default", slots },
      number,
    );
    expect(status).toBe(200);
  }
}
