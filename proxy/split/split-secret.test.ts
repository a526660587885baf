import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SplitSecret } from "./split-secret.ts";

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-split-"));
  file = join(folder, "split.secret");
});
afterEach(() => rm(folder, { recursive: true }));

describe("SplitSecret", () => {
  it("makes one at the first start that nobody else can read, and finds it again", async () => {
    const first = await SplitSecret.open(file);
    expect(first.bytes).toHaveLength(32);
    expect(first.isExposed).toBe(false);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(Buffer.from((await SplitSecret.open(file)).bytes).equals(first.bytes)).toBe(true);
  });

  it("is the same for all that start at once over one folder", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => SplitSecret.open(file)));
    expect(new Set(all.map(({ bytes }) => Buffer.from(bytes).toString("hex"))).size).toBe(1);
  });

  it("takes the registry's and keeps it for the next start", async () => {
    const secret = await SplitSecret.open(file);
    expect(secret.take("ab".repeat(32))).toBe(true);
    expect(secret.take("ab".repeat(32))).toBe(false);
    await secret.keep();
    expect(await readFile(file, "utf8")).toBe(`${"ab".repeat(32)}\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it.each([["too short"], ["zz".repeat(32)], [""], [7], [undefined]])("refuses %j from a registry", async (hex) => {
    const secret = await SplitSecret.open(file);
    const before = Buffer.from(secret.bytes);
    expect(() => secret.take(hex)).toThrow(expect.objectContaining({ code: "SLUICE-E2018" }));
    expect(before.equals(secret.bytes)).toBe(true);
  });

  it("refuses to start with a file that holds something else, and tells of one that others can read", async () => {
    await writeFile(file, "secret\n");
    await expect(SplitSecret.open(file)).rejects.toThrow("does not hold 64 hex digits");
    await writeFile(file, `${"ab".repeat(32)}\n`);
    await chmod(file, 0o644);
    expect((await SplitSecret.open(file)).isExposed).toBe(true);
  });
});
