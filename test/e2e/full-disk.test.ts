// A disk that fills up under a running installation: uploads are refused, traffic is not touched.

import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, rmdirSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiRefusal } from "@sluice/bin";
import type { DeploymentDraft } from "@sluice/bin";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fixtureModule, withCustomSection } from "../fixtures/fixture-module.ts";
import { Installation } from "./installation.ts";
import type { ProxyUnderTest } from "./installation.ts";
import { until } from "./program.ts";

const DISK_BYTES = 192 * 1024 * 1024;

/** A folder on a small disk of its own, or null where this process may not mount one. */
function mountSmallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "sluice-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "none", folder], { stdio: "ignore" });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    process.stdout.write("\nskipped: a full disk, because only root may mount one\n");
    return null;
  }
}

const disk = mountSmallDisk();

describe.skipIf(disk === null)("a disk that is full", () => {
  let installation: Installation;
  let proxy: ProxyUnderTest;
  let version: `sha256:${string}`;
  let number = 0;
  const folder = join(disk ?? "", "installation");

  beforeAll(async () => {
    mkdirSync(folder);
    installation = await Installation.create(folder);
    await installation.startRegistry();
    version = (await push("v1")).version;
    await deploy("one");
    proxy = await installation.startProxy("proxy-1");
    await untilMarked("one");
  }, 60_000);
  afterAll(async () => {
    await installation.close();
    // Lazily: a process that has just ended may still be giving its files back.
    execFileSync("umount", ["-l", disk!]);
    rmdirSync(disk!);
  });

  async function push(label: string): Promise<{ version: `sha256:${string}` }> {
    const module = withCustomSection(await fixtureModule("revision-marker"), label);
    return installation.client.push("marker", { module, filter: null, sourceMap: null, requests: [] }, label);
  }

  async function deploy(pluginConfig: string): Promise<void> {
    const slots: DeploymentDraft["slots"] = [
      { name: "marker", phase: "OTHER", revisions: [{ filter: "marker", version, pluginConfig }] },
    ];
    const draft: DeploymentDraft = {
      apiVersion: "sluice/v1",
      kind: "Deployment",
      name: "default",
      targets: { matchLabels: {} },
      slots,
    };
    number = (await installation.client.deploy(draft, number, { dryRun: false })).number;
  }

  async function marker(): Promise<string | null> {
    const response = await fetch(`http://127.0.0.1:${proxy.port}/`);
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    return response.headers.get("x-revision");
  }

  function untilMarked(revision: string): Promise<void> {
    return until(
      () => `the proxy does not serve ${revision}: ${proxy.program.stderr.slice(-2000)}`,
      async () => (await marker()) === revision,
    );
  }

  /** Fills the disk until at most `leftBytes` are free. */
  function fill(leftBytes: number): void {
    const file = openSync(join(disk!, "filling"), "a");
    const block = Buffer.alloc(64 * 1024);
    try {
      for (;;) {
        const { bavail, bsize } = statfsSync(disk!);
        const room = bavail * bsize - leftBytes;
        if (room <= 0) return;
        writeSync(file, block, 0, Math.min(block.length, room));
      }
    } finally {
      closeSync(file);
    }
  }

  async function refusalOf(work: Promise<unknown>): Promise<{ status: number; code: string }> {
    const error = await work.then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ApiRefusal);
    const { status, code } = error as ApiRefusal;
    return { status, code };
  }

  it("refuses an upload while there is still room for deployments, and takes those", async () => {
    fill(16 * 1024 * 1024);
    expect(await refusalOf(push("v2"))).toEqual({ status: 507, code: "SLUICE-E3026" });
    await deploy("two");
    await untilMarked("two");
  });

  it("to the last byte still serves every request, by the deployment it has", async () => {
    fill(0);
    expect(await refusalOf(push("v3"))).toEqual({ status: 507, code: "SLUICE-E3026" });
    for (let request = 0; request < 200; request += 1) expect(await marker()).toBe("two");
    const health = await fetch(`http://127.0.0.1:${proxy.adminPort}/readyz`);
    await health.arrayBuffer();
    expect(health.status).toBe(200);
  });

  it("lets go of everything once there is room again", async () => {
    rmSync(join(disk!, "filling"));
    number = (await installation.client.deployment("default"))!.number;
    await push("v4");
    await deploy("three");
    await untilMarked("three");
  });
});
