// Blobs on disk by digest. What is read is hashed again: a file that was changed or cut off counts as absent.

import { createHash } from "node:crypto";
import { mkdir, open, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../contract/index.ts";
import { CACHE_BYTES_MAX } from "./limits.ts";

export class BlobCache {
  private readonly folder: string;
  private readonly bytesMax: number;
  /** Files this process has used: what serves is among them, so they are never dropped. */
  private readonly used = new Set<string>();

  constructor(folder: string, bytesMax = CACHE_BYTES_MAX) {
    this.folder = folder;
    this.bytesMax = bytesMax;
  }

  /** The blob's bytes, null when the cache does not have them whole. */
  async read(digest: Digest): Promise<Uint8Array | null> {
    try {
      const bytes = await readFile(this.file(digest));
      this.used.add(this.file(digest));
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
    this.used.add(this.file(digest));
    await this.trim();
  }

  /** Drops the oldest files that this process has not used, until the rest fits. */
  private async trim(): Promise<void> {
    const names = await readdir(this.folder);
    const files = await Promise.all(
      names.map(async (name) => ({ file: join(this.folder, name), ...(await sizeAndAge(join(this.folder, name))) })),
    );
    let bytes = files.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of files
      .filter((one) => !this.used.has(one.file))
      .sort((a, b) => a.writtenMs - b.writtenMs)) {
      if (bytes <= this.bytesMax) return;
      await rm(file, { force: true });
      bytes -= size;
    }
  }

  private file(digest: Digest): string {
    return join(this.folder, digest.replace(":", "-"));
  }
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
