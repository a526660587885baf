import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry } from "@sluice/registry";
import type { Registry } from "@sluice/registry";
import { buildFilter } from "@sluice/sdk-filter";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCli } from "./cli.ts";
import { rbacFolder } from "./demo/builds.ts";
import { RegistryClient } from "./registry-client.ts";

let folder: string;
let registry: Registry;
let client: RegistryClient;
let token: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-housekeeping-"));
  registry = await createRegistry({ stateDir: join(folder, ".sluice"), address: "127.0.0.1:0" });
  token = readFileSync(registry.tokenFiles.admin, "utf8").trim();
  client = new RegistryClient({ address: `http://${registry.address}`, token });
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const lines = { out: [] as string[], err: [] as string[] };
  const code = await runCli(args, {
    cwd: folder,
    env: { SLUICE_REGISTRY: `http://${registry.address}`, SLUICE_TOKEN: token },
    out: (text) => void lines.out.push(text),
    drained: () => Promise.resolve(),
    closed: () => new Promise(() => undefined),
    err: (text) => void lines.err.push(text),
  });
  return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
}

/** The module as it was built, made another version by a custom section. */
async function push(tag: string | null, mark: number): Promise<string> {
  const { wasm } = await buildFilter(rbacFolder, { onlyWhenStale: true });
  const module = Uint8Array.from([...wasm, 0, 3, 1, 0x6d, mark]);
  return (await client.push("rbac", { module, filter: null, sourceMap: null, requests: [] }, tag)).version;
}

async function deploy(version: string, seen: number): Promise<void> {
  const slots = [{ name: "rbac", phase: "AUTHZ" as const, revisions: [{ filter: "rbac", version }] }];
  const draft = { apiVersion: "sluice/v1" as const, kind: "Deployment" as const, name: "default", slots };
  await client.deploy(draft as Parameters<RegistryClient["deploy"]>[0], seen, { dryRun: false });
}

describe("sluice delete", () => {
  it("deletes a version by its tag, refuses one that is deployed, and collects what is loose", async () => {
    const deployed = await push("v1", 1);
    await push("v2", 2);
    const loose = await push(null, 3);
    await deploy(deployed, 0);
    const refused = await run("delete", "rbac@v1");
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("SLUICE-E3036") as string });
    expect((await run("delete", "rbac@v2")).out).toContain("(v2)");
    expect((await run("delete", "--unneeded", "--older-than", "0s", "--dry-run")).out).toContain(loose);
    const collected = await run("delete", "--unneeded", "--older-than", "0s", "--json");
    expect(JSON.parse(collected.out)).toMatchObject({ versions: [{ version: loose }], dryRun: false });
    expect((await run("delete", "--unneeded")).out).toBe("nothing to delete");
    expect((await client.versions("rbac")).map(({ digest }) => digest)).toEqual([deployed]);
  });

  it("deletes a tag alone, and a deployment that no proxy takes", async () => {
    await deploy(await push("v1", 1), 0);
    expect((await run("delete", "rbac@v1", "--tag")).code).toBe(0);
    expect((await client.versions("rbac"))[0]!.tags).toEqual([]);
    expect((await run("delete", "--deployment", "default")).out).toContain("no longer in charge");
    expect(await client.deployment("default")).toBeNull();
  });

  for (const args of [
    [],
    ["rbac"],
    ["rbac@"],
    ["rbac@v1", "--unneeded"],
    ["rbac@v1", "--dry-run"],
    ["--unneeded", "--deployment", "default"],
    ["--deployment", "default", "--older-than", "1h"],
  ])
    it(`exits 2 on words that mean nothing together: ${args.join(" ") || "none"}`, async () => {
      expect(await run("delete", ...args)).toMatchObject({
        code: 2,
        err: expect.stringContaining("SLUICE-E5001") as string,
      });
    });
});

describe("sluice diff", () => {
  it("tells what changes between two numbers, and between two versions", async () => {
    const [one, two] = [await push("v1", 1), await push("v2", 2)];
    await deploy(one, 0);
    await deploy(two, 1);
    expect((await run("diff", "1", "2")).out).toBe(`  changed slots.rbac.revisions[0].version: "${one}" → "${two}"`);
    expect(JSON.parse((await run("diff", "1", "--json")).out)).toMatchObject({ from: 1, to: 2 });
    expect((await run("diff", "2")).out).toBe("no difference");
    expect((await run("diff", "rbac@v1", "rbac@v2")).out).toContain("changed module.digest");
    expect((await run("diff", "1", "rbac@v1")).code).toBe(2);
    expect((await run("diff", "rbac@v1", "cors@v1")).code).toBe(2);
    expect((await run("diff", "rbac@v1", "rbac@v9")).err).toContain("SLUICE-E3033");
  });
});

describe("sluice backup and restore", () => {
  it("write a file that only its owner reads, and make a registry of it in an empty folder", async () => {
    const version = await push("v1", 1);
    const written = await run("backup", "registry.tar", "--json");
    expect(written.code).toBe(0);
    expect(statSync(join(folder, "registry.tar")).mode & 0o077).toBe(0);
    expect(await run("restore", "registry.tar", "--state-dir", "again")).toMatchObject({ code: 0 });
    const again = await createRegistry({ stateDir: join(folder, "again"), address: "127.0.0.1:0" });
    try {
      const restored = new RegistryClient({ address: `http://${again.address}`, token });
      expect((await restored.versions("rbac")).map(({ digest }) => digest)).toEqual([version]);
    } finally {
      await again.close();
    }
  });

  it("never write over a file or a registry", async () => {
    writeFileSync(join(folder, "registry.tar"), "mine");
    expect((await run("backup", "registry.tar")).err).toContain("SLUICE-E5030");
    expect(readFileSync(join(folder, "registry.tar"), "utf8")).toBe("mine");
    await run("backup", "other.tar");
    expect((await run("restore", "other.tar")).err).toContain("SLUICE-E3070");
  });

  it("leave no file of an archive that broke off on its way", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/x-tar" });
      response.write(Buffer.alloc(10_000), () => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const broken = await run("backup", "cut.tar", "--registry", `http://127.0.0.1:${port}`);
    server.close();
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining("SLUICE-E5031") as string });
    expect(readdirSync(folder).filter((name) => name.startsWith("cut.tar"))).toEqual([]);
  });
});
