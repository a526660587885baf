// Blobs on disk by digest. What is read is hashed again: a file that was changed or cut off counts as absent.

import { createHash } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../contract/index.ts";
import { CACHE_BYTES_MAX } from "./limits.ts";

export interface BlobCacheOptions {
  readonly bytesMax?: number;
  /** Blobs that must stay whatever their age: what serves now, and what the proxy may have to go back to. */
  readonly roots?: () => Promise<ReadonlySet<Digest>>;
}

export class BlobCache {
  private readonly folder: string;
  private readonly bytesMax: number;
  private readonly roots: () => Promise<ReadonlySet<Digest>>;
  /** When this process used a file last, by its own count; files it has not used are older than all of these. */
  private readonly usedAt = new Map<string, number>();
  private uses = 0;

  constructor(folder: string, { bytesMax = CACHE_BYTES_MAX, roots = noRoots }: BlobCacheOptions = {}) {
    this.folder = folder;
    this.bytesMax = bytesMax;
    this.roots = roots;
  }

  /** The blob's bytes, null when the cache does not have them whole. */
  async read(digest: Digest): Promise<Uint8Array | null> {
    try {
      const bytes = await readFile(this.file(digest));
      this.usedAt.set(this.file(digest), ++this.uses);
      return digestOf(bytes) === digest ? bytes : null;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  /** Keeps a blob whose digest was checked. After a crash it is there whole or not at all. */
  async write(digest: Digest, bytes: Uint8Array): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await writeWhole(this.file(digest), bytes);
    this.usedAt.set(this.file(digest), ++this.uses);
    await this.trim();
  }

  /** Drops what was used longest ago and is no root, until the rest fits. */
  private async trim(): Promise<void> {
    const names = await readdir(this.folder);
    const files = await Promise.all(
      names.map(async (name) => ({ file: join(this.folder, name), ...(await sizeAndAge(join(this.folder, name))) })),
    );
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    if (bytes <= this.bytesMax) return;
    const roots = new Set([...(await this.roots())].map((digest) => this.file(digest)));
    const oldestFirst = files
      .filter(({ file }) => !roots.has(file))
      .sort((a, b) => this.lastUse(a.file) - this.lastUse(b.file) || a.writtenMs - b.writtenMs);
    for (const { file, size } of oldestFirst) {
      if (bytes <= this.bytesMax) return;
      await rm(file, { force: true });
      this.usedAt.delete(file);
      bytes -= size;
    }
  }

  private lastUse(file: string): number {
    return this.usedAt.get(file) ?? 0;
  }

  private file(digest: Digest): string {
    return join(this.folder, digest.replace(":", "-"));
  }
}

async function noRoots(): Promise<ReadonlySet<Digest>> {
  return new Set();
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

async function sizeAndAge(file: string): Promise<{ size: number; writtenMs: number }> {
  const found = await stat(file).catch(() => null); // another proxy of the same folder may have dropped it
  return { size: found?.size ?? 0, writtenMs: found?.mtimeMs ?? 0 };
}

let written = 0;

/** Writes a file so that a crash leaves the old one or the new one. */
export async function writeWhole(file: string, bytes: Uint8Array | string): Promise<void> {
  const aside = `${file}.${process.pid}.${++written}`;
  try {
    const handle = await open(aside, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}
