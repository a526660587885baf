// The registry's truth: one SQLite file. Opened for this process alone, every commit on disk before it is answered.

import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { SluiceError } from "@sluice/abi";
import { REGISTRY_ERRORS } from "../errors.ts";

/** Opens or makes the store in `folder`. Throws SLUICE-E3011, E3012 or E3013. */
export function openDatabase(folder: string): DatabaseSync {
  const file = join(folder, "registry.db");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: true });
    try {
      // It holds the split secret. The log beside it takes over this mode.
      chmodSync(file, 0o600);
      configure(database);
      migrate(database, file);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  } catch (error) {
    throw asStoreError(error, file);
  }
}

/** Runs `work` as one transaction: all of it is stored, or nothing. */
export function transact<T>(database: DatabaseSync, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Exclusive locking is how a second registry on the same folder is noticed; the lock falls with the process. */
function configure(database: DatabaseSync): void {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = FULL");
}

/** Each entry lifts the schema by one version; entries are only ever appended. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

   CREATE TABLE versions (
     digest TEXT PRIMARY KEY,          -- of the OCI manifest
     filter TEXT NOT NULL,
     module_digest TEXT NOT NULL,
     document TEXT NOT NULL,           -- the filter document as JSON
     document_from TEXT NOT NULL,      -- upload | default | the digest of the version it was taken from
     proof TEXT NOT NULL,              -- JSON
     size INTEGER NOT NULL,            -- bytes of the module
     pushed_at TEXT NOT NULL,
     pushed_by TEXT NOT NULL,
     push_number INTEGER NOT NULL      -- of the latest push of this version; the greatest is the filter's newest
   ) STRICT;
   CREATE INDEX versions_of_filter ON versions (filter, push_number);

   CREATE TABLE version_blobs (
     version TEXT NOT NULL REFERENCES versions (digest),
     digest TEXT NOT NULL,
     media_type TEXT NOT NULL,
     size INTEGER NOT NULL,
     PRIMARY KEY (version, digest)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX versions_of_blob ON version_blobs (digest);

   CREATE TABLE tags (
     filter TEXT NOT NULL,
     tag TEXT NOT NULL,
     version TEXT NOT NULL REFERENCES versions (digest),
     moved_at TEXT NOT NULL,
     moved_by TEXT NOT NULL,
     PRIMARY KEY (filter, tag)
   ) STRICT, WITHOUT ROWID;

   CREATE TABLE deployments (
     number INTEGER PRIMARY KEY AUTOINCREMENT,   -- one sequence over all names, never reused
     name TEXT NOT NULL,
     document TEXT NOT NULL
   ) STRICT;
   CREATE INDEX deployments_of_name ON deployments (name, number);

   CREATE TABLE proxies (
     id TEXT PRIMARY KEY,
     labels TEXT NOT NULL,             -- JSON
     status TEXT,                      -- JSON, null before the first report
     last_seen TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,

  `CREATE TABLE retired_deployments (  -- names no longer in charge of anything; a later number takes the name up again
     name TEXT PRIMARY KEY,
     number INTEGER NOT NULL,          -- the name's last number
     who TEXT NOT NULL,
     at TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,

  `CREATE TABLE override_events (      -- what operators did to single proxies
     place INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,          -- given by the proxy, which reports until it was told that we have it
     deployment TEXT NOT NULL,
     number INTEGER NOT NULL,          -- of the deployment in charge of the proxy then
     happened_at TEXT NOT NULL,        -- by the proxy's clock
     event TEXT NOT NULL               -- JSON
   ) STRICT;
   CREATE INDEX override_events_of_deployment ON override_events (deployment, number);`,
];

function migrate(database: DatabaseSync, file: string): void {
  const { user_version: version } = database.prepare("PRAGMA user_version").get() as { user_version: number };
  if (version > MIGRATIONS.length) {
    throw new SluiceError(
      REGISTRY_ERRORS.storeTooNew,
      `${file} has schema version ${version}, this registry knows ${MIGRATIONS.length}`,
    );
  }
  for (let next = version; next < MIGRATIONS.length; next += 1) {
    transact(database, () => {
      database.exec(MIGRATIONS[next]!);
      database.exec(`PRAGMA user_version = ${next + 1}`);
    });
  }
}

function asStoreError(error: unknown, file: string): SluiceError {
  if (error instanceof SluiceError) return error;
  const cause = error as Error & { errcode?: number };
  const isLocked = cause.errcode === SQLITE_BUSY || /database is locked/.test(cause.message);
  const row = isLocked ? REGISTRY_ERRORS.stateInUse : REGISTRY_ERRORS.storeUnusable;
  return new SluiceError(row, `cannot open ${file}: ${cause.message}`, { cause });
}

const SQLITE_BUSY = 5;
