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

  describe("when it is full", () => {
    const [old, other] = [Buffer.from("old one"), Buffer.from("other")];

    it("drops what was used longest ago, files of earlier runs first", async () => {
      await new BlobCache(folder).write(digestOf(old), old);
      const cache = new BlobCache(folder, { bytesMax: 11 });
      await cache.write(digestOf(bytes), bytes);
      expect(await cache.read(digestOf(old))).toBeNull();
      await cache.write(digestOf(other), other);
      expect(await cache.read(digestOf(bytes))).toEqual(bytes);
      expect(await cache.read(digestOf(other))).toEqual(other);
      await cache.read(digestOf(bytes));
      const third = Buffer.from("3rd");
      await cache.write(digestOf(third), third);
      expect(await cache.read(digestOf(other))).toBeNull();
      expect(await cache.read(digestOf(bytes))).toEqual(bytes);
    });

    it("keeps roots however old they are", async () => {
      await new BlobCache(folder).write(digestOf(old), old);
      const cache = new BlobCache(folder, { bytesMax: 10, roots: async () => new Set([digestOf(old)]) });
      await cache.write(digestOf(bytes), bytes);
      await cache.write(digestOf(other), other);
      expect(await cache.read(digestOf(old))).toEqual(old);
      expect(await cache.read(digestOf(bytes))).toBeNull();
    });

    it("stays within its bound over many versions, although this process has used them all", async () => {
      const cache = new BlobCache(folder, { bytesMax: 1_000 });
      for (let version = 0; version < 50; version += 1) {
        const blob = Buffer.alloc(100, version);
        await cache.write(digestOf(blob), blob);
      }
      expect(await readdir(folder)).toHaveLength(10);
    });
  });

  it("takes a file that was changed or cut off for absent", async () => {
    const cache = new BlobCache(folder);
    await cache.write(digestOf(bytes), bytes);
    const [file] = await readdir(folder);
    await writeFile(join(folder, file!), "modul");
    expect(await cache.read(digestOf(bytes))).toBeNull();
  });
});
