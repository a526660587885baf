// The whole registry as one tar archive, taken while it works: a copy of the tables as of one moment, and every blob that
// this copy names. The plain tokens are not in it, only their hashes.
//
//   backup.json                     what this is
//   tokens.json                     names, roles and hashes
//   registry/registry.db            the tables
//   registry/oci/blobs/sha256/HEX   the blobs, each under its own digest

import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Readable } from "node:stream";
import { create } from "tar";
import { BACKUP_PREFIX } from "../store/store.ts";
import type { Store } from "../store/store.ts";

export const BACKUP_VERSION = 1;
/** What the archive holds besides blobs. */
export const BACKUP_FILES = ["backup.json", "tokens.json", "registry/registry.db"] as const;
export const BLOB_FOLDER = "registry/oci/blobs/sha256";

/** The archive as a stream. What it is made of lies in a folder beside the store until the stream has ended. */
export async function backUp(store: Store, stateDir: string): Promise<Readable> {
  const folder = await mkdtemp(join(stateDir, "registry", BACKUP_PREFIX));
  try {
    await gather(store, stateDir, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const stream = Readable.from(archive(folder), { objectMode: false });
  // At its close and not at the generator's end: a generator that nobody began to read has none.
  stream.once("close", () => void rm(folder, { recursive: true, force: true }));
  return stream;
}

async function* archive(folder: string): AsyncGenerator<Buffer> {
  const tar = create({ cwd: folder, portable: true }, [...BACKUP_FILES, BLOB_FOLDER]);
  for await (const chunk of tar) yield chunk as Buffer;
}

/** Blobs are linked, not copied: that is done at once, and a version deleted meanwhile stays whole in the backup. */
async function gather(store: Store, stateDir: string, folder: string): Promise<void> {
  await mkdir(join(folder, BLOB_FOLDER), { recursive: true, mode: 0o700 });
  const tables = join(folder, "registry", "registry.db");
  await store.withBlobs(async () => {
    await store.copyTables(tables);
    for (const digest of blobsNamedIn(tables)) {
      await store.blobs.link(digest, join(folder, BLOB_FOLDER, digest.slice("sha256:".length)));
    }
  });
  await copyFile(join(stateDir, "tokens.json"), join(folder, "tokens.json"));
  const about = { apiVersion: "sluice/v1", kind: "Backup", version: BACKUP_VERSION, when: new Date().toISOString() };
  await writeFile(join(folder, "backup.json"), JSON.stringify(about));
}

/** Digests of the blobs that the tables in a file name. */
export function blobsNamedIn(file: string): string[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const rows = database.prepare("SELECT DISTINCT digest FROM version_blobs").all();
    return rows.map((row) => row["digest"] as string);
  } finally {
    database.close();
  }
}
