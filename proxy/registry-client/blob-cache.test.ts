import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BlobCache, digestOf } from "./blob-cache.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-cache-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("BlobCache", () => {
  const bytes = Buffer.from("module");

  it("gives back what it was given, and leaves nothing else in its folder", async () => {
    const cache = new BlobCache(folder);
    expect(await cache.read(digestOf(bytes))).toBeNull();
    await cache.write(digestOf(bytes), bytes);
    expect(await cache.read(digestOf(bytes))).toEqual(bytes);
    expect(await readdir(folder)).toHaveLength(1);
  });

  it("drops the oldest files of earlier runs when it is full, and none of its own", async () => {
    const old = Buffer.from("old one");
    await new BlobCache(folder).write(digestOf(old), old);
    const cache = new BlobCache(folder, 10);
    await cache.write(digestOf(bytes), bytes);
    const other = Buffer.from("other");
    await cache.write(digestOf(other), other);
    expect(await cache.read(digestOf(old))).toBeNull();
    expect(await cache.read(digestOf(bytes))).toEqual(bytes);
    expect(await cache.read(digestOf(other))).toEqual(other);
  });

  it("takes a file that was changed or cut off for absent", async () => {
    const cache = new BlobCache(folder);
    await cache.write(digestOf(bytes), bytes);
    const [file] = await readdir(folder);
    await writeFile(join(folder, file!), "modul");
    expect(await cache.read(digestOf(bytes))).toBeNull();
  });
});
