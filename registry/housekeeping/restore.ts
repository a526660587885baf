// A registry's state folder from a backup: unpacked aside, looked through, and only then put in its place. The archive is
// a door: nothing but the names a backup has leaves it, and every blob must hash to its name.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline } from "node:stream/promises";
import { SluiceError } from "@sluice/abi";
import { extract } from "tar";
import type { ReadEntry } from "tar";
import { REGISTRY_ERRORS } from "../errors.ts";
import { openDatabase } from "../store/database.ts";
import { BACKUP_FILES, BACKUP_VERSION, BLOB_FOLDER, blobsNamedIn } from "./backup.ts";

export interface Restored {
  /** When the backup was taken. */
  readonly when: string;
  readonly blobs: number;
  readonly deployments: number;
}

/** Makes `stateDir` from the archive. Throws SLUICE-E3070 or E3071; nothing is in place then. */
export async function restoreBackup(file: string, stateDir: string): Promise<Restored> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  for (const name of ["registry", "tokens.json"]) await refuseExisting(join(stateDir, name));
  const aside = await mkdtemp(join(stateDir, ".restoring-"));
  try {
    await unpack(file, aside);
    const restored = await inspectBackup(aside);
    await rename(join(aside, "tokens.json"), join(stateDir, "tokens.json"));
    // Last: without it there is no registry, and the next try may start anew.
    await rename(join(aside, "registry"), join(stateDir, "registry"));
    return restored;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function refuseExisting(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw new SluiceError(REGISTRY_ERRORS.restoreNotEmpty, `${path} is there already`);
}

async function unpack(file: string, folder: string): Promise<void> {
  const foreign: string[] = [];
  // A filter must not throw: it is called where nobody would catch it. What it refuses is not unpacked.
  const filter = (path: string, entry: object): boolean => {
    const isOurs = isOfBackup(path, (entry as ReadEntry).type);
    if (!isOurs) foreign.push(path);
    return isOurs;
  };
  try {
    await extract({ file, cwd: folder, strict: true, preserveOwner: false, filter });
  } catch (error) {
    throw damaged(`${file} cannot be unpacked: ${(error as Error).message}`, error);
  }
  if (foreign.length > 0) throw damaged(`the archive holds ${JSON.stringify(foreign[0]!.slice(0, 200))}`);
}

function isOfBackup(path: string, type: ReadEntry["type"]): boolean {
  if (type === "File") return (BACKUP_FILES as readonly string[]).includes(path) || BLOB_PATH.test(path);
  return type === "Directory" && `${BLOB_FOLDER}/`.startsWith(path.replace(/\/?$/, "/"));
}

const BLOB_PATH = new RegExp(`^${BLOB_FOLDER}/[0-9a-f]{64}$`);

/** Every file is there, every blob is what its name says, the tables are sound and name no blob that is missing. */
async function inspectBackup(folder: string): Promise<Restored> {
  for (const name of BACKUP_FILES) {
    const found = await stat(join(folder, name)).catch(() => null);
    if (found === null) throw damaged(`the archive has no ${name}`);
    await chmod(join(folder, name), 0o600);
  }
  const when = aboutBackup(await readFile(join(folder, "backup.json"), "utf8"));
  const blobs = await checkBlobs(join(folder, BLOB_FOLDER));
  const deployments = checkTables(join(folder, "registry"), blobs);
  return { when, blobs: blobs.size, deployments };
}

function aboutBackup(text: string): string {
  const about = parsed(text) as { kind?: unknown; version?: unknown; when?: unknown } | null;
  if (about?.kind !== "Backup" || about.version !== BACKUP_VERSION || typeof about.when !== "string")
    throw damaged(`backup.json does not say kind Backup, version ${BACKUP_VERSION}`);
  return about.when;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

async function checkBlobs(folder: string): Promise<ReadonlySet<string>> {
  const names = await readdir(folder);
  for (const name of names) {
    const hash = createHash("sha256");
    await pipeline(createReadStream(join(folder, name)), hash);
    if (hash.digest("hex") !== name) throw damaged(`blob ${name} is not what its name says`);
  }
  return new Set(names.map((name) => `sha256:${name}`));
}

function checkTables(folder: string, blobs: ReadonlySet<string>): number {
  try {
    const file = join(folder, "registry.db");
    refuseUnsound(file);
    // Brings tables of an older registry up to date; refuses those of a newer one.
    openDatabase(folder).close();
    const missing = blobsNamedIn(file).filter((digest) => !blobs.has(digest));
    if (missing.length > 0) throw damaged(`blob ${missing[0]} is missing, with ${missing.length - 1} more`);
    return countDeployments(file);
  } catch (error) {
    if (error instanceof SluiceError && error.code === REGISTRY_ERRORS.backupDamaged.code) throw error;
    throw damaged(`its tables cannot be used: ${(error as Error).message}`, error);
  }
}

function refuseUnsound(file: string): void {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const { integrity_check: verdict } = database.prepare("PRAGMA integrity_check(1)").get() as Record<string, string>;
    if (verdict !== "ok") throw damaged(`its tables are damaged: ${verdict}`);
  } finally {
    database.close();
  }
}

function countDeployments(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return (database.prepare("SELECT count(*) AS n FROM deployments").get() as { n: number }).n;
  } finally {
    database.close();
  }
}

function damaged(what: string, cause?: unknown): SluiceError {
  return new SluiceError(REGISTRY_ERRORS.backupDamaged, `The backup was not restored: ${what}`, { cause });
}
