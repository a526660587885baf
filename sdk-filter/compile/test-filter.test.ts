import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildFilter } from "./build-filter.ts";
import { initFilter } from "./init-filter.ts";
import { scratchFolder } from "./scratch-folder.ts";
import { testFilter } from "./test-filter.ts";

const WRONG = `apiVersion: sluice/v1
kind: Requests
cases:
  - { name: a wrong guess, request: { path: /open }, expect: { verdict: { kind: deny } } }
  - { name: a right one, request: { path: /internal/ }, expect: { status: 403 } }
`;

async function sample(): Promise<string> {
  const { folder } = await initFilter("sample", join(await scratchFolder(), "sample"));
  return folder;
}

describe("testFilter", () => {
  it("reports which case failed and why", async () => {
    const folder = await sample();
    await writeFile(join(folder, "requests", "wrong.yaml"), WRONG);
    const report = await testFilter(folder);
    expect(report).toMatchObject({ ok: false, passed: 3, failed: 1 });
    const wrong = report.files.find(({ file }) => file.endsWith("wrong.yaml"))!;
    expect(wrong.cases[0]).toMatchObject({ name: "a wrong guess", ok: false });
    expect(wrong.cases[0]!.failures.join()).toContain("deny");
  });

  it("tests any module with request files that are named", async () => {
    const folder = await sample();
    const { wasmFile } = await buildFilter(folder);
    const requests = join(folder, "other.yaml");
    await writeFile(requests, WRONG);
    expect(await testFilter(wasmFile, { requests: [requests] })).toMatchObject({ passed: 1, failed: 1 });
  });

  it("finds a module's request files through the filter.yaml above it", async () => {
    const { wasmFile } = await buildFilter(await sample());
    expect(await testFilter(wasmFile)).toMatchObject({ name: "sample", ok: true, passed: 2 });
  });

  it("refuses to say that nothing passed", async () => {
    const { wasmFile } = await buildFilter(await sample());
    const bare = join(await scratchFolder(), "bare.wasm");
    await copyFile(wasmFile, bare);
    await expect(testFilter(bare)).rejects.toMatchObject({ code: "SLUICE-E4011" });
  });

  it("refuses a filter.yaml that names files outside its folder", async () => {
    const folder = await sample();
    await writeFile(join(folder, "..", "secret.yaml"), WRONG);
    const document = await readFile(join(folder, "filter.yaml"), "utf8");
    await writeFile(join(folder, "filter.yaml"), document.replace("requests/*.yaml", "../secret.yaml"));
    await expect(testFilter(folder)).rejects.toMatchObject({ code: "SLUICE-E4013" });
  });

  it("names the file that cannot be read", async () => {
    const missing = join(await scratchFolder(), "missing.wasm");
    await expect(testFilter(missing)).rejects.toMatchObject({
      code: "SLUICE-E4012",
      message: `"${missing}" cannot be read: there is no such file`,
    });
  });
});
