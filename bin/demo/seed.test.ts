import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry } from "@sluice/registry";
import type { Registry } from "@sluice/registry";
import { buildFilter } from "@sluice/sdk-filter";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { RegistryClient } from "../registry-client.ts";
import { rbacFolder } from "./builds.ts";
import { seedRegistry } from "./seed.ts";

let stateDir: string;
let registry: Registry;
let client: RegistryClient;

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "sluice-seed-"));
  registry = await createRegistry({ stateDir, address: "127.0.0.1:0" });
  const token = (await readFile(registry.tokenFiles.admin, "utf8")).trim();
  client = new RegistryClient({ address: `http://${registry.address}`, token });
});
afterEach(async () => {
  await registry.close();
  await rm(stateDir, { recursive: true });
});

async function push(name: string): Promise<void> {
  const { wasm } = await buildFilter(rbacFolder, { onlyWhenStale: true });
  await client.push(name, { module: Uint8Array.from(wasm), filter: null, sourceMap: null, requests: [] }, "v1");
}

/** Stands for the demo filter's build, which only a registry that is to be filled waits for. */
function build(): Promise<void> {
  const asked = Promise.reject<void>(new Error("asked for the build"));
  asked.catch(() => undefined);
  return asked;
}

describe("seedRegistry", () => {
  it("fills a registry that was stopped between the demo's push and its deployment", async () => {
    await push("rbac");
    await expect(seedRegistry(client, build())).rejects.toThrow("asked for the build");
  });

  it("leaves a registry with other filters alone", async () => {
    await push("mine");
    expect(await seedRegistry(client, build())).toBe(false);
  });

  it("leaves a registry with a deployment alone", async () => {
    await client.deploy({ apiVersion: "sluice/v1", kind: "Deployment", name: "default", slots: [] }, 0, {
      dryRun: false,
    });
    expect(await seedRegistry(client, build())).toBe(false);
  });
});
