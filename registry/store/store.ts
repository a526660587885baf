// The registry's state as one thing: tables in SQLite (the truth) and blobs in an OCI layout beside them.

import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { backup } from "node:sqlite";
import type { DatabaseSync } from "node:sqlite";
import type { Logger } from "pino";
import { Semaphore } from "../semaphore.ts";
import { BlobStore } from "./blob-store.ts";
import { openDatabase } from "./database.ts";
import { DeploymentTable } from "./deployment-table.ts";
import { OverrideTable } from "./override-table.ts";
import { ProxyTable } from "./proxy-table.ts";
import { VersionTable } from "./version-table.ts";

export class Store {
  readonly blobs: BlobStore;
  readonly versions: VersionTable;
  readonly deployments: DeploymentTable;
  readonly proxies: ProxyTable;
  readonly overrides: OverrideTable;
  /** Of splits: 32 random bytes as hex, the same for every proxy, never part of a document. */
  readonly splitSecret: string;
  readonly #database: DatabaseSync;
  readonly #log: Logger;
  readonly #blobWork = new Semaphore(1);

  private constructor(database: DatabaseSync, blobs: BlobStore, log: Logger) {
    this.#database = database;
    this.#log = log;
    this.blobs = blobs;
    this.versions = new VersionTable(database);
    this.deployments = new DeploymentTable(database);
    this.proxies = new ProxyTable(database);
    this.overrides = new OverrideTable(database);
    this.splitSecret = ensureFact(database, "splitSecret", () => randomBytes(32).toString("hex"));
  }

  /** Opens the store and clears away what an interrupted push left behind. */
  static async open(stateDir: string, log: Logger): Promise<Store> {
    const folder = join(stateDir, "registry");
    const database = openDatabase(folder);
    await removeUnfinishedBackups(folder);
    try {
      const store = new Store(database, await BlobStore.open(join(folder, "oci")), log);
      await store.#settle();
      return store;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  close(): void {
    this.#database.close();
  }

  /**
   * Work that needs blobs and rows to agree from its start to its end runs one after the other: a push that finds a blob
   * in place must not have it deleted before its row stands.
   */
  withBlobs<T>(work: () => Promise<T>): Promise<T> {
    return this.#blobWork.run(work);
  }

  /** Removes blobs that no row names any more. Within `withBlobs` only. Returns the number of files. */
  sweepBlobs(): Promise<number> {
    const named = this.versions.blobDigests();
    return this.blobs.sweep((digest) => named.has(digest));
  }

  /** Copies the tables as they are now into a new file, while writes go on. */
  async copyTables(file: string): Promise<void> {
    await backup(this.#database, file);
  }

  /** Brings index.json up to what the tables say. It is derived, so failing at it undoes nothing that was stored. */
  async renewIndex(): Promise<void> {
    try {
      await this.blobs.writeIndex(this.versions.indexEntries());
    } catch (error) {
      this.#log.error({ err: error }, "index.json could not be written; it is made anew at the next push or start");
    }
  }

  async #settle(): Promise<void> {
    const swept = await this.sweepBlobs();
    const named = this.versions.blobDigests();
    if (swept > 0) this.#log.info({ files: swept }, "removed what an interrupted push left behind");
    const lost = [...named].filter((digest) => !this.blobs.has(digest));
    if (lost.length > 0)
      this.#log.error({ blobs: lost }, "blobs are missing on disk: proxies cannot fetch the versions that need them");
    await this.renewIndex();
  }
}

/** What a backup is made of lies in such a folder until it is sent; a crash leaves it. */
export const BACKUP_PREFIX = ".backup-";

async function removeUnfinishedBackups(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => name.startsWith(BACKUP_PREFIX));
  for (const name of left) await rm(join(folder, name), { recursive: true, force: true });
}

function ensureFact(database: DatabaseSync, name: string, make: () => string): string {
  database.prepare("INSERT OR IGNORE INTO facts (name, value) VALUES (?, ?)").run(name, make());
  return (database.prepare("SELECT value FROM facts WHERE name = ?").get(name) as { value: string }).value;
}
