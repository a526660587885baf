// Blobs on disk by digest. What is read is hashed again: a file that was changed or cut off counts as absent.

import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Digest } from "../contract/index.ts";

export class BlobCache {
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The blob's bytes, null when the cache does not have them whole. */
  async read(digest: Digest): Promise<Uint8Array | null> {
    try {
      const bytes = await readFile(this.file(digest));
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
  }

  private file(digest: Digest): string {
    return join(this.folder, digest.replace(":", "-"));
  }
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
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
