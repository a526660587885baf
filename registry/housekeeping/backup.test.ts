import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, list } from "tar";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testModule } from "../test-module.ts";
import { BACKUP_PREFIX, Store } from "../store/store.ts";
import { TestRegistry } from "../test-registry.ts";
import { backUp as backUpStore } from "./backup.ts";
import { restoreBackup } from "./restore.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "sluice-backup-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function backUp(registry: TestRegistry, name = "backup.tar"): Promise<string> {
  const response = await fetch(`${registry.url}/v1/backup`, {
    headers: { authorization: `Bearer ${registry.adminToken}` },
  });
  expect(response.status).toBe(200);
  const file = join(folder, name);
  await writeFile(file, new Uint8Array(await response.arrayBuffer()));
  return file;
}

/** Only the hashes are in a backup: whoever restores brings the tokens. */
async function withTokens(registry: TestRegistry, stateDir: string): Promise<void> {
  for (const name of ["admin.token", "proxy.token"])
    await copyFile(join(registry.stateDir, name), join(stateDir, name));
}

function empty(name: string, why: string): { readonly name: string; readonly [key: string]: unknown } {
  return { apiVersion: "sluice/v1", kind: "Deployment", name, why, slots: [] };
}

describe("a backup", () => {
  it("taken while versions are pushed and deployments written restores to a registry that has what was acknowledged before", async () => {
    await using registry = await TestRegistry.start();
    const modules = await Promise.all(Array.from({ length: 24 }, (_, mark) => testModule({ mark })));
    const acknowledged = { tags: [] as string[], number: 0 };
    const over = new AbortController();
    const pushing = (async () => {
      for (let at = 0; !over.signal.aborted; at += 1) {
        const tag = `t${at}`;
        const answer = await registry.push("gate", modules[at % modules.length]!, { tag });
        if (answer.status < 300) acknowledged.tags.push(tag);
      }
    })();
    const deploying = (async () => {
      while (!over.signal.aborted) {
        const answer = await registry.deploy(empty("default", `after ${acknowledged.number}`), acknowledged.number);
        if (answer.status === 200) acknowledged.number = Number(answer.json["number"]);
      }
    })();
    while (acknowledged.tags.length < 3 || acknowledged.number < 10) await new Promise(setImmediate);
    const before = { tags: [...acknowledged.tags], number: acknowledged.number };
    const file = await backUp(registry);
    over.abort();
    await Promise.all([pushing, deploying]);

    const stateDir = join(folder, "restored");
    const restored = await restoreBackup(file, stateDir);
    expect(restored.deployments).toBeGreaterThanOrEqual(before.number);
    await withTokens(registry, stateDir);
    const again = await TestRegistry.start({ stateDir });
    try {
      const { json } = await again.call("GET", "/v1/filters/gate/versions");
      const found = json["versions"] as { digest: string; tags: string[] }[];
      expect(found.flatMap(({ tags }) => tags)).toEqual(expect.arrayContaining(before.tags));
      for (const { digest } of found) expect((await again.call("GET", `/v1/blobs/${digest}`)).status).toBe(200);
      const current = await again.call("GET", "/v1/deployments/default");
      expect(current.json["number"]).toBeGreaterThanOrEqual(before.number);
      const next = await again.deploy(empty("default", "after the restore"), Number(current.json["number"]));
      expect(next.status).toBe(200);
      expect((await again.push("gate", await testModule({ mark: 99 }))).status).toBe(201);
    } finally {
      await again.stop();
    }
  });

  it("holds no plain token, is the admin's alone, and leaves nothing beside the store", async () => {
    await using registry = await TestRegistry.start();
    await registry.push("gate", await testModule());
    const file = await backUp(registry);
    const bytes = await readFile(file, "latin1");
    expect(bytes).not.toContain(registry.adminToken);
    expect(bytes).not.toContain(registry.proxyToken);
    expect((await registry.call("GET", "/v1/backup", { token: registry.proxyToken })).status).toBe(403);
    const beside = async (): Promise<string[]> =>
      (await readdir(join(registry.stateDir, "registry"))).filter((name) => name.startsWith("."));
    await expect.poll(beside).toEqual([]);
  });

  it("that nobody reads leaves nothing beside the store either", async () => {
    await using registry = await TestRegistry.start();
    const store = await Store.open(folder, pino({ level: "silent" }));
    await copyFile(join(registry.stateDir, "tokens.json"), join(folder, "tokens.json"));
    const backups = async (): Promise<string[]> =>
      (await readdir(join(folder, "registry"))).filter((name) => name.startsWith(BACKUP_PREFIX));
    const stream = await backUpStore(store, folder);
    expect(await backups()).toHaveLength(1);
    stream.destroy();
    await expect.poll(backups).toEqual([]);
    store.close();
  });

  it("that a crash cut off is cleared away at the next start", async () => {
    await using registry = await TestRegistry.start();
    await registry.stop();
    const left = join(registry.stateDir, "registry", ".backup-x1y2z3");
    await mkdir(left);
    await writeFile(join(left, "backup.json"), "{}");
    await using again = await TestRegistry.start({ stateDir: registry.stateDir });
    expect(await readdir(join(again.stateDir, "registry"))).not.toContain(".backup-x1y2z3");
  });

  it("keeps the split secret, so that every key stays with its revision", async () => {
    await using registry = await TestRegistry.start();
    const stateDir = join(folder, "restored");
    await restoreBackup(await backUp(registry), stateDir);
    await withTokens(registry, stateDir);
    const again = await TestRegistry.start({ stateDir });
    const secretOf = async (one: TestRegistry): Promise<unknown> => {
      const watch = await one.events("/v1/watch?node=p1&protocol=1");
      const { data } = await watch.nextOf("secret");
      await watch.close();
      return data["secret"];
    };
    try {
      expect(await secretOf(again)).toBe(await secretOf(registry));
    } finally {
      await again.stop();
    }
  });
});

describe("restoreBackup", () => {
  let file: string;
  beforeEach(async () => {
    await using registry = await TestRegistry.start();
    await registry.push("gate", await testModule());
    file = await backUp(registry);
  });

  /** The backup with its files changed. */
  async function changed(change: (unpacked: string) => Promise<void>): Promise<string> {
    const unpacked = join(folder, "unpacked");
    const { extract } = await import("tar");
    await mkdir(unpacked);
    await extract({ file, cwd: unpacked });
    await change(unpacked);
    const into = join(folder, "changed.tar");
    await create({ file: into, cwd: unpacked }, await readdir(unpacked));
    return into;
  }

  async function expectRefused(archive: string, code = "SLUICE-E3071"): Promise<void> {
    const stateDir = join(folder, "refused");
    await expect(restoreBackup(archive, stateDir)).rejects.toMatchObject({ code });
    expect(await readdir(stateDir)).toEqual([]);
  }

  it("refuses a folder that already holds a registry, and leaves it alone", async () => {
    const stateDir = join(folder, "taken");
    await mkdir(join(stateDir, "registry"), { recursive: true });
    await expect(restoreBackup(file, stateDir)).rejects.toMatchObject({ code: "SLUICE-E3070" });
    expect(await readdir(stateDir)).toEqual(["registry"]);
  });

  it("gives its files to their owner alone", async () => {
    const stateDir = join(folder, "restored");
    await restoreBackup(file, stateDir);
    for (const name of ["tokens.json", "registry/registry.db"])
      expect((await stat(join(stateDir, name))).mode & 0o077).toBe(0);
  });

  it("refuses an archive that was cut off, at any place", async () => {
    const whole = await readFile(file);
    for (const length of [0, 100, 700, Math.floor(whole.length / 2), whole.length - 2_048]) {
      const cut = join(folder, "cut.tar");
      await writeFile(cut, whole.subarray(0, length));
      await expectRefused(cut);
    }
  });

  it("refuses what is no archive, and one that is not there", async () => {
    const text = join(folder, "text.tar");
    await writeFile(text, "not a tar archive ".repeat(1_000));
    await expectRefused(text);
    await expectRefused(join(folder, "missing.tar"));
  });

  it("refuses a blob that was changed, one that is missing, and damaged tables", async () => {
    const blobs = "registry/oci/blobs/sha256";
    const anyBlob = async (unpacked: string): Promise<string> =>
      join(unpacked, blobs, (await readdir(join(unpacked, blobs)))[0]!);
    await expectRefused(await changed(async (at) => writeFile(await anyBlob(at), "changed")));
    await rm(join(folder, "unpacked"), { recursive: true });
    await expectRefused(await changed(async (at) => rm(await anyBlob(at))));
    await rm(join(folder, "unpacked"), { recursive: true });
    await expectRefused(await changed((at) => writeFile(join(at, "registry/registry.db"), "no database")));
  });

  it("refuses an archive with a file that is not a backup's, and one that leaves the folder", async () => {
    await expectRefused(await changed((at) => writeFile(join(at, "admin.token"), "mine")));
    const outside = join(folder, "outside.tar");
    await writeFile(join(folder, "evil"), "evil");
    await create({ file: outside, cwd: folder, preservePaths: true }, [join(folder, "evil")]);
    await expectRefused(outside);
  });

  it("lists the state folder's own names, so that any tar can unpack it", async () => {
    const names: string[] = [];
    await list({ file, onReadEntry: (entry) => void names.push(entry.path) });
    expect(names).toEqual(expect.arrayContaining(["tokens.json", "registry/registry.db"]));
  });
});
