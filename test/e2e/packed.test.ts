// The packages as strangers get them: packed, installed into an empty folder by npm, and used there as an author does. Third
// parties' packages come from npm's cache or registry.

import { execFile } from "node:child_process";
import {
  chmodSync,
  chownSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../free-port.ts";
import { Program } from "./program.ts";
import { freePorts } from "./up-program.ts";

const root = resolve(import.meta.dirname, "../..");
const execute = promisify(execFile);
const installTimeoutMs = 240_000;

/** It takes root, and a kernel that lets it have mounts of its own. */
const mayIsolate = await execute("unshare", ["-m", "true"]).then(
  () => process.getuid?.() === 0,
  () => false,
);

let outside: string;
let project: string;

beforeAll(async () => {
  outside = mkdtempSync(join(tmpdir(), "sluice-packed-"));
  project = join(outside, "project");
  mkdirSync(project);
  const tarballs = join(outside, "tarballs");
  await execute(process.execPath, [join(root, "release/pack.ts"), tarballs], { cwd: root });
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", private: true }));
  await npmInstall(project, ...globSync(join(tarballs, "*.tgz")));
}, installTimeoutMs);
afterAll(() => rmSync(outside, { recursive: true, force: true }));

async function npmInstall(folder: string, ...packages: readonly string[]): Promise<void> {
  const quiet = ["--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"];
  await execute("npm", ["install", ...quiet, ...packages], {
    cwd: folder,
    env: strangersEnv(),
    timeout: installTimeoutMs,
  });
}

/** Without what the checkout's own npm put there: its Node, its settings. */
function strangersEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_/i.test(name));
  const path = (process.env["PATH"] ?? "").split(":").filter((folder) => !folder.startsWith(root));
  return { ...Object.fromEntries(kept), PATH: path.join(":") };
}

/** `npx sluice …` in a folder that has the packages, without npx between us and its signals. */
function sluice(args: readonly string[], cwd: string): Program {
  return new Program(process.execPath, [join(cwd, "node_modules/@sluice/bin/sluice.js"), ...args], { cwd });
}

/** What the image starts, with this document, from the packages installed here. */
function imageCommand(image: string, document: string): string[] {
  const list = (word: string): string[] =>
    JSON.parse(new RegExp(`^${word} (\\[.*\\])$`, "m").exec(image)![1]!) as string[];
  const words = [...list("ENTRYPOINT"), ...list("CMD")];
  return words.map((word) => word.replace("/opt/sluice", project).replace("/etc/sluice/sluice.yaml", document));
}

/** A PATH whose `node` is the one that runs this. */
function strangersPaths(): { PATH: string } {
  return { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` };
}

/** The lines that docs/authors.md begins with. */
function firstCommands(): string[] {
  const page = readFileSync(join(root, "docs/authors.md"), "utf8");
  return (/```sh\n(.*?)```/s.exec(page)?.[1] ?? "").trim().split("\n");
}

async function runLine(line: string, cwd: string): Promise<void> {
  if (line === "npm install") return npmInstall(cwd);
  await execute("sh", ["-c", line], { cwd, env: strangersEnv() });
}

async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
}

describe("the packed packages, outside a checkout", () => {
  it("run by themselves on whatever Node starts them, the pinned one being installed with them", async () => {
    const { stdout } = await execute("npx", ["sluice", "--version"], { cwd: project, env: strangersEnv() });
    expect(stdout.trim()).toBe(
      (JSON.parse(readFileSync(join(root, "bin/package.json"), "utf8")) as { version: string }).version,
    );
  });

  it("bring up everything, with the shipped filter deployed and the console served", async () => {
    const ports = await freePorts();
    const at = (port: number): string => `127.0.0.1:${port}`;
    const addresses = ["--proxy", at(ports.proxy), "--admin", at(ports.admin), "--upstream", at(ports.upstream)];
    const up = sluice(["up", ...addresses, "--registry-address", at(ports.registry), "--workers", "1"], project);
    try {
      await up.until("the first address", () => up.stdout.includes("curl"), 60_000);
      expect(await statusOf(`http://${at(ports.proxy)}/hello`)).toBe(200);
      expect(await statusOf(`http://${at(ports.proxy)}/admin/users`)).toBe(403);
      const page = await (await fetch(`http://${at(ports.registry)}/`)).text();
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? "";
      expect(await statusOf(`http://${at(ports.registry)}${script}`)).toBe(200);
      expect(await up.stop("SIGINT")).toEqual({ code: 0, signal: null });
    } finally {
      await up.stop("SIGKILL");
    }
  });

  it.skipIf(!mayIsolate)("serve as deploy/Containerfile has it: no rights, one folder to write to", async () => {
    const volume = mkdtempSync(join(tmpdir(), "sluice-volume-"));
    const [port, health] = [await freePort(), await freePort()];
    const document = readFileSync(join(root, "deploy/sluice.yaml"), "utf8")
      .replaceAll("/var/lib/sluice", volume)
      .replace(":8080", `:${port}`)
      .replace(":9903", `:${health}`)
      .replace("127.0.0.1:9901", "127.0.0.1:0");
    writeFileSync(join(outside, "sluice.yaml"), document);
    const image = readFileSync(join(root, "deploy/Containerfile"), "utf8");
    const [command, ...args] = imageCommand(image, join(outside, "sluice.yaml"));
    const [uid = ""] = /^USER (\d+):/m.exec(image)!.slice(1);
    chownSync(volume, Number(uid), Number(uid));
    chmodSync(outside, 0o755);
    const rights = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--no-new-privs", "--bounding-set=-all"];
    const mounts = `mount --make-rprivate / && mount --bind ${volume} ${volume} && mount -o remount,ro,bind /`;
    const isolated = `${mounts} && cd ${volume} && exec setpriv ${rights.join(" ")} "$0" "$@"`;
    const served = new Program("unshare", ["-m", "sh", "-c", isolated, command!, ...args], {
      cwd: "/",
      env: { ...strangersPaths(), NODE_COMPILE_CACHE: join(volume, "compile-cache") },
    });
    try {
      const isServing = (): Promise<boolean> =>
        statusOf(`http://127.0.0.1:${port}/`).then(
          () => true,
          () => false,
        );
      await served.until("an answer", isServing, 60_000);
      // It has no deployment yet, and says so; it has written what it needs where it may.
      expect(await statusOf(`http://127.0.0.1:${health}/readyz`)).toBe(503);
      expect(await statusOf(`http://127.0.0.1:${port}/`)).toBe(503);
      expect(readdirSync(volume)).toEqual(expect.arrayContaining(["admin.token", "compile-cache"]));
      expect(await served.stop()).toEqual({ code: 0, signal: null });
    } finally {
      await served.stop("SIGKILL");
      rmSync(volume, { recursive: true, force: true });
    }
  });

  it(
    "carry an author from init over npm install and the tests to a save that is served",
    async () => {
      const [install, ...lines] = firstCommands();
      expect(install).toBe("npm install @sluice/bin @sluice/sdk-filter"); // done, with what was packed
      expect(lines.pop()).toBe("npx sluice dev"); // below, on free ports
      let guard = project;
      for (const line of lines) {
        if (line.startsWith("cd ")) guard = join(guard, line.slice("cd ".length));
        else await runLine(line, guard);
      }

      const ports = await freePorts();
      const at = (port: number): string => `127.0.0.1:${port}`;
      const addresses = ["--proxy", at(ports.proxy), "--admin", at(ports.admin), "--upstream", at(ports.upstream)];
      const session = sluice(
        ["dev", "--json", ...addresses, "--registry-address", at(ports.registry), "--workers", "1"],
        guard,
      );
      const served = (): number => session.jsonLines.filter((line) => line["event"] === "served").length;
      try {
        await session.until("the first revision", () => served() === 1, 60_000);
        expect(await statusOf(`http://${at(ports.proxy)}/internal/x`)).toBe(403);
        const document = join(guard, "filter.yaml");
        writeFileSync(
          document,
          readFileSync(document, "utf8").replace(
            "exampleConfig: { closed: [/internal/] }",
            "exampleConfig: { closed: [/shut/] }",
          ),
        );
        await session.until("the saved one", () => served() === 2, 60_000);
        expect(await statusOf(`http://${at(ports.proxy)}/internal/x`)).toBe(200);
        expect(await statusOf(`http://${at(ports.proxy)}/shut/x`)).toBe(403);
        expect(await session.stop("SIGINT")).toEqual({ code: 0, signal: null });
      } finally {
        await session.stop("SIGKILL");
      }
    },
    installTimeoutMs,
  );
});
