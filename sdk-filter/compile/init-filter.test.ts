import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { initFilter } from "./init-filter.ts";
import { scratchFolder } from "./scratch-folder.ts";
import { testFilter } from "./test-filter.ts";

const run = promisify(execFile);

describe("initFilter", () => {
  it("makes a folder that passes its request files and its tests, and whose source an editor finds nothing wrong with", async () => {
    const root = await scratchFolder();
    const { folder, files } = await initFilter("3rd-try", join(root, "third"));
    expect(files).toEqual([
      ".gitignore",
      "3rd-try.test.ts",
      "NOT-TYPESCRIPT.md",
      "README.md",
      "assembly/config.ts",
      "assembly/index.ts",
      "assembly/tsconfig.json",
      "filter.yaml",
      "package.json",
      "requests/areas.yaml",
      "tsconfig.json",
      "vitest.config.ts",
    ]);
    expect(await readFile(join(folder, "assembly", "index.ts"), "utf8")).toContain(
      "class Filter3rdTry extends Filter<Config>",
    );
    expect(await testFilter(folder)).toMatchObject({ name: "3rd-try", ok: true, passed: 2, failed: 0 });
    const bin = (path: string): string => join(root, "node_modules", path);
    await run(process.execPath, [bin("typescript/bin/tsc"), "-p", "assembly"], { cwd: folder });
    await run(process.execPath, [bin("vitest/vitest.mjs"), "run"], { cwd: folder });
  });

  it("makes one that asks a service, and whose request files and tests pass", async () => {
    const root = await scratchFolder();
    const { folder, files } = await initFilter("asks", join(root, "asks"), { template: "callout" });
    expect(files).toContain("requests/auth.yaml");
    expect(files).not.toContain("requests/areas.yaml");
    expect(await testFilter(folder)).toMatchObject({ ok: true, passed: 5, failed: 0 });
    const bin = (path: string): string => join(root, "node_modules", path);
    await run(process.execPath, [bin("typescript/bin/tsc"), "-p", "assembly"], { cwd: folder });
    await run(process.execPath, [bin("vitest/vitest.mjs"), "run"], { cwd: folder });
  });

  it("asks in package.json for what it is told, and for the test runner", async () => {
    const folder = join(await scratchFolder(), "own");
    await initFilter("own", folder, { devDependencies: { "@sluice/sdk-filter": "^1.2.3" } });
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      name: "own",
      devDependencies: { "@sluice/sdk-filter": "^1.2.3", vitest: expect.stringMatching(/^\^5\./) as unknown },
    });
  });

  it("refuses names that are none", async () => {
    for (const name of ["", "Rbac", "../x", "a_b", "-a", "a".repeat(64)]) {
      await expect(initFilter(name, join(tmpdir(), "unused"))).rejects.toMatchObject({ code: "SLUICE-E4007" });
    }
  });

  it("refuses a folder that holds something", async () => {
    const folder = join(await scratchFolder(), "taken");
    await mkdir(folder);
    await writeFile(join(folder, "a"), "");
    await expect(initFilter("taken", folder)).rejects.toMatchObject({ code: "SLUICE-E4006" });
  });

  it("refuses a place from where the SDK cannot be found", async () => {
    await expect(initFilter("lost", join(tmpdir(), "sluice-nowhere"))).rejects.toMatchObject({ code: "SLUICE-E4010" });
  });
});
