// What a newcomer does: `sluice up`, a curl, a deploy, Ctrl-C.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Program, until } from "./program.ts";
import { freePorts, registryEnv, startUp } from "./up-program.ts";
import type { UpPorts } from "./up-program.ts";

const readyBudgetMs = 15_000;

let folder: string;
const programs: Program[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-up-"));
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function started(inFolder: string, ports: UpPorts): Program {
  const program = startUp(inFolder, ports);
  programs.push(program);
  return program;
}

async function runSluice(
  args: readonly string[],
  ports: UpPorts,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const program = Program.sluice(args, { cwd: folder, env: registryEnv(ports) });
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

describe("sluice up", () => {
  it("leaves nobody on its ports when it is killed", async () => {
    const ports = await freePorts();
    const up = started(folder, ports);
    await up.until("the first address", () => up.stdout.includes("curl"));
    await up.stop("SIGKILL");
    const listens = async (port: number): Promise<boolean> => {
      const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
      await answer?.arrayBuffer();
      return answer !== null;
    };
    await until(
      () => "the proxy outlived `sluice up`",
      async () => !(await listens(ports.proxy)) && !(await listens(ports.admin)),
    );
  });

  it("brings everything up with a filter deployed, takes a new rule, and ends cleanly at Ctrl-C", async () => {
    const ports = await freePorts();
    const startedMs = performance.now();
    const up = started(folder, ports);
    await up.until("the first address", () => up.stdout.includes("curl"));
    const readyMs = performance.now() - startedMs;
    console.log(`sluice up was ready after ${(readyMs / 1000).toFixed(1)} s`);
    expect(readyMs).toBeLessThan(2 * readyBudgetMs);

    const url = `http://127.0.0.1:${ports.proxy}`;
    expect((await fetch(`${url}/hello`)).status).toBe(200);
    expect((await fetch(`${url}/admin/users`)).status).toBe(403);

    const policies =
      'policies: [{ name: closed, action: DENY, rules: [{ id: closed-today, to: [{ operation: { paths: ["/hello"] } }] }] }]';
    writeFileSync(join(folder, "rules.yaml"), policies);
    const deploy = await runSluice(
      ["deploy", "rbac=rbac@v1", "--config", "rules.yaml", "--why", "closed today"],
      ports,
    );
    expect(deploy).toMatchObject({ code: 0, stderr: "" });
    expect(deploy.stdout).toContain("applied by proxy-1");
    expect((await fetch(`${url}/hello`)).status).toBe(403);
    expect((await fetch(`${url}/admin/users`)).status).toBe(200);

    expect((await runSluice(["rollback", "rbac"], ports)).code).toBe(0);
    expect((await fetch(`${url}/hello`)).status).toBe(200);
    expect((await runSluice(["history"], ports)).stdout).toContain("closed today");
    expect((await runSluice(["status"], ports)).stdout).toContain("proxy-1");

    expect(await up.stop("SIGINT")).toEqual({ code: 0, signal: null });
  });

  it("says in one sentence which port is taken, and ends with a code", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", () => resolve()));
    const proxy = (taken.address() as AddressInfo).port;
    const up = started(folder, { ...(await freePorts()), proxy });
    expect((await up.ended).code).toBe(1);
    expect(up.stderr).toContain(`127.0.0.1:${proxy} is already in use by another process.`);
    expect(up.stderr).not.toContain("    at ");
    await new Promise((resolve) => taken.close(resolve));
  });
});
