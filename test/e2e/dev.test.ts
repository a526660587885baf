// What an author does with `sluice dev`: saves, and sees it served; breaks it, and keeps what ran; goes home, and leaves
// nothing behind.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Installation } from "./installation.ts";
import { Program } from "./program.ts";
import { freePorts } from "./up-program.ts";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
const programs: Program[] = [];

beforeEach(() => {
  // Inside the checkout, where a new filter finds the SDK; a state folder of its own above the filter's.
  mkdirSync(join(root, "artifacts"), { recursive: true });
  folder = mkdtempSync(join(root, "artifacts/dev-"));
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  rmSync(folder, { recursive: true, force: true });
});

interface DevLine {
  readonly event: string;
  readonly [field: string]: unknown;
}

function dev(args: readonly string[], options: { cwd: string; env?: Record<string, string> }): Program {
  const program = Program.sluice(["dev", "--json", ...args], options);
  programs.push(program);
  return program;
}

/** Waits for the `count`th event of that name. */
async function event(program: Program, name: string, count = 1): Promise<DevLine> {
  const found = (): DevLine[] => (program.jsonLines as unknown as DevLine[]).filter((line) => line.event === name);
  await program.until(`event "${name}" number ${count}`, () => found().length >= count, 90_000);
  return found()[count - 1] as DevLine;
}

async function init(name: string): Promise<string> {
  await run(["init", name], { cwd: folder });
  return join(folder, name);
}

/** Runs a command that has to succeed. */
async function run(args: readonly string[], options: { cwd: string; env?: Record<string, string> }): Promise<void> {
  const program = Program.sluice(args, options);
  const { code } = await program.ended;
  expect(code, program.stderr).toBe(0);
}

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

describe("sluice dev", () => {
  it("starts what is needed, serves every save that is sound, and keeps the last one that was", async () => {
    const guard = await init("guard");
    writeFileSync(join(folder, "rules.yaml"), "closed: [/shut/]");
    const ports = await freePorts();
    const at = (port: number): string => `127.0.0.1:${port}`;
    const addresses = ["--proxy", at(ports.proxy), "--admin", at(ports.admin), "--upstream", at(ports.upstream)];
    const session = dev(
      [...addresses, "--registry-address", at(ports.registry), "--workers", "1", "--config", "../rules.yaml"],
      { cwd: guard },
    );
    const status = async (path: string): Promise<number> => {
      const answer = await fetch(`http://${at(ports.proxy)}${path}`);
      await answer.arrayBuffer();
      return answer.status;
    };

    expect(await event(session, "served")).toMatchObject({ tests: 2, servedMs: null, proxies: ["proxy-1"] });
    expect(await status("/shut/x")).toBe(403);

    const source = join(guard, "assembly/index.ts");
    edit(source, `this.deny("closed-area")`, `this.deny("closed-area", 418)`);
    edit(join(guard, "requests/areas.yaml"), "status: 403", "status: 418");
    const second = await event(session, "served", 2);
    expect(await status("/shut/x")).toBe(418);
    console.log(`a save was served after ${((second["servedMs"] as number) / 1000).toFixed(2)} s`);

    edit(source, "this.areas.ready()", "this.areas.redy()");
    expect(await event(session, "refused")).toMatchObject({
      step: "build",
      code: "SLUICE-E4003",
      serving: second["deployment"],
      problems: [expect.stringMatching(/^assembly\/index\.ts:\d+:\d+ {2}.*redy/)],
    });
    expect(await status("/shut/x")).toBe(418);

    edit(source, "this.areas.redy()", "this.areas.ready()");
    expect(await event(session, "unchanged")).toMatchObject({ deployment: second["deployment"] });

    edit(join(guard, "requests/areas.yaml"), "status: 418", "status: 500");
    expect(await event(session, "refused", 2)).toMatchObject({ step: "test", serving: second["deployment"] });
    edit(join(guard, "requests/areas.yaml"), "status: 500", "status: 418");
    await event(session, "unchanged", 2);

    writeFileSync(join(folder, "rules.yaml"), "closed: [/other/]");
    await event(session, "served", 3);
    expect(await status("/shut/x")).toBe(200);
    expect(await status("/other/x")).toBe(418);

    expect(await session.stop("SIGINT")).toEqual({ code: 0, signal: null });
    expect(await event(session, "stopped")).toMatchObject({ slot: "removed" });
  });

  it("works with the registry that runs, and puts a slot back as it was", async () => {
    const guard = await init("guard");
    const installation = await Installation.create();
    try {
      await installation.startRegistry();
      const { client } = installation;
      const env = { SLUICE_REGISTRY: installation.registryUrl, SLUICE_TOKEN: installation.adminToken };
      writeFileSync(join(folder, "rules.yaml"), "closed: [/v1/]");
      await run(["build"], { cwd: guard, env });
      await run(["push", "--tag", "v1"], { cwd: guard, env });
      await run(["deploy", "guard=guard@v1", "--add", "--config", "../rules.yaml"], { cwd: guard, env });
      const before = (await client.deployment("default"))?.slots;

      const session = dev([], { cwd: guard, env });
      expect(await event(session, "served")).toMatchObject({ deployment: 2, proxies: [] });
      expect((await client.deployment("default"))?.slots).toMatchObject([
        { name: "guard", revisions: [{ tag: "dev", pluginConfig: { closed: ["/internal/"] } }] },
      ]);
      expect(await session.stop("SIGINT")).toEqual({ code: 0, signal: null });
      expect(await event(session, "stopped")).toMatchObject({ slot: "restored" });
      expect((await client.deployment("default"))?.slots).toEqual(before);
    } finally {
      await installation.close();
    }
  });

  it("refuses a registry that is not on this machine", async () => {
    const guard = await init("guard");
    const session = dev(["--registry", "http://registry.example:9902"], { cwd: guard });
    expect(await session.ended).toEqual({ code: 1, signal: null });
    expect(JSON.parse(session.stderr)).toMatchObject({ code: "SLUICE-E5040" });
  });
});
