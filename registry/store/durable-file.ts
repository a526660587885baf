// A file that is either wholly there after a crash or not at all: temporary file, fsync, rename, fsync of the folder.

import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Names of unfinished files; what a crash leaves of them is removed at the next start. */
export const UNFINISHED_PREFIX = ".unfinished-";

export async function writeFileDurably(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await placeFile(path, content, mode);
  await syncFolder(dirname(path));
}

/** All but the last step, for callers that place several files in one folder: `syncFolder` makes them last. */
export async function placeFile(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `${UNFINISHED_PREFIX}${basename(path)}-${randomUUID()}`);
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A rename is only on disk once its folder is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
