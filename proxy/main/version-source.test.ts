import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MEDIA_TYPE, sha256 } from "../contract/index.ts";
import type { Digest } from "../contract/index.ts";
import { BlobCache } from "../registry-client/blob-cache.ts";
import { CachedVersions, blobsOfVersions } from "./version-source.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-versions-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const module = new TextEncoder().encode("module");
const document = new TextEncoder().encode("apiVersion: sluice/v1\nkind: Filter\nname: gate\n");
const manifest = new TextEncoder().encode(
  JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: MEDIA_TYPE.filter, digest: sha256(document), size: 1 },
    layers: [{ mediaType: MEDIA_TYPE.wasmModule, digest: sha256(module), size: 1 }],
  }),
);
const version = sha256(manifest);
const blobs = new Map([module, document, manifest].map((bytes) => [sha256(bytes), bytes]));

const notKept: { digest: Digest; message: string }[] = [];
beforeEach(() => void (notKept.length = 0));

function versionsFrom(fetch: ((digest: Digest) => Promise<Uint8Array>) | null, cacheFolder = folder): CachedVersions {
  return new CachedVersions(new BlobCache(cacheFolder), {
    fetch,
    notKept: (digest, { message }) => void notKept.push({ digest, message }),
  });
}

describe("CachedVersions", () => {
  it("fetches a blob once, also when an announcement and a deployment ask at the same time", async () => {
    const fetched: Digest[] = [];
    const versions = versionsFrom(async (digest) => {
      fetched.push(digest);
      return blobs.get(digest)!;
    });
    const [one, two] = await Promise.all([
      versions.version({ filter: "", version }),
      versions.version({ filter: "gate", version }),
    ]);
    expect(one).toEqual(two);
    expect(one).toMatchObject({ version, document: { name: "gate" } });
    await versions.version({ filter: "gate", version });
    expect(fetched.toSorted()).toEqual([...blobs.keys()].toSorted());
  });

  it("asks again for what could not be fetched", async () => {
    let isUp = false;
    const versions = versionsFrom(async (digest) => {
      if (!isUp) throw new Error("away");
      return blobs.get(digest)!;
    });
    await expect(versions.version({ filter: "gate", version })).rejects.toThrow("away");
    isUp = true;
    expect((await versions.version({ filter: "gate", version })).module).toEqual(module);
  });

  it("serves what cannot be kept, and says so: a full disk is no reason to refuse a deployment", async () => {
    // A link to nowhere stands for a disk without room: nothing is there, and nothing can be made.
    const noRoom = join(folder, "cache");
    symlinkSync(join(folder, "nowhere", "at", "all"), noRoom);
    const full = versionsFrom(async (digest) => blobs.get(digest)!, noRoom);
    expect((await full.version({ filter: "gate", version })).module).toEqual(module);
    expect(notKept.map(({ digest }) => digest).toSorted()).toEqual([...blobs.keys()].toSorted());
  });
});

describe("blobsOfVersions", () => {
  it("names manifest, document and module of versions in the cache, and nothing for others", async () => {
    await versionsFrom(async (digest) => blobs.get(digest)!).version({ filter: "gate", version });
    const found = await blobsOfVersions(new BlobCache(folder), [version, sha256("another")]);
    expect([...found].toSorted()).toEqual([...blobs.keys()].toSorted());
  });
});
