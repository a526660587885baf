// What deploy/ has for operators, checked as far as a machine without their surroundings can.

import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { parseMachine } from "@sluice/proxy/contract";
import { afterAll, describe, expect, it } from "vitest";
import { systemProgram } from "../gate/system-program.ts";
import { RunningProxy, deploymentText } from "./running-proxy.ts";

const root = resolve(import.meta.dirname, "../..");
const execute = promisify(execFile);
const unit = readFileSync(join(root, "deploy/sluice.service"), "utf8");
const image = readFileSync(join(root, "deploy/Containerfile"), "utf8");
const machine = parseMachine(readFileSync(join(root, "deploy/sluice.yaml"), "utf8"), "sluice.yaml");
const folder = mkdtempSync(join(tmpdir(), "sluice-deploy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const systemdAnalyze = systemProgram(["systemd-analyze"], "systemd");

/** What a unit or a Containerfile says under a word, every time it does. */
function said(text: string, word: string): string[] {
  return [...text.matchAll(new RegExp(`^${word}[= ](.*)$`, "gm"))].map(([, value]) => value!);
}

describe("deploy/sluice.service", () => {
  // The program need not be installed here.
  const file = join(folder, "sluice.service");
  writeFileSync(file, unit.replace(/^ExecStart=\S+/m, `ExecStart=${process.execPath}`));

  it.skipIf(systemdAnalyze === null)("is a unit that systemd finds nothing wrong in", async () => {
    expect(await execute(systemdAnalyze!, ["verify", file])).toEqual({ stdout: "", stderr: "" });
  });

  it.skipIf(systemdAnalyze === null)("exposes little, as systemd reckons", async () => {
    // Of 10, in tenths; it is 1.9 as the unit stands.
    await execute(systemdAnalyze!, ["security", "--offline=true", "--threshold=20", file]);
  });

  it("gives the proxy time to drain as the example says, and to see what it writes", () => {
    const { delayMs, timeoutMs } = machine.drain;
    const [stop] = said(unit, "TimeoutStopSec");
    expect(Number.parseInt(stop!, 10) * 1000).toBeGreaterThan(delayMs + timeoutMs + 3_000);
    expect(`/var/lib/${said(unit, "StateDirectory")[0]}`).toBe(machine.stateDir);
  });
});

describe("deploy/Containerfile", () => {
  it("copies what is there, and runs without rights over one volume that is the state folder", () => {
    expect(said(image, "USER")).toEqual(["10001:10001"]);
    expect(said(image, "VOLUME")).toEqual([machine.stateDir]);
    const copied = said(image, "COPY").filter((what) => !what.startsWith("--from") && !what.includes("*.tgz"));
    expect(copied.map((what) => what.split(" ")[0]!).filter((path) => !existsSync(join(root, path)))).toEqual([]);
    const published = said(image, "EXPOSE")[0]!.split(" ").map(Number);
    expect(published).toEqual([machine.listeners[0]!.port, machine.health!.port]);
  });
});

describe("A proxy that systemd started", () => {
  it("says when it serves and when it stops", async () => {
    const heard = join(folder, "heard");
    const program = join(folder, "systemd-notify");
    writeFileSync(program, `#!/bin/sh\necho "$@" >> ${heard}\n`);
    chmodSync(program, 0o755);
    const { PATH } = process.env;
    Object.assign(process.env, { NOTIFY_SOCKET: join(folder, "socket"), PATH: `${folder}${delimiter}${PATH}` });
    const proxy = await RunningProxy.prepare();
    try {
      await proxy.write("deployment.yaml", deploymentText(0));
      await proxy.start();
      const lines = (): string[] => (existsSync(heard) ? readFileSync(heard, "utf8").trim().split("\n") : []);
      await expect.poll(lines).toEqual([expect.stringMatching(/^--pid=\d+ --ready$/)]);
      proxy.signal("SIGTERM");
      expect(await proxy.exited).toBe(0);
      await expect.poll(lines).toEqual([expect.any(String), expect.stringMatching(/^--pid=\d+ STOPPING=1$/)]);
    } finally {
      await proxy.close();
      delete process.env["NOTIFY_SOCKET"];
      process.env["PATH"] = PATH!;
    }
  });
});
