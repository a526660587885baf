// README's way from clone to one's own filter, run line by line as it stands there: only ports and `npx` are replaced.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ComparedRevision } from "@sluice/bin";
import { until } from "./program.ts";
import type { Program } from "./program.ts";
import { freePorts, registryEnv, startUp } from "./up-program.ts";
import type { UpPorts } from "./up-program.ts";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
let ports: UpPorts;
let up: Program;

beforeAll(async () => {
  // Inside the checkout, where a new filter finds the SDK.
  mkdirSync(join(root, "artifacts"), { recursive: true });
  folder = mkdtempSync(join(root, "artifacts/readme-"));
  ports = await freePorts();
  up = startUp(folder, ports);
  await up.until("the first address", () => up.stdout.includes("curl"));
});
afterAll(async () => {
  await up.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The commands of README's first chapter after the one that clones and starts. */
function readmeCommands(): string[] {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const chapter = readme.split(/^## /m).find((part) => part.startsWith("From clone")) ?? "";
  const blocks = [...chapter.matchAll(/```sh\n(.*?)```/gs)].map((match) => match[1] ?? "");
  return blocks.slice(1).flatMap((block) => block.trim().split("\n"));
}

interface Shell {
  cwd: string;
}

/** Runs one line and answers what it printed; `cd` lasts, as in a terminal. */
async function runLine(shell: Shell, line: string): Promise<string> {
  if (line.startsWith("cd ")) {
    shell.cwd = resolve(shell.cwd, line.slice(3));
    return "";
  }
  const command = line
    .replaceAll("npx sluice", `"${process.execPath}" "${join(root, "bin/sluice.js")}"`)
    .replaceAll("127.0.0.1:8080", `127.0.0.1:${ports.proxy}`)
    .replaceAll("curl ", "curl -s ");
  const env = { ...process.env, ...registryEnv(ports) };
  return (await promisify(execFile)("sh", ["-c", command], { cwd: shell.cwd, env })).stdout;
}

/** The tour ends with a split: both revisions of the reader's filter have denied some users. */
async function untilBothDeny(shell: Shell): Promise<void> {
  let text = "";
  await until(
    () => `the split is not seen: ${text}`,
    async () => {
      text = await runLine(shell, "npx sluice status --json");
      const { revisions } = JSON.parse(text) as { revisions: readonly ComparedRevision[] };
      const ours = revisions.filter(({ slot }) => slot === "my-guard");
      const denials = ours.map(({ denied }) => denied["PERMISSION_DENIED"] ?? 0);
      return ours.length === 2 && ours.every(({ share }) => share === 50) && denials.every((count) => count > 0);
    },
  );
}

describe("README", () => {
  it("leads from a running proxy to one's own filter denying a request, and to two revisions of it side by side", async () => {
    const shell = { cwd: folder };
    const startedMs = performance.now();
    const commands = readmeCommands();
    expect(commands.length).toBeGreaterThan(10);
    for (const line of commands) {
      const output = await runLine(shell, line);
      const expected = /# (\d{3})\b/.exec(line)?.[1];
      if (expected !== undefined) expect(output, line).toMatch(new RegExp(`^HTTP/1.1 ${expected} `));
    }
    console.log(`README's commands took ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    await untilBothDeny(shell);
  });
});
